"""The official CLI: on the twin with all it needs, on Azure with nothing but what the team has."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from twinloop.clouds import environment, stack_file
from twinloop.problems import NotFound, Problem
from twinloop.stacks.local_state import config_file, passphrase, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from twinloop.clouds.home import Home
    from twinloop.clouds.session import Session

ATTACH = "PULUMI_DEBUG_PROVIDERS"
PACKAGES = ("azure-native", "kubernetes")
_TAKES_CONFIG_FILE = frozenset(
    ("preview", "pre", "up", "update", "refresh", "destroy", "down", "dn", "import", "watch", "config")
)
_GLOBAL_WITH_VALUE = frozenset(
    {"-C", "--cwd", "--color", "-v", "--verbose", "--tracing", "--profiling", "--otel-traces"}
)


def is_pulumi(command: Sequence[str]) -> bool:
    """Whether a command line calls the official CLI."""
    return bool(command) and Path(command[0]).name in {"pulumi", "pulumi.exe"}


def executable() -> str:
    """Where the official CLI is.

    Raises:
        NotFound: it is not on PATH.
    """
    found = shutil.which("pulumi")
    if found is None:
        raise NotFound(
            "The official Pulumi CLI is not on PATH.",
            where="PATH",
            given="pulumi",
            allowed="https://www.pulumi.com/docs/install/ , or the embedded engine on the twin (no --engine)",
            next_step="install it, then run the command again",
        )
    return found


def run_on_twin(
    session: Session,
    stack: str,
    command: Sequence[str],
    *,
    extra: Mapping[str, str] | None = None,
    to_stderr: bool = False,
) -> int:
    """Run a command line of the official CLI against the twin, with our providers attached; its exit status.

    Raises:
        NotFound: there is no official CLI.
        Problem: the stack could not be made in the twin's backend.
    """
    home = session.twin.home
    given = _stack_of(command) or stack
    file = stack_file.read(home.checkout, given)
    if not Path(command[0]).is_absolute():
        command = [executable(), *command[1:]]
    passphrase(home)
    plain = texts(file)  # by the team's passphrase: below, the twin's own takes its place
    project = stack_file.project_name(home.checkout)
    state = home.state / ".pulumi" / "stacks" / project / f"{file.name}.json"
    with environment.applied(session.variables), served_providers() as ports:
        variables = session.variables.applied_to(os.environ) | {ATTACH: attached(ports)} | dict(extra or {})
        if _command_of(command) in _TAKES_CONFIG_FILE:
            make_stack(home, project, file.name, state, variables)
            # What was chosen here is what is meant, though nothing is selected in this backend.
            variables["PULUMI_STACK"] = file.name
        elif "/" in variables.get("PULUMI_STACK", ""):
            variables["PULUMI_STACK"] = file.name
        words = with_short_name(with_config_file(command, config_file(home, file, state, plain)))
        return call(words, variables, to_stderr=to_stderr)


def with_short_name(command: Sequence[str]) -> list[str]:
    """The command line with `acme/dev-eu` as `dev-eu`: a backend in a folder has no organisations."""
    given = _stack_of(command)
    if "/" not in given:
        return list(command)
    short = given.rsplit("/", 1)[-1]
    return [{given: short, f"--stack={given}": f"--stack={short}"}.get(word, word) for word in command]


def with_config_file(command: Sequence[str], file: Path) -> list[str]:
    """The command line with `--config-file` where it takes one: the team's own file stays as it is.

    `stack rm` takes none, and would delete the team's file, unless it is told to preserve it.
    """
    words = list(command)
    if _command_of(words) == "stack" and _word_after(words, "stack") in {"rm", "remove"}:
        return words if "--preserve-config" in words else [*words, "--preserve-config"]
    if _command_of(words) not in _TAKES_CONFIG_FILE or any(w.split("=")[0] == "--config-file" for w in words):
        return words
    at = words.index(_command_of(words)) + 1
    return [*words[:at], "--config-file", str(file), *words[at:]]


def call(command: Sequence[str], variables: Mapping[str, str], *, to_stderr: bool = False) -> int:
    """Run a program to its end; Ctrl-C is for it to answer, so that it can save what it did."""
    before = signal.signal(signal.SIGINT, _leave_it_to_the_child)
    try:
        process = subprocess.Popen(list(command), env=dict(variables), stdout=2 if to_stderr else None)
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, before)


def _leave_it_to_the_child(_number: int, _frame: object) -> None:
    """A handler of ours is not inherited over exec, as ignoring the signal would be."""


def make_stack(home: Home, project: str, stack: str, state: Path, variables: Mapping[str, str]) -> None:
    """Make the stack in the twin's backend where it is missing, without a word into the team's stack file.

    `pulumi stack init` writes a salt into the stack file beside the project file it finds, so it is run in
    an empty folder that holds a project of the same name.

    Raises:
        Problem: the official CLI could not.
    """
    if state.exists():
        return
    home.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as empty:
        (Path(empty) / "Pulumi.yaml").write_text(f"name: {project}\nruntime: python\n")
        done = subprocess.run(
            [executable(), "stack", "init", stack, "--no-select", "--non-interactive"],
            cwd=empty,
            env=dict(variables),
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise Problem(
            f"The official CLI could not make stack '{stack}' on the twin.",
            where=str(home.state),
            given=(done.stderr or done.stdout).strip(),
            next_step="twinloop twin reset, if the twin's state is damaged",
        )


@contextmanager
def served_providers() -> Iterator[Mapping[str, int]]:
    """Our providers on ports of this process, for as long as the official CLI runs."""
    from twinloop.providers.serve import serve

    ports, stop = serve(PACKAGES)
    try:
        yield ports
    finally:
        stop()


def attached(ports: Mapping[str, int]) -> str:
    """The value that attaches the official CLI: `<package>:<port>`, with commas between."""
    return ",".join(f"{package}:{port}" for package, port in ports.items())


def _command_of(words: Sequence[str]) -> str:
    """The CLI's command word: the first that is neither an option nor an option's value."""
    skip = False
    for word in words[1:]:
        if skip:
            skip = False
        elif word in _GLOBAL_WITH_VALUE:
            skip = True
        elif not word.startswith("-"):
            return word
    return ""


def _word_after(words: Sequence[str], command: str) -> str:
    later = words[words.index(command) + 1 :]
    return next((word for word in later if not word.startswith("-")), "")


def _stack_of(words: Sequence[str]) -> str:
    for at, word in enumerate(words):
        if word in {"-s", "--stack"} and at + 1 < len(words):
            return words[at + 1]
        if word.startswith("--stack="):
            return word.partition("=")[2]
    return ""
