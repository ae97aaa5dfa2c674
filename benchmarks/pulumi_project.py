"""A Pulumi project round a program under measurement: both engines, same program, same provider."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import wall

CONTAINERS = Path(__file__).parent / "programs" / "containers"
AZURE = {
    "azure-native:subscriptionId": "00000000-0000-4000-8000-000000000001",
    "azure-native:location": "westeurope",
}
PASSPHRASE = "bench"  # noqa: S105 - of a state that is thrown away


@dataclass(frozen=True)
class Project:
    """A folder with `Pulumi.yaml`, one stack `bench` and a file backend of its own."""

    folder: Path
    config: Mapping[str, str]

    def embedded(self) -> float:
        """Wall seconds of a cold process that previews it with the embedded engine."""
        command = [
            sys.executable,
            "-m",
            "benchmarks.embedded",
            str(self.folder),
            json.dumps(dict(self.config)),
        ]
        return wall(command, cwd=Path(__file__).parent.parent)

    def official(self, provider_port: int) -> float:
        """Wall seconds of `pulumi preview` of it, attached to our served provider."""
        command = ["pulumi", "preview", "-s", "bench", "--non-interactive"]
        return wall(command, cwd=self.folder, env=self._environment(provider_port))

    def prepare_official(self) -> None:
        """Make the stack on the file backend."""
        command = ["pulumi", "stack", "init", "bench", "--non-interactive"]
        wall(command, cwd=self.folder, env=self._environment(0), ok=(0, 255))

    def _environment(self, provider_port: int) -> dict[str, str]:
        return os.environ | {
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'backend'}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DEBUG_PROVIDERS": f"azure-native:{provider_port}",
        }


def containers_project(folder: Path, *, count: int, drop_aliases: bool) -> Project:
    """The project of `programs/containers` with N containers."""
    folder.mkdir(parents=True)
    (folder / "backend").mkdir()
    shutil.copytree(CONTAINERS, folder / "program")
    options = f"    toolchain: pip\n    virtualenv: {Path(sys.prefix)}\n"
    (folder / "Pulumi.yaml").write_text(
        f"name: bench\nmain: program/\nruntime:\n  name: python\n  options:\n{options}"
    )
    config = {**AZURE, "bench:containers": str(count), "bench:dropAliases": str(drop_aliases).lower()}
    lines = [f'  {key}: "{value}"' for key, value in config.items()]
    (folder / "Pulumi.bench.yaml").write_text("\n".join(["config:", *lines]) + "\n")
    return Project(folder, config)


@contextlib.contextmanager
def served_provider() -> Iterator[int]:
    """Our provider as a gRPC server; its port."""
    command = [sys.executable, "-m", "twinloop.providers.serve", "azure-native"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    if server.stdout is None:
        raise RuntimeError("the provider server has no output")
    try:
        yield int(server.stdout.readline().rpartition(":")[2])
    finally:
        server.terminate()
        server.wait()
