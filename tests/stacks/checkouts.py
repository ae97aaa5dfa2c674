"""A small checkout with a program of a few Azure resources, and a twin that is stopped at the end."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from twinloop.clouds import twin
from twinloop.clouds.home import Home

REPOSITORY = Path(__file__).resolve().parents[2]
SUBSCRIPTION = "5ab50000-0000-4000-8000-0000000000d1"
TENANT = "7a1e0000-0000-4000-8000-00000000aaaa"
ACCOUNT = "sttwintests0001"

PROJECT = (
    "name: twinloop\nmain: infra/\nruntime:\n  name: python\n  options: {toolchain: pip, virtualenv: .venv}\n"
)

PROGRAM = """
import pulumi
from pulumi_azure_native import resources, storage

config = pulumi.Config()
protect = config.get_bool("protect") or False


class Lake(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("demo:infra:Lake", name)
        child = pulumi.ResourceOptions(parent=self, protect=protect)
        group = resources.ResourceGroup(
            f"{name}-group",
            resource_group_name="rg-demo",
            tags={"owner": config.get("owner") or "me"},
            opts=child,
        )
        account = storage.StorageAccount(
            f"{name}-account",
            account_name=config.get("account") or "sttwintests0001",
            resource_group_name=group.name,
            kind="StorageV2",
            sku=storage.SkuArgs(name="Standard_LRS"),
            allow_blob_public_access=False,
            minimum_tls_version="TLS1_2",
            opts=child,
        )
        self.account_id = account.id
        self.register_outputs({})


lake = Lake("lake")
pulumi.export("account", lake.account_id)
pulumi.export("word", pulumi.Output.secret("hush-hush"))
"""


@dataclass
class Checkout:
    """A project folder, and ways to call the tool in it."""

    root: Path

    @property
    def home(self) -> Home:
        return Home(self.root / ".twinloop", self.root)

    def stack(self, name: str, **values: Any) -> Path:
        """Write a stack file; keyword arguments are keys of the project."""
        config = {
            "azure-native:subscriptionId": SUBSCRIPTION,
            "azure-native:tenantId": TENANT,
            "azure-native:location": "westeurope",
        } | {f"twinloop-tests:{key}": value for key, value in values.items()}
        path = self.root / f"Pulumi.{name}.yaml"
        path.write_text(json.dumps({"config": config}))
        return path

    def program(self, text: str) -> None:
        (self.root / "infra" / "__main__.py").write_text(text)

    def popen(self, *words: str, **more: str) -> subprocess.Popen[str]:
        """Start the command line in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "twinloop", *words],
            cwd=self.root,
            env=clean_environment() | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def twinloop(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the command line to its end in a process of its own."""
        process = self.popen(*words, **more)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(words, process.returncode, out, err)


def clean_environment() -> dict[str, str]:
    """This process's variables without those that would name another stack, twin or backend."""
    names = ("TWINLOOP_", "PULUMI_", "ARM_", "AZURE", "IDENTITY_")
    return {key: value for key, value in os.environ.items() if not key.startswith(names)} | {"COLUMNS": "200"}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Checkout]:
    """The small one, for one test."""
    yield from _small(tmp_path, monkeypatch)


@contextmanager
def small_checkout(folder: Path) -> Iterator[Checkout]:
    """The small one, for as long as it is held: by a fixture of a whole file, where its tests share it."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield from _small(folder, monkeypatch)


def _small(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Checkout]:
    root = folder / "checkout"
    (root / "infra").mkdir(parents=True)
    (root / "Pulumi.yaml").write_text(PROJECT.replace("name: twinloop", "name: twinloop-tests", 1))
    made = Checkout(root)
    made.program(PROGRAM)
    made.stack("dev")
    yield from _entered(made, folder, monkeypatch)


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Checkout]:
    """The real program with copies of the real stack files, which a test may spoil."""
    root = tmp_path / "checkout"
    root.mkdir()
    for file in REPOSITORY.glob("Pulumi*.yaml"):
        shutil.copy(file, root)
    (root / "infra").symlink_to(REPOSITORY / "infra")
    yield from _entered(Checkout(root), tmp_path, monkeypatch)


def _entered(made: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Checkout]:
    for name in [key for key in os.environ if key not in clean_environment()]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "pulumi-home"))
    monkeypatch.chdir(made.root)
    yield made
    twin.stop(made.home)
