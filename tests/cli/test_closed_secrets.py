import json

import pytest

from twinloop.engine.passphrase import Crypter

PROGRAM = """
import pulumi
from pulumi_azure_native import resources

word = pulumi.Config().require_secret("word")
resources.ResourceGroup("group", resource_group_name="rg-demo", tags={"word": word})
pulumi.export("word", word)
"""
PASSPHRASE = "the team's own"


@pytest.fixture
def sealed(checkout):
    """A stack file whose secret was encrypted with the team's passphrase."""
    crypter = Crypter.fresh(PASSPHRASE, "dev")
    checkout.program(PROGRAM)
    path = checkout.stack("dev", word={"secure": crypter.seal("hush-hush")})
    content = json.loads(path.read_text()) | {"encryptionsalt": crypter.salt_line}
    path.write_text(json.dumps(content))
    return path.read_text()


@pytest.mark.parametrize("command", ["preview", "up"])
def test_a_secret_that_cannot_be_decrypted_is_listed_and_a_placeholder_stands_in(
    run, checkout, sealed, command
):
    ran = run(command, "-s", "dev")
    assert ran.code == 0, ran.err
    assert "placeholders stand in for 1 secret(s) of Pulumi.dev.yaml" in ran.words
    assert "twinloop-tests:word" in ran.words
    assert "PULUMI_CONFIG_PASSPHRASE" in ran.words
    assert run(command, "-s", "dev", "--json").json["result"]["placeholders"] == ["twinloop-tests:word"]


def test_the_placeholder_is_a_secret_of_the_twin_and_the_teams_file_stays_as_it_is(run, checkout, sealed):
    run("up", "-s", "dev")
    shown = run("stack", "output", "word", "-s", "dev", "--show-secrets").out.strip()
    assert shown == "placeholder-on-the-twin"
    assert run("stack", "output", "word", "-s", "dev").out == "[secret]\n"
    assert (checkout.root / "Pulumi.dev.yaml").read_text() == sealed


def test_with_the_teams_passphrase_the_real_secret_is_used(run, checkout, sealed, monkeypatch):
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", PASSPHRASE)
    ran = run("up", "-s", "dev", "--json")
    assert ran.json["result"]["placeholders"] == []
    assert run("stack", "output", "word", "-s", "dev", "--show-secrets").out == "hush-hush\n"


def test_a_stack_without_secrets_has_no_word_of_placeholders(run, checkout):
    ran = run("preview", "-s", "dev")
    assert "placeholder" not in ran.err
