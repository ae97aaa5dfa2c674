"""`pulumi config set [--path] [--secret]` works for every key of the settings."""

import json
import os
import re
import shutil
import subprocess
from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel

from infra.settings import EnvironmentSettings, SharedSettings
from infra.stackfile.files import load
from infra.stackfile.refusals import SettingsError
from tests.infra.every_key import CONFIGS, as_text, every_leaf
from twinloop import stack_settings

ONLY_SECRET = {"connections[].secret"}  # refused in clear text: tests/infra/test_secret_settings.py sets it
OWN_NAMES = (
    r"^tags|^identities|^roles|\.inputs|kubernetes\.pools\[\]\.labels"  # below these, names are anybody's own
)


def set_plainly(config):
    """Without `--path` each key takes one text; structures as JSON, numbers and booleans as text."""
    return {key: as_text(value) for key, value in config.items()}


def typed(text):
    """What the CLI makes of a value that is set by a path: numbers and booleans are recognised."""
    if text in {"true", "false"}:
        return text == "true"
    return int(text) if re.fullmatch(r"0|-?[1-9][0-9]*", text) else text


def set_by_path(config):
    """With `--path`, one leaf after the other into what is there."""
    document = {}
    for key, value in every_leaf(config):
        first, *steps = re.findall(r"[^.\[\]]+|\[\d+\]", key.partition(":")[2])
        at, step = document, f"{key.partition(':')[0]}:{first}"
        for following in steps:
            index = int(following[1:-1]) if following.startswith("[") else None
            at = at.setdefault(step, {} if index is None else []) if isinstance(at, dict) else at[step]
            step = following if index is None else index
            if isinstance(at, list) and step == len(at):
                at.append({})
        fresh = typed(as_text(value)) if not isinstance(value, list | dict) else value
        at[step] = fresh
    return document


def on_file(tmp_path, config):
    path = tmp_path / "Pulumi.any.yaml"
    path.write_text(yaml.safe_dump({"config": config}))
    return path


@pytest.mark.parametrize("name", CONFIGS)
def test_every_key_set_as_text_means_what_it_means_typed(name, tmp_path):
    assert load(on_file(tmp_path, set_plainly(CONFIGS[name]))) == load(on_file(tmp_path, CONFIGS[name]))


@pytest.mark.parametrize("name", CONFIGS)
def test_every_leaf_set_by_its_path_means_what_it_means_typed(name, tmp_path):
    changed = set_by_path(CONFIGS[name])
    assert load(on_file(tmp_path, changed)) == load(on_file(tmp_path, CONFIGS[name]))


@pytest.mark.parametrize("name", CONFIGS)
def test_every_number_and_boolean_inside_may_be_text(name, tmp_path):
    def text(value):
        if isinstance(value, dict):
            return {key: text(inner) for key, inner in value.items()}
        return [text(inner) for inner in value] if isinstance(value, list) else as_text(value)

    assert load(on_file(tmp_path, text(CONFIGS[name]))) == load(on_file(tmp_path, CONFIGS[name]))


def keys_of(annotation, key):
    """Every leaf that the models have; `[]` for an element, `*` for a name of one's own."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for info in annotation.model_fields.values():
            yield from keys_of(info.annotation, f"{key}.{info.alias}")
        return
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from keys_of(inner[0], key)
    elif origin in {Union, UnionType}:
        for one in inner:
            if one is not type(None):
                yield from keys_of(one, key)
    elif origin is tuple:
        yield from keys_of(inner[0], f"{key}[]")
    elif origin is dict:
        yield from keys_of(inner[1], f"{key}.*")
    elif origin is Literal or origin is None:
        yield key


@pytest.mark.parametrize(
    ("kind", "model"), [("environment", EnvironmentSettings), ("shared", SharedSettings)]
)
def test_the_configurations_here_use_every_key_that_there_is(kind, model):
    wanted = {key.removeprefix(".") for key in keys_of(model, "")}
    used = set(ONLY_SECRET)
    for config in CONFIGS.values():
        if config["twinloop:kind"] == kind:
            for key, _ in every_leaf(config):
                plain = (
                    re.sub(r"\[\d+\]", "[]", key).replace("twinloop:", "").replace("azure-native:", "azure.")
                )
                used.add(re.sub(rf"({OWN_NAMES})\.[^.]+", r"\1.*", plain))
    assert wanted - used == set()


needs_pulumi = pytest.mark.skipif(
    shutil.which("pulumi") is None, reason="the official Pulumi CLI is not on PATH"
)


@pytest.fixture
def cli(tmp_path):
    """The official CLI in a project of its own, whose stack `any` has no settings yet."""
    (tmp_path / "Pulumi.yaml").write_text("name: twinloop\nruntime: python\n")
    (tmp_path / "state").mkdir()
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")},
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "a test",
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }

    def run(*words):
        done = subprocess.run(
            ["pulumi", *words], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("stack", "init", "any")
    return run


@pytest.mark.pulumi
@needs_pulumi
@pytest.mark.parametrize("name", ["dev", "more", "taken", "taken-shared"])
def test_the_official_cli_sets_every_key_of_a_stack(name, cli, tmp_path):
    pairs = [f"{key}={as_text(value)}" for key, value in every_leaf(CONFIGS[name]) if value not in ([], {})]
    cli("config", "set-all", "--path", *(word for pair in pairs for word in ("--plaintext", pair)))
    for key, value in every_leaf(CONFIGS[name]):
        if value in ([], {}):
            cli("config", "set", key, as_text(value))
    assert load(tmp_path / "Pulumi.any.yaml") == load(on_file(tmp_path, CONFIGS[name]))


@pytest.mark.pulumi
@needs_pulumi
def test_a_refusal_s_own_command_puts_it_right_by_the_official_cli(cli, tmp_path):
    path = tmp_path / "Pulumi.any.yaml"
    salt = path.read_text() if path.exists() else ""
    config = json.loads(json.dumps(CONFIGS["dev"]))
    config["twinloop:clusters"][0]["maxNodes"] = 50
    path.write_text(salt + yaml.safe_dump({"config": config}))
    with pytest.raises(SettingsError) as refused:
        load(path)
    (problem,) = refused.value.problems
    command = re.sub(r"--stack \S+", "", problem.next_step).replace("'", "").split()
    cli(*command[1:])
    assert load(path).clusters[0].max_nodes == 9


@pytest.mark.pulumi
@needs_pulumi
def test_secrets_of_the_official_cli_are_read_with_their_passphrase_and_without(cli, tmp_path, monkeypatch):
    path = tmp_path / "Pulumi.any.yaml"
    path.write_text(path.read_text() + yaml.safe_dump({"config": CONFIGS["dev"]}))
    cli("config", "set", "--secret", "--path", "twinloop:budget.contacts[0]", "hush@example.com")
    cli("config", "set", "--secret", "twinloop:owner", "hush-too@example.com")
    cli("config", "set", "--secret", "--path", "twinloop:clusters[0].maxNodes", "2")
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    sealed = ("twinloop:budget.contacts[0]", "twinloop:clusters[0].maxNodes", "twinloop:owner")
    assert tuple(sorted(stack_settings.closed(path))) == sealed
    assert "hush" not in str(stack_settings.load(path))
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "a test")
    opened = stack_settings.load(path)
    assert stack_settings.closed(path) == ()
    assert (opened.owner, opened.clusters[0].max_nodes) == ("hush-too@example.com", 2)
    assert opened.budget.contacts[0] == "hush@example.com"
