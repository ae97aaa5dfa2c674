"""A step run on this machine: its inputs laid out in a folder, its program under a debugger."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from checks.environments.differences import differences
from checks.environments.recipe import BadRecipe, demanded, fidelity, to_build
from checks.environments.requirements import Wanted
from twinloop.loops import command_line, sample, stores
from twinloop.loops.sampling import VARIABLE
from twinloop.loops.steps import Data
from twinloop.problems import BadUsage, NotFound, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from azure.ai.ml import MLClient

    from checks.environments.recipe import Fidelity
    from twinloop.loops.interpreters import Interpreter
    from twinloop.loops.pieces import Piece
    from twinloop.loops.sample import Amount

HOST = "127.0.0.1"
_STDERR = 2  # the descriptor
# What a run of the cloud is told about itself; here there is no such run.
_OF_A_RUN = ("AZUREML_RUN_ID", "MLFLOW_RUN_ID", "MLFLOW_TRACKING_TOKEN", "MLFLOW_EXPERIMENT_ID")
_SAMPLED = ("uri_file", "uri_folder")


@dataclass(frozen=True, kw_only=True)
class Staged:
    """A step with everything it needs on this machine."""

    words: Sequence[str]  # of its command, with values
    folder: Path
    code: Path  # where it runs
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    variables: Mapping[str, str] = field(default_factory=dict)
    samples: Mapping[str, str] = field(default_factory=dict)  # input -> how much of it

    @property
    def metrics(self) -> str:
        """Address of the MLflow store that it logs to."""
        return f"sqlite:///{self.folder / 'mlflow.db'}"


def stage(client: MLClient, piece: Piece, folder: Path, amount: Amount | None = None) -> Staged:
    """Lay out a step's inputs and empty outputs in a folder.

    Args:
        client: on the workspace; data that lies there is fetched.
        piece: the step.
        folder: new; everything goes below it.
        amount: how much of each file and folder to take; all if None. Models are never cut.

    Raises:
        NotFound: data is not there.
        NotSupported: data lies outside the workspace's stores.
    """
    folder.mkdir(parents=True, exist_ok=True)
    inputs, samples = {}, {}
    for name, value in piece.inputs.items():
        if not isinstance(value, Data):
            inputs[name] = value
            continue
        place = folder / "inputs" / name
        here = _fetched(client, value, place)
        if amount is not None and value.type in _SAMPLED:
            cut = folder / "samples" / name / here.name
            if taken := sample.take(here, cut, amount):
                here, samples[name] = cut, str(taken)
        inputs[name] = str(here)
    outputs = {name: _made(folder / "outputs" / name, kind) for name, kind in piece.outputs.items()}
    work = folder / "work"
    if piece.code is None:
        work.mkdir(exist_ok=True)
    return Staged(
        words=command_line.words_of(piece.command, inputs, outputs),
        folder=folder,
        code=piece.code or work,
        inputs=inputs,
        outputs=outputs,
        variables={
            **_of_environment(piece),
            **piece.variables,
            **({VARIABLE: str(amount)} if samples else {}),
        },
        samples=samples,
    )


def require(here: Interpreter, piece: Piece, *, debugger: str) -> None:
    """Let an interpreter pass that has what the step and its debugger need.

    What it needs is decided as for a job on the twin, by its environment and TWINLOOP_ENVIRONMENT.

    Raises:
        NotSupported: the step is not one call of a Python program.
        BadUsage: TWINLOOP_ENVIRONMENT says a word that is not known.
        Refused: it lacks something; what, and how to get an interpreter that has it, is told.
    """
    command_line.require_python(piece.command)
    made = piece.runs_in.recipe if piece.runs_in else None
    closely = _closely(piece)
    missing = here.lacks(demanded(made, closely)) if made else []
    if debugger == "debugpy" and "debugpy" not in here.packages:
        missing.append("debugpy (not installed; VS Code talks to it)")
    if not missing:
        return
    plan = to_build(made, closely) if made else Wanted(python="", packages=())
    python = plan.python.removeprefix("==").removesuffix(".*") or ".".join(here.python.split(".")[:2])
    packages = " ".join(f"'{one}'" for one in plan.packages)
    backend = "--torch-backend cpu " if made and made.base.gpu and made.base.curated else ""
    raise Refused(
        f"The Python at hand lacks what step {piece.title} needs.",
        where=str(here.path),
        given="\n".join(missing),
        allowed=f"an interpreter that satisfies {piece.environment}",
        next_step=f"uv venv --python {python} .venv-{piece.title} && uv pip install {backend}--python "
        f".venv-{piece.title}/bin/python debugpy {packages}, then run it again with "
        f"--python .venv-{piece.title}/bin/python",
    )


def differs(here: Interpreter, piece: Piece) -> list[str]:
    """Where this machine is not what the step has in the cloud, in sentences."""
    if piece.runs_in and (made := piece.runs_in.recipe):
        told = list(differences(made, _closely(piece), here.python, here.versions))
        if made.bare:
            told.append("The image has Python and no package; here the step sees those of this Python.")
    else:
        why = piece.runs_in.why if piece.runs_in else ""
        told = [*piece.notes, f"It gets the packages of this Python: {why or 'nothing says which it needs'}."]
    return [*told, "It runs as you, with your rights, and not as the cluster's identity."]


def _closely(piece: Piece) -> Fidelity:
    try:
        return fidelity(piece.variables)
    except BadRecipe as error:
        raise BadUsage(
            "The step's environment_variables cannot be meant.",
            where=piece.title,
            given=str(error),
            next_step="correct environment_variables in the file, then run it again",
        ) from error


def require_free(port: int) -> None:
    """Let a port pass on which nobody listens.

    Raises:
        BadUsage: somebody does.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise BadUsage(
                "Something listens on this port already.",
                where="--listen",
                given=str(port),
                allowed="a free port from 1024 to 65535",
                next_step=f"run it again with --listen {port + 1 if port < 65535 else 5678}",  # noqa: PLR2004
            ) from error


def debugger_words(kind: str, port: int = 0) -> list[str]:
    """What stands between the interpreter and its program.

    Args:
        kind: `pdb` stops at the first line, `post-mortem` where it fails, `debugpy` waits for an editor,
            `none` just runs.
        port: for `debugpy`.
    """
    return {
        "pdb": ["-m", "pdb"],
        "post-mortem": ["-m", "pdb", "-c", "continue"],
        # frozen modules of the interpreter would hide lines from the editor
        "debugpy": [
            *("-X", "frozen_modules=off", "-m", "debugpy"),
            *("--listen", f"{HOST}:{port}", "--wait-for-client"),
        ],
        "none": [],
    }[kind]


def launch_block(staged: Staged, title: str, port: int) -> str:
    """The block for `.vscode/launch.json` that attaches to the waiting step."""
    block = {
        "name": f"Twinloop: step {title}",
        "type": "debugpy",
        "request": "attach",
        "connect": {"host": HOST, "port": port},
        "pathMappings": [{"localRoot": str(staged.code), "remoteRoot": str(staged.code)}],
        "justMyCode": True,
    }
    return json.dumps(block, indent=2)


def run(staged: Staged, python: Path, debugger: Sequence[str], *, to_stderr: bool = False) -> int:
    """Run the step to its end, on this terminal. Ctrl-C is the debugger's, not ours.

    Args:
        staged: the step.
        python: the interpreter.
        debugger: from `debugger_words`.
        to_stderr: its output is words here, as stdout carries an answer to a program.

    Returns:
        The exit code of the process.

    Raises:
        NotSupported: its command is not one call of a Python program.
    """
    variables, words = command_line.under_debugger(staged.words, str(python), debugger)
    environment = {key: value for key, value in os.environ.items() if key not in _OF_A_RUN}
    environment |= dict(staged.variables) | variables
    environment |= {
        "MLFLOW_TRACKING_URI": staged.metrics,
        "MLFLOW_EXPERIMENT_NAME": "debug",
        # else MLflow would put artifacts below the source folder
        "_MLFLOW_SERVER_ARTIFACT_ROOT": str(staged.folder / "artifacts"),
    }
    # a handler of ours keeps this process alive; the child, unlike with SIG_IGN, has the default again
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        out = _STDERR if to_stderr else None
        return subprocess.run(words, cwd=staged.code, env=environment, stdout=out, check=False).returncode
    finally:
        signal.signal(signal.SIGINT, before)


def _fetched(client: MLClient, data: Data, place: Path) -> Path:
    """A copy of the data: a step that writes into its input harms nobody's."""
    if not data.path.startswith("azureml:") and "://" not in data.path and not _is_id(data.path):
        return stores.copy(Path(data.path), place)
    return stores.fetch(client, stores.address_of(client, data.path), place, single=data.type == "uri_file")


def _of_environment(piece: Piece) -> Mapping[str, str]:
    """Variables that the environment itself sets (ENV of a Dockerfile)."""
    return piece.runs_in.recipe.variables if piece.runs_in and piece.runs_in.recipe else {}


def _is_id(path: str) -> bool:
    return path.lower().startswith("/subscriptions/")


def _made(place: Path, kind: str) -> str:
    """A place for an output: a folder, or a file's name in a folder."""
    place.mkdir(parents=True, exist_ok=True)
    return str(place / place.name) if kind == "uri_file" else str(place)


def left(staged: Staged) -> dict[str, list[str]]:
    """Files that the step wrote, by output.

    Raises:
        NotFound: the folder is gone.
    """
    if not staged.folder.is_dir():
        raise NotFound(
            "The folder of the run is gone.",
            where=str(staged.folder),
            given="no such folder",
            next_step="run the step again",
        )
    found = {}
    for name in staged.outputs:
        place = staged.folder / "outputs" / name
        found[name] = [str(path) for path in sorted(place.rglob("*")) if path.is_file()]
    return found
