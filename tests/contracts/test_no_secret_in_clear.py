"""Brings up shared and dev on a twin, runs a job, and looks for every secret in every byte that is left."""

from __future__ import annotations

import contextlib
import json
import os
import re
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.timeout(180)
ROOT = Path(__file__).resolve().parents[2]
PROC = Path("/proc")
OF_THE_USER = "of-the-user-and-nobody-elses-8f2c"  # in the environment of whoever starts the twin
KEYS = {"ca.key", "server.key", "token.key", "logs.key", "delegation.key"}
# The files that hold a secret because that is what they are for; SECURITY.md lists them.
HOLDERS = {
    "passphrase": {"passphrase"},
    "admin key": {"twin.key"},
    "persona": {"personas.json"},
}


@dataclass
class World:
    """One home, what was said while it was filled, and the secrets that are known of it."""

    home: Path
    said: list[str] = field(default_factory=list)
    argvs: set[bytes] = field(default_factory=set)
    secrets: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)  # of the variables that the job's process saw

    def twinloop(self, *words: str) -> str:
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("ARM_", "AZURE", "PULUMI_"))
        }
        planted = {
            "AWS_SECRET_ACCESS_KEY": OF_THE_USER,
            "AZURE_CLIENT_SECRET": OF_THE_USER,
            "MY_TOKEN": OF_THE_USER,
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "twinloop", *words],
            cwd=ROOT, env=kept | planted | {"TWINLOOP_HOME": str(self.home)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.look_at_processes()
        said, _ = process.communicate(timeout=120)
        self.said.append(said)
        assert process.returncode == 0, said
        return said

    def look_at_processes(self) -> None:
        for process in PROC.iterdir() if PROC.exists() else ():
            if process.name.isdigit():
                try:
                    self.argvs.add((process / "cmdline").read_bytes())
                except OSError:
                    continue

    def client(self) -> httpx.Client:
        info = json.loads((self.home / "twin.json").read_text())
        trust = ssl.create_default_context(cafile=str(self.home / "ca.pem"))
        base = f"https://localhost:{info['httpsPort']}"
        secret = json.loads((self.home / "personas.json").read_text())["data-scientist"]
        headers = {"X-IDENTITY-HEADER": secret}
        client = httpx.Client(base_url=base, verify=trust, trust_env=False, timeout=30)
        reply = client.get("/msi/token?resource=https://management.azure.com", headers=headers)
        client.headers["Authorization"] = f"Bearer {reply.json()['access_token']}"
        self.secrets["token of a persona"] = reply.json()["access_token"]
        return client


def run_job(world: World, outputs: dict[str, Any]) -> None:
    """A job that tells the names of its variables and waits until its process has been looked at."""
    workspace = outputs["workspaceId"]
    with contextlib.closing(world.client()) as client:
        place = f"{workspace}/environments/here/versions/1?api-version=2023-04-01-preview"
        image = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"
        reply = client.put(place, json={"properties": {"image": image}})
        assert reply.status_code in (200, 201), reply.text
        upload = client.post(
            f"{workspace}/codes/c1/versions/1/startPendingUpload?api-version=2023-04-01-preview", json={}
        )
        uri = upload.json()["blobReferenceForConsumption"]["credential"]["sasUri"]
        world.secrets["signature"] = re.search(r"sig=([^&]+)", uri)[1]
        body = {
            "jobType": "Command",
            "experimentName": "secrets",
            "command": "env | cut -d= -f1; until [ -e seen ]; do sleep 0.05; done",
            "environmentId": f"{workspace}/environments/here/versions/1",
            "computeId": f"{workspace}/computes/cpu",
        }
        reply = client.put(
            f"{workspace}/jobs/secretive?api-version=2025-01-01-preview", json={"properties": body}
        )
        assert reply.status_code in (200, 201), reply.text
        control = wait_for(lambda: next(world.home.glob("azure/jobs/*/secretive/control/process"), None))
        wait_for(lambda: control.read_text().endswith("\n"))
        world.look_at_processes()
        variables = (PROC / control.read_text().split()[0] / "environ").read_bytes().decode().split("\0")
        own = dict(line.partition("=")[::2] for line in variables if line)
        world.secrets["identity of a job"] = own["IDENTITY_HEADER"]
        world.secrets["token of a job"] = own["AZUREML_RUN_TOKEN"]
        assert OF_THE_USER not in "".join(variables)
        (control.parents[1] / "code" / "seen").touch()
        details = f"/history/v1.0{workspace}/runs/secretive/details"
        wait_for(lambda: client.get(details).json()["status"] in {"Completed", "Failed", "Canceled"})
        world.said.append(client.get(details).text)
        log = client.get(client.get(details).json()["logFiles"]["user_logs/std_log.txt"]).text
        world.names = log.split()


def wait_for(done: Any) -> Any:
    deadline = time.monotonic() + 60
    while not (found := done()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    if not PROC.exists():
        pytest.skip("looks into other processes by /proc, which this system has not")
    made = World(tmp_path_factory.mktemp("secrets") / "home")
    made.twinloop("up", "-s", "shared")
    made.twinloop("up", "-s", "dev", "--json")
    outputs = json.loads(made.twinloop("stack", "output", "-s", "dev", "--json"))["result"]
    made.twinloop("preview", "-s", "dev", "--json")
    run_job(made, outputs)
    made.secrets["passphrase"] = (made.home / "passphrase").read_text().strip()
    made.secrets["admin key"] = (made.home / "twin.key").read_text().strip()
    for name, secret in json.loads((made.home / "personas.json").read_text()).items():
        made.secrets[f"persona {name}"] = secret
    for name in KEYS - {"ca.key", "server.key", "token.key"}:
        if file := next(made.home.rglob(name), None):
            made.secrets[name] = file.read_bytes().hex()
    made.secrets["of the user"] = OF_THE_USER
    yield made
    made.twinloop("twin", "stop")


def holder(name: str) -> set[str]:
    return next((files for kind, files in HOLDERS.items() if name.startswith(kind)), set())


def files(world: World) -> list[Path]:
    return [path for path in world.home.rglob("*") if path.is_file() and not path.is_symlink()]


def test_each_kind_of_secret_is_known_to_this_test(world):
    kinds = {name.partition(" ")[0] for name in world.secrets}
    assert kinds >= {
        "passphrase",
        "admin",
        "persona",
        "identity",
        "token",
        "signature",
        "delegation.key",
        "of",
    }


def test_no_file_has_a_secret_in_clear_but_the_one_that_is_meant_to(world):
    leaks = []
    for path in files(world):
        content = path.read_bytes()
        for name, secret in world.secrets.items():
            clear = secret.encode() in content or (
                name in KEYS and path.name != name and bytes.fromhex(secret) in content
            )
            if clear and path.name not in holder(name):
                leaks.append(f"{name}: {path.relative_to(world.home)}")
    assert leaks == []


def test_no_file_has_a_private_key_a_token_or_a_connection_string_but_the_keys(world):
    signs = re.compile(rb"PRIVATE KEY|eyJ[\w-]{20,}\.eyJ|InstrumentationKey=[0-9a-f-]{8}|[?&]sig=[\w%-]{20}")
    leaks = [str(path.relative_to(world.home)) for path in files(world) if signs.search(path.read_bytes())]
    assert {Path(leak).name for leak in leaks} <= KEYS, leaks


def test_the_files_that_hold_secrets_are_nobody_else_s(world):
    held = [path for path in files(world) if path.name in KEYS | set().union(*HOLDERS.values())]
    assert len(held) >= 7
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in held if path.stat().st_mode & 0o077} == {}
    assert world.home.stat().st_mode & 0o077 == 0


def test_security_md_names_every_file_that_holds_a_secret():
    text = (ROOT / "SECURITY.md").read_text()
    assert [name for name in KEYS | set().union(*HOLDERS.values()) if f"`{name}`" not in text] == []


def test_no_command_says_a_secret(world):
    said = "".join(world.said)
    assert [name for name, secret in world.secrets.items() if name != "signature" and secret in said] == []


def test_no_process_is_told_a_secret_by_its_arguments(world):
    said = b"\0".join(world.argvs)
    assert b"twinloop.localazure" in said
    assert [name for name, secret in world.secrets.items() if secret.encode() in said] == []


def test_a_job_s_process_sees_nothing_of_the_user_s_environment(world):
    assert {"IDENTITY_HEADER", "AZUREML_RUN_ID"} <= set(world.names)
    assert not {"AWS_SECRET_ACCESS_KEY", "AZURE_CLIENT_SECRET", "MY_TOKEN", "TWINLOOP_HOME"} & set(
        world.names
    )
