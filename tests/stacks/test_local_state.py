import json

import pytest
import yaml

from twinloop.clouds import stack_file
from twinloop.engine.passphrase import Crypter
from twinloop.problems import NotSupported
from twinloop.stacks.local_state import PLACEHOLDER, config_file, configuration, passphrase


def secret_stack(checkout):
    crypter = Crypter.fresh("team", "dev")
    content = {
        "secretsprovider": "azurekeyvault://team.vault.azure.net/keys/k",
        "encryptionsalt": crypter.salt_line,
        "config": {
            "azure-native:location": "westeurope",
            "shop:token": {"secure": crypter.seal("opensesame")},
            "shop:all": {"deep": [{"secure": crypter.seal("hidden")}], "open": 1},
        },
    }
    (checkout.root / "Pulumi.dev.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    return stack_file.read(checkout.root, "dev")


def test_a_passphrase_is_made_once_for_its_owner_only(checkout):
    first = passphrase(checkout.home)
    assert passphrase(checkout.home) == first
    assert checkout.home.passphrase.stat().st_mode & 0o077 == 0


def test_a_secret_that_stays_closed_becomes_a_listed_placeholder(checkout):
    given = configuration(secret_stack(checkout))
    assert given.values["shop:token"] == PLACEHOLDER
    assert given.placeholders == ("shop:token", "shop:all.deep[0]")
    assert given.secret_keys == {"shop:token", "shop:all"}


def test_with_the_teams_passphrase_secrets_are_opened(checkout, monkeypatch):
    file = secret_stack(checkout)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "team")
    given = configuration(file)
    assert given.values["shop:token"] == "opensesame"
    assert json.loads(given.values["shop:all"]) == {"deep": ["hidden"], "open": 1}
    assert given.placeholders == ()


def test_a_wrong_passphrase_opens_nothing_and_breaks_nothing(checkout, monkeypatch):
    file = secret_stack(checkout)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "wrong")
    assert configuration(file).placeholders == ("shop:token", "shop:all.deep[0]")


def test_the_generated_file_has_a_salt_of_its_own_and_no_provider_of_secrets(checkout, monkeypatch):
    file = secret_stack(checkout)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "team")
    before = file.path.read_text()
    path = config_file(checkout.home, file, checkout.home.state / "none.json")
    made = yaml.safe_load(path.read_text())
    assert "secretsprovider" not in made
    assert made["encryptionsalt"] != file.salt
    sealed = Crypter(passphrase(checkout.home), made["encryptionsalt"], "dev")
    assert sealed.open(made["config"]["shop:token"]["secure"]) == "opensesame"
    assert "opensesame" not in path.read_text()
    assert file.path.read_text() == before


def test_the_generated_files_salt_stays(checkout, monkeypatch):
    file = secret_stack(checkout)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "team")
    salts = {
        yaml.safe_load(config_file(checkout.home, file, checkout.home.state).read_text())["encryptionsalt"]
        for _ in range(2)
    }
    assert len(salts) == 1


def test_an_esc_environment_is_refused_by_name(checkout):
    (checkout.root / "Pulumi.dev.yaml").write_text("environment: [acme/prod]\nconfig: {}\n")
    with pytest.raises(NotSupported) as refused:
        configuration(stack_file.read(checkout.root, "dev"))
    assert refused.value.given == "acme/prod"


def test_configuration_of_the_whole_project_is_refused_by_name(checkout):
    project = checkout.root / "Pulumi.yaml"
    project.write_text(project.read_text() + "config:\n  size: 3\n")
    with pytest.raises(NotSupported) as refused:
        configuration(stack_file.read(checkout.root, "dev"))
    assert refused.value.given == "size"
