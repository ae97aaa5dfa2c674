"""`twinloop jobs rerun|debug`: one step again, on the cluster or under a debugger on this machine."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twinloop.cli import jobs_flags as flags
from twinloop.cli.jobs_create import tell
from twinloop.cli.options import bundled
from twinloop.cli.output import console, emit, say, wants_json
from twinloop.cli.scene import Where, opened
from twinloop.problems import BadUsage, Problem

if TYPE_CHECKING:
    from twinloop.cli.scene import Scene
    from twinloop.loops.document import Override
    from twinloop.loops.interpreters import Interpreter
    from twinloop.loops.laptop import Staged
    from twinloop.loops.pieces import Piece

StepName = Annotated[
    str, typer.Option("--step", help="The step, as the pipeline names it.", show_default=False)
]
Code = Annotated[
    Path | None,
    typer.Option(
        "--code", help="Folder with the edited source; the code as it was if left out.", show_default=False
    ),
]
Values = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="inputs.NAME=VALUE", help="Another value; repeatable.", show_default=False),
]


@dataclass(frozen=True)
class Which:
    """Options that say which step is meant, and what is to be different."""

    step: StepName = ""
    code: Code = None
    changes: Values = None

    @property
    def overrides(self) -> list[Override]:
        """The other values.

        Raises:
            BadUsage: one of them is no change.
        """
        from twinloop.loops.document import Override

        return [Override.parse(change) for change in self.changes or []]


@bundled
def rerun(
    job: Annotated[str, typer.Argument(help="The job that the step ran in.")],
    *,
    which: Which,
    compute: Annotated[str, typer.Option("--compute", help="Another cluster.", show_default=False)] = "",
    new_name: flags.JobName = "",
    stream: flags.Stream = False,
    web: flags.Web = False,
    where: Where,
) -> None:
    """Run one step again alone, as a job of its own, with the inputs that it really had.

    What earlier steps left is read where they left it. Without --step it is the step that failed. Tags of
    the new job lead back to the run it was made from.

    [bold]Examples[/]

      twinloop jobs rerun JOB --stream
      twinloop jobs rerun JOB --step train --code components/train_classifier/src --stream
      twinloop jobs rerun JOB --step train --set inputs.rounds=10
    """
    from twinloop.loops import rerun as again
    from twinloop.loops import steps

    made = again.Changes(code=which.code, compute=compute, inputs=tuple(which.overrides))
    with opened(where) as scene:
        found = steps.find(scene.client, job, which.step)
        sent = again.submit(scene.client, found, made, name=new_name)
        title = f"step {found.name} of {found.pipeline}" if found.pipeline else f"job {found.job}"
        source = f"code of {which.code}" if which.code else "its code as it was"
        say(f"{title}, with {source} and {len(found.given)} inputs as they were bound")
        tell(scene, sent, stream=stream, web=web)


@dataclass(frozen=True)
class HowToDebug:
    """Options that decide how the step is run here."""

    listen: Annotated[
        int,
        typer.Option(
            "--listen",
            metavar="PORT",
            min=0,
            max=65535,
            help="Wait for VS Code on this port (5678 is usual), instead of pdb here.",
            show_default=False,
        ),
    ] = 0
    until_failure: Annotated[
        bool,
        typer.Option("--until-failure", help="Stop where it fails, and not at its first line."),
    ] = False
    plainly: Annotated[bool, typer.Option("--no-debugger", help="Only run it.")] = False
    python: Annotated[
        Path | None,
        typer.Option("--python", help="Interpreter that runs it; this one if left out.", show_default=False),
    ] = None
    folder: Annotated[
        Path | None,
        typer.Option(
            "--path",
            "-p",
            help="Folder for inputs, outputs and metrics; one is made if left out.",
            show_default=False,
        ),
    ] = None

    @property
    def kind(self) -> str:
        """The debugger.

        Raises:
            BadUsage: more than one was asked for.
        """
        asked = [
            kind
            for kind, given in (
                ("debugpy", self.listen), ("post-mortem", self.until_failure), ("none", self.plainly)
            )
            if given
        ]  # fmt: skip
        if len(asked) > 1:
            raise BadUsage(
                "One debugger at a time.",
                where="twinloop jobs debug",
                given=", ".join(asked),
                allowed="one of --listen PORT, --until-failure, --no-debugger",
                next_step="leave all but one of them out",
            )
        return (asked or ["pdb"])[0]


@bundled
def debug(
    path: flags.Path_ = None,
    *,
    file: flags.File = None,
    job: Annotated[
        str,
        typer.Option(
            "--job", help="A job that ran: its inputs, and without a file its code.", show_default=False
        ),
    ] = "",
    which: Which,
    sample: flags.Sample = "",
    seed: flags.Seed = 0,
    how: HowToDebug,
    where: Where,
) -> None:
    """Run one step under a debugger on this machine; no job is submitted.

    Its inputs are copied into a folder: files of this machine, data of the workspace, and what earlier steps
    left in a job (the newest of this file, or --job). Its outputs and its metrics stay in that folder. It
    runs in its source folder, so that breakpoints are where you edit.

    [bold]Examples[/]

      twinloop jobs debug pipelines/classical/training.yml --step prepare
      twinloop jobs debug pipelines/classical/training.yml --step train --sample 100 --listen 5678
      twinloop jobs debug --job JOB --step train --until-failure
    """
    from twinloop.loops import interpreters, laptop
    from twinloop.loops.sample import Amount

    if path and file and path != file:
        raise BadUsage(
            "Two files were given.",
            where="FILE and -f",
            given=f"{path} and -f {file}",
            allowed="one of them",
            next_step=f"twinloop jobs debug {path}",
        )
    source = path or file
    if source is None and not job:
        raise BadUsage(
            "Neither a file nor a job is named.",
            where="FILE, or --job",
            allowed="FILE --step NAME, or --job JOB --step NAME",
            next_step="twinloop jobs debug pipelines/classical/training.yml --step prepare",
        )
    kind = how.kind
    amount = Amount.parse(sample, seed=seed) if sample else None
    if how.listen:
        laptop.require_free(how.listen)
    python = interpreters.look_at(how.python.absolute() if how.python else Path(sys.executable))
    with opened(where) as scene:
        folder = how.folder or _new_folder(scene, which.step or "job")
        folder = folder.resolve()
        piece = _piece(scene, source, job, which, folder)
        laptop.require(python, piece, debugger=kind)
        staged = laptop.stage(scene.client, piece, folder, amount)
        _say_where(piece, staged, python)
        if how.listen:
            console().print(
                laptop.launch_block(staged, piece.title, how.listen), markup=False, soft_wrap=True
            )
            say(f"paste this into the configurations of .vscode/launch.json; waiting on port {how.listen}")
        code_of_end = laptop.run(
            staged,
            python.path,
            laptop.debugger_words(kind, how.listen),
            to_stderr=wants_json(),
        )
    _tell_end(piece, staged, code_of_end)


def _piece(scene: Scene, source: Path | None, job: str, which: Which, folder: Path) -> Piece:
    from twinloop.loops import pieces, rerun, steps, written_steps
    from twinloop.loops.submit import read

    if source is None:
        found = rerun.changed(steps.find(scene.client, job, which.step), which.overrides)
        return pieces.of_run(scene.client, found, code=which.code, folder=folder / "code")
    document = read(source)
    written = rerun.changed(written_steps.find(document, which.step), which.overrides)
    piece = pieces.of_file(scene.client, document, written, job=job)
    return pieces.with_code(piece, which.code) if which.code else piece


def _new_folder(scene: Scene, title: str) -> Path:
    return scene.home.make().root / "debug" / f"{title}-{time.strftime('%Y%m%d-%H%M%S')}"


def _say_where(piece: Piece, staged: Staged, python: Interpreter) -> None:
    from rich.markup import escape

    from twinloop.loops import laptop

    for label, text in (
        ("step", piece.title),
        ("command", " ".join(staged.words)),
        ("source", str(staged.code)),
        ("inputs", f"{staged.folder}/inputs" + (f", left by job {piece.fed_by}" if piece.fed_by else "")),
        *(("sample", f"{name}: {taken}") for name, taken in staged.samples.items()),
        ("outputs", f"{staged.folder}/outputs"),
        ("python", f"{python.path} ({python.python})"),
        *(("differs", one) for one in laptop.differs(python, piece)),
    ):
        say(f"[dim]{label:<8}[/] {escape(text)}")


def _tell_end(piece: Piece, staged: Staged, code: int) -> None:
    from twinloop.loops import laptop

    files = laptop.left(staged)
    result: dict[str, Any] = {
        "step": piece.title,
        "exitCode": code,
        "folder": str(staged.folder),
        "outputs": files,
        "metrics": staged.metrics,
    }
    if code:
        problem = Problem(
            f"Step {piece.title} ended with exit code {code}.",
            where=str(staged.code),
            given=" ".join(staged.words),
            next_step="run it again with --until-failure to look at where it fails",
        )
        problem.result = result
        raise problem
    if not wants_json():
        say(f"[green]step {piece.title} ended[/]")
        if (staged.folder / "mlflow.db").exists():
            say(f"see its metrics with: mlflow ui --backend-store-uri {staged.metrics}")
    lines = [file for found in files.values() for file in found]
    emit(result, "\n".join(lines) if lines else "It wrote no output.")
