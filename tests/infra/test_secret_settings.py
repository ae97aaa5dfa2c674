"""`pulumi config set --secret` works for every key, opened or not."""

import json
import re
import shutil
from functools import cache

import pytest
import yaml

from infra.settings import EnvironmentSettings, SharedSettings
from infra.stackfile.files import closed, load, placeholders, read
from infra.stackfile.lines import steps_of
from infra.stackfile.refusals import SettingsError
from infra.stackfile.secret_keys import HANDED_ON, READABLE
from infra.stackfile.secret_settings import leaves, secrets_of, why_readable
from tests.infra.conftest import ROOT, STACKS
from tests.infra.every_key import CONFIGS, every_leaf
from tests.infra.secret_places import places, sealed
from tests.infra.test_config_set import keys_of, on_file

DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # the one in C, where it is there


def copied(folder):
    for stack in STACKS:
        shutil.copy(ROOT / f"Pulumi.{stack}.yaml", folder)
    return folder


@pytest.fixture
def checkout(tmp_path):
    return copied(tmp_path)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """A checkout for tests that write one file of it, each the same one again and again."""
    return copied(tmp_path_factory.mktemp("shipped"))


@cache
def in_clear(name):
    return read(CONFIGS[name], source=name, stack=name)


def by_itself(config):
    """Keys of single values."""
    return [key for key, value in every_leaf(config) if value not in ([], {})]


def as_a_whole(config):
    """Keys of the first level, whatever is below them."""
    return list(config)


def sections():
    """Every key that there is, once, by configuration and section: one by one in each."""
    found = {}
    for name, key in places():
        found.setdefault((name, str(steps_of(key)[0])), []).append(key)
    return [pytest.param(name, keys, id=f"{name}-{section}") for (name, section), keys in found.items()]


def written(checkout, name, keys, mark="v1:closed:"):
    texts = {}

    def seal(text):
        texts[f"{mark}{len(texts)}"] = text
        return f"{mark}{len(texts) - 1}"

    path = checkout / f"Pulumi.{name}.yaml"
    path.write_text(yaml.dump({"config": sealed(CONFIGS[name], keys, seal)}, Dumper=DUMPER))
    return path, texts


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("keys", [by_itself, as_a_whole])
def test_every_key_may_be_a_secret_that_is_opened(name, keys, checkout):
    path, texts = written(checkout, name, keys(CONFIGS[name]))
    assert load(path, texts) == in_clear(name)
    assert closed(path, texts) == ()
    assert set(closed(path)) == set(keys(CONFIGS[name]))


@pytest.mark.parametrize(("name", "keys"), sections())
def test_every_key_may_be_a_secret_that_stays_closed(name, keys, shipped):
    refused = {}
    for key in keys:
        path, _ = written(shipped, name, [key])
        try:
            load(path)  # every rule holds for what stands in
        except SettingsError as error:
            refused[key] = str(error)
        if name in STACKS:
            shutil.copy(ROOT / path.name, path)
        else:
            path.unlink()
    assert refused == {}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_placeholder_is_the_same_whatever_the_ciphertext(name, checkout):
    keys = [key for key, _ in every_leaf(CONFIGS[name]) if is_handed_on(key)]
    path, _ = written(checkout, name, keys)
    first = list(placeholders(path, {}).values())
    path, _ = written(checkout, name, keys, mark="v1:sealed-again:")
    assert list(placeholders(path, {}).values()) == first


@pytest.mark.parametrize("name", CONFIGS)
def test_all_texts_that_are_handed_on_may_be_closed_at_once(name, checkout):
    keys = [key for key, _ in every_leaf(CONFIGS[name]) if is_handed_on(key)]
    path, _ = written(checkout, name, keys)
    load(path)
    assert set(closed(path)) == set(keys)


def is_handed_on(key):
    own = re.sub(r"\[\d+\]", "[]", key.removeprefix("twinloop:"))
    return re.sub(r"^tags\..*", "tags.*", own) in HANDED_ON


def test_every_text_of_the_settings_is_either_handed_on_or_known_to_be_readable():
    names = {
        key.removeprefix(".") for model in (EnvironmentSettings, SharedSettings) for key in keys_of(model, "")
    }
    assert not READABLE.keys() & HANDED_ON
    assert (READABLE.keys() | HANDED_ON) <= names
    found = {}
    for config in CONFIGS.values():
        for _, pattern, annotation, value in leaves(read(config, source="s", stack="s")):
            if value is not None:
                found[pattern] = bool(why_readable(pattern, annotation)) or pattern in HANDED_ON
    assert [pattern for pattern, known in found.items() if not known] == []


def test_what_is_readable_is_named_with_the_reason_and_the_rest_is_hidden():
    settings = load(ROOT / "Pulumi.dev.yaml")
    found = secrets_of(settings, ["twinloop:budget", "azure-native:subscriptionId", "twinloop:owner"])
    assert found.hidden == {settings.owner, *settings.budget.contacts}
    readable = dict(found.readable)
    assert readable["azure-native:subscriptionId"] == "names and ids are made of it"
    assert readable["twinloop:budget.monthlyAmount"] == "one of a few values"
    assert "twinloop:budget.contacts[0]" not in readable
    assert not secrets_of(settings, []).readable


def test_a_secret_that_is_wrong_is_refused_without_its_value(checkout):
    path, texts = written(checkout, "dev", ["twinloop:owner"])
    with pytest.raises(SettingsError) as refused:
        load(path, dict.fromkeys(texts, "hush-no-address"))
    assert "twinloop:owner (line" in str(refused.value)
    assert "hush" not in str(refused.value)


def connected(secret):
    packages = {"name": "packages", "category": "PythonFeed", "target": "https://packages.example.com"}
    return {**CONFIGS["dev"], "twinloop:connections": [packages | {"auth": "PAT", "secret": secret}]}


def test_the_credential_of_a_connection_is_a_secret_opened_or_closed(tmp_path):
    path = on_file(tmp_path, connected({"secure": "v1:closed"}))
    assert load(path, {"v1:closed": "hush"}).connections[0].secret == "hush"
    assert load(path).connections[0].secret
    assert closed(path) == ("twinloop:connections[0].secret",)


@pytest.mark.parametrize("told", [lambda given: given, json.dumps, lambda given: [json.dumps(given[0])]])
def test_the_credential_of_a_connection_is_refused_in_clear_text_however_it_is_set(told, tmp_path):
    config = connected("hush-in-clear")
    config["twinloop:connections"] = told(config["twinloop:connections"])
    with pytest.raises(SettingsError, match="in clear text") as refused:
        load(on_file(tmp_path, config))
    assert "hush" not in str(refused.value)


def test_a_whole_section_may_be_json_text_at_any_depth(tmp_path):
    config = {**CONFIGS["dev"]}
    config["twinloop:budget"] = {**config["twinloop:budget"], "contacts": '["ml-platform@example.com"]'}
    assert load(on_file(tmp_path, config)).budget.contacts == ("ml-platform@example.com",)
