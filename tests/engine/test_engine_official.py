"""The state that we write is one that the official CLI finds unchanged, and the other way round.

Golden states stand beside this file: `ours.json`, which the official CLI found unchanged, and
`official.json`, which it wrote. Where `pulumi` is on PATH the same is tried with the real one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import Bench
from tests.engine.toyserver import serve
from twinloop import engine

GOLDEN = Path(__file__).with_name("golden")
PASSPHRASE = "correct horse"
needs_pulumi = pytest.mark.skipif(
    shutil.which("pulumi") is None, reason="the official CLI `pulumi` is not on PATH"
)


@pytest.fixture
def golden(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    bench.main = tmp_path / "golden" / "infra"
    shutil.copytree(GOLDEN / "infra", bench.main)
    bench.cloud.put("/things/theirs", {"id": "/things/theirs", "name": "theirs", "serial": "s-theirs"})
    return bench


def bring_up_hub(bench: Bench) -> None:
    hub = Bench(bench.root, stack_name="hub")
    hub.main = GOLDEN / "hub"
    hub.up()


def place(bench: Bench, name: str) -> None:
    bench.file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(GOLDEN / f"{name}.json", bench.file)
    shutil.copy(GOLDEN / f"{name}.hub.json", bench.file.with_name("hub.json"))


def settled(document: dict[str, Any]) -> dict[str, Any]:
    """A deployment's resources by URN without what differs from run to run, and from machine to machine."""
    text = json.dumps(document["checkpoint"]["latest"]["resources"])
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>", text)
    text = re.sub(r'"ciphertext": "[^"]*"', '"ciphertext": "<sealed>"', text)
    passing = {"created", "modified", "sourcePosition", "stackTrace"}
    resources = {}
    for resource in json.loads(text):
        resources[resource["urn"]] = {key: value for key, value in resource.items() if key not in passing}
        resource.get("dependencies", []).sort()
    return resources


@pytest.mark.parametrize("name", ["ours", "official"])
def test_a_golden_state_is_found_unchanged(golden: Bench, real_rounds: None, name: str) -> None:
    place(golden, name)
    outcome = golden.preview()
    assert outcome.ok, outcome.error
    assert not outcome.changed
    assert engine.stack_outputs(golden.stack, show_secrets=True)["secret"] == "hush"


def test_a_state_written_now_has_the_form_of_the_golden_ones(golden: Bench) -> None:
    bring_up_hub(golden)
    golden.up()
    written = settled(json.loads(golden.file.read_text(encoding="utf-8")))
    for name in ("ours", "official"):
        assert written == settled(json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8")))


@pytest.fixture
def cli(golden: Bench) -> Iterator[Any]:
    """Runs the official CLI on the bench's backend, with the toy provider attached."""
    server, port = serve(golden.root / "cloud")
    folder = golden.main.parent
    (folder / "Pulumi.yaml").write_text(
        f"name: demo\nmain: infra/\nruntime:\n  name: python\n  options:\n    toolchain: pip\n"
        f"    virtualenv: {sys.prefix}\n",
        encoding="utf-8",
    )
    environment = {
        **os.environ,
        "PULUMI_BACKEND_URL": f"file://{golden.root / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_HOME": str(golden.root / "home"),
        "PULUMI_DEBUG_PROVIDERS": f"toy:{port}",
    }

    def run(*arguments: str) -> str:
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    (golden.root / "state").mkdir(exist_ok=True)
    yield run
    server.stop(None)


def stack_file(bench: Bench) -> None:
    state = json.loads(bench.file.read_text(encoding="utf-8"))["checkpoint"]["latest"]
    salt = state["secrets_providers"]["state"]["salt"]
    text = f"config:\n  toy:region: north\nencryptionsalt: {salt}\n"
    (bench.main.parent / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")


@needs_pulumi
@pytest.mark.pulumi
def test_the_official_cli_finds_our_state_unchanged(golden: Bench, cli: Any) -> None:
    bring_up_hub(golden)
    golden.up()
    stack_file(golden)
    plan = json.loads(cli("preview", "-s", "dev", "--json"))
    assert set(plan["changeSummary"]) == {"same"}
    assert json.loads(cli("stack", "output", "-s", "dev", "--json", "--show-secrets"))["secret"] == "hush"


@needs_pulumi
@pytest.mark.pulumi
def test_we_find_the_official_clis_state_unchanged(golden: Bench, cli: Any) -> None:
    bring_up_hub(golden)
    cli("stack", "init", "dev")
    with (golden.main.parent / "Pulumi.dev.yaml").open("a", encoding="utf-8") as file:
        file.write("config:\n  toy:region: north\n")
    cli("up", "-s", "dev", "--yes", "--skip-preview")
    outcome = golden.up()
    assert not outcome.changed
    assert golden.ids() == golden.cloud.ids() - {"/things/theirs"}
