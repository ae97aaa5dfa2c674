"""A secret setting that is only handed on is in clear nowhere in a stack's state, under either engine."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from infra.stackfile.lines import steps_of
from tests.infra.every_key import CONFIGS, every_leaf
from tests.infra.secret_places import sealed
from tests.infra.test_secret_settings import is_handed_on
from twinloop.clouds import stack_file
from twinloop.engine.passphrase import Crypter
from twinloop.review.evaluation import Bench
from twinloop.stacks.local_state import configuration

ROOT = Path(__file__).resolve().parents[2]
PASSPHRASE = "the team's own"
GUID = "7e57ab1e-0000-4000-8000-{:012d}"
# What a key can be that is no mere text, by the first part of a key that fits.
WORTH = {
    "namespaces[].access[].who": GUID,
    "namespaces[].owner": "hush{:d}",
    "access.groups": GUID,
    "adminGroups": GUID,
    "objectId": GUID,
    "cosmosPrincipalId": GUID,
    "grafana.viewers": GUID,
    "labellers": GUID,
    "cron": "{minute:d} 3 * * 1",
    ".path": "azureml://datastores/monitoring/paths/hush{:d}/",
    "taints": "ml.azure.com/amlarc=hush{:d}:NoSchedule",
    "tls.host": "hush{:d}.example.com",
    "agentKey": "h" * 100 + "{:d}",
    "github.repository": "hush/hush{:d}",
    "network.allowedNetworks": "198.51.100.{:d}",
    "outboundRules[].destination": "hush{:d}.example.com",
    "owner": "hush{:d}@example.com",
    "contacts": "hush{:d}@example.com",
    "who": "hush{:d}@example.com",
    "emails": "hush{:d}@example.com",
}


def planted(name):
    """The configuration with a text of its own at each key that is handed on, and these texts by key."""
    config, texts = json.loads(json.dumps(CONFIGS[name])), {}
    for number, key in enumerate(key for key, _ in every_leaf(config) if is_handed_on(key)):
        plain = re.sub(r"\[\d+\]", "[]", key)
        worth = next((one for part, one in WORTH.items() if part in plain), "hush-hush-{:d}")
        texts[key] = worth.format(70 + number, minute=number % 60)
        *above, last = steps_of(key)
        at = config
        for step in above:
            at = at[step]
        at[last] = texts[key]
    return config, texts


def write(root, stack, name):
    """A checkout whose one stack has all these texts encrypted."""
    root.mkdir(exist_ok=True)
    shutil.copytree(ROOT / "infra", root / "infra", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Pulumi.yaml", root)
    for file in ROOT.glob("Pulumi.*.yaml"):
        shutil.copy(file, root)
    config, texts = planted(name)
    crypter = Crypter.fresh(PASSPHRASE, stack)
    document = {"config": sealed(config, texts, crypter.seal), "encryptionsalt": crypter.salt_line}
    (root / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return texts


def in_clear(content, texts):
    return [key for key, text in texts.items() if text.encode() in content]


@pytest.mark.parametrize(("stack", "name"), [("dev", "dev"), ("staging", "more"), ("shared", "shared")])
def test_the_embedded_engine_writes_and_tells_none_of_them(stack, name, tmp_path, monkeypatch):
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", PASSPHRASE)
    texts = write(tmp_path / "checkout", stack, name)
    root = tmp_path / "checkout"
    bench = Bench(
        root=root,
        folder=tmp_path / "bench",
        project="twinloop",
        main=root / "infra",
        python=Path(sys.executable),
    )
    try:
        if stack != "shared":
            bench.bring_up("shared", configuration(stack_file.read(root, "shared")))
        found = bench.bring_up(stack, configuration(stack_file.read(root, stack)))
    finally:
        bench.close()
    assert found.outcome.ok, found.outcome.error
    state = bench.backend(stack).checkpoint.read_bytes()
    assert b"ciphertext" in state
    assert in_clear(state, texts) == []
    assert in_clear(repr(found.outcome).encode(), texts) == []


@pytest.mark.pulumi
@pytest.mark.skipif(shutil.which("pulumi") is None, reason="the official Pulumi CLI is not on PATH")
def test_the_official_cli_writes_and_tells_none_of_them(tmp_path):
    root, home = tmp_path / "checkout", tmp_path / "home"
    texts = write(root, "dev", "dev")
    (root / ".venv").symlink_to(ROOT / ".venv")  # Pulumi.yaml says that the program's Python is there
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")}
    own = clean | {
        "TWINLOOP_HOME": str(home),
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "1",
    }

    def run(*words):
        command = [sys.executable, "-m", "twinloop", *words]
        done = subprocess.run(command, cwd=root, env=own, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout + done.stderr

    try:
        run("up", "-s", "shared")
        told = run("up", "-s", "dev", "--engine", "pulumi")
        told += run("preview", "-s", "dev", "--expect-no-changes")  # the embedded engine sees the same values
        told += run("stack", "output", "-s", "dev")
    finally:
        run("twin", "stop")
    (state,) = home.rglob("stacks/twinloop/dev.json")
    assert b"ciphertext" in state.read_bytes()
    assert in_clear(state.read_bytes(), texts) == []
    assert in_clear(told, texts) == []
