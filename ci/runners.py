"""The two runners of the review action: how each is told things, and kept from obeying a program."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from inputs import BadInput, Inputs

SUMMARY = 900_000  # bytes of a job's summary; GitHub takes 1 MiB per step
# Variables that no command that is run here needs: tokens, and the doors to the runner itself.
_OURS = (
    "INPUTS",
    "GITHUB_TOKEN",
    "GITHUB_OUTPUT",
    "GITHUB_STEP_SUMMARY",
    "GITHUB_ENV",
    "GITHUB_PATH",
    "GITHUB_STATE",
)


class How(TypedDict):
    """Where a command runs, and with which variables."""

    cwd: Path
    env: dict[str, str]


class Runner(ABC):
    """What a step may say to the machine that it runs on."""

    style: str
    workspace: Path

    @abstractmethod
    def error(self, message: str) -> None:
        """Show an error beside the step."""

    @abstractmethod
    def summary(self, text: str, folder: Path) -> None:
        """Show Markdown on the page of the run."""

    @abstractmethod
    def output(self, name: str, value: str) -> None:
        """Give a value to later steps."""

    @abstractmethod
    def pull_request(self) -> str:
        """The number of the pull request that this run is of."""

    @abstractmethod
    def _quoted(self, command: list[str], how: How, output: Path) -> int:
        """Run a command so that nothing that a program prints is a command to the runner."""

    def run(self, command: list[str], asked: Inputs, output: Path, *, obeyed: bool = False) -> int:
        """Run a command in the folder of the work, its stdout into a file; its exit code.

        Args:
            command: what to run.
            asked: where, and on which backend.
            output: the file.
            obeyed: whether its stderr may tell things to the runner: annotations.
        """
        environment = {name: value for name, value in os.environ.items() if name not in _OURS}
        if asked.cloud_url:
            environment["PULUMI_BACKEND_URL"] = asked.cloud_url
        if not Path(command[0]).is_file():
            raise BadInput(
                f"input work-dir: {asked.work_dir} has no .venv/bin/twinloop; run there: make setup"
            )
        how = How(cwd=asked.work_dir, env=environment)
        if not obeyed:
            return self._quoted(command, how, output)
        with output.open("wb") as file:
            return subprocess.run(command, **how, stdout=file, check=False).returncode


class GitHubRunner(Runner):
    """A job of GitHub Actions."""

    style = "github"

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.workspace = Path(environment.get("GITHUB_WORKSPACE", "."))

    def error(self, message: str) -> None:
        """Show an error beside the step."""
        print(f"::error title=twinloop::{message.replace('%', '%25').replace(chr(10), '%0A')}", flush=True)  # noqa: T201

    def summary(self, text: str, folder: Path) -> None:  # noqa: ARG002 - the other runner needs the folder
        """Show Markdown on the page of the run."""
        self._append("GITHUB_STEP_SUMMARY", text.encode()[:SUMMARY].decode("utf-8", "ignore"))

    def output(self, name: str, value: str) -> None:
        """Give a value to later steps."""
        self._append("GITHUB_OUTPUT", f"{name}={value}\n")

    def pull_request(self) -> str:
        """The number of the pull request that this run is of."""
        event = json.loads(Path(self._environment["GITHUB_EVENT_PATH"]).read_text("utf-8"))
        number = event.get("number")
        if not number:
            raise BadInput(
                "input comment-on-pr: given 'true', and this is no run of a pull request; give "
                "comment-on-pr-number, or leave it out"
            )
        return str(number)

    def _append(self, variable: str, text: str) -> None:
        if path := self._environment.get(variable):
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(text)

    def _quoted(self, command: list[str], how: How, output: Path) -> int:
        word = secrets.token_hex(16)
        print(f"::stop-commands::{word}", flush=True)  # noqa: T201
        try:
            with output.open("wb") as file:
                return subprocess.run(command, **how, stdout=file, check=False).returncode
        finally:
            print(f"::{word}::", flush=True)  # noqa: T201


class AzureRunner(Runner):
    """A job of Azure Pipelines, which has no word to stop its commands: they are broken up instead."""

    style = "azure-pipelines"

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.workspace = Path(environment.get("BUILD_SOURCESDIRECTORY", "."))

    def error(self, message: str) -> None:
        """Show an error beside the step."""
        text = message.replace("%", "%AZP25").replace("\n", "%0A")
        print(f"##vso[task.logissue type=error;]{text}", flush=True)  # noqa: T201

    def summary(self, text: str, folder: Path) -> None:
        """Show Markdown on the page of the run."""
        file = folder / "summary.md"
        file.write_text(text, "utf-8")
        print(f"##vso[task.uploadsummary]{file}", flush=True)  # noqa: T201

    def output(self, name: str, value: str) -> None:
        """Give a value to later steps."""
        print(f"##vso[task.setvariable variable={name};isOutput=true]{value}", flush=True)  # noqa: T201

    def pull_request(self) -> str:
        """The number of the pull request that this run is of."""
        raise BadInput("input comment-on-pr: not supported on Azure Pipelines; read the summary of the run")

    def _quoted(self, command: list[str], how: How, output: Path) -> int:
        with output.open("wb") as file:
            process = subprocess.Popen(command, **how, stdout=file, stderr=subprocess.PIPE)
            for line in process.stderr or ():
                sys.stdout.write(line.decode("utf-8", "replace").replace("##", "# #"))
                sys.stdout.flush()
            return process.wait()


def runner_of(environment: Mapping[str, str]) -> Runner:
    """The runner that this process runs on, by the variables that it sets."""
    return AzureRunner(environment) if environment.get("TF_BUILD") else GitHubRunner(environment)
