"""`twinloop jobs cancel|download`: end a job, and fetch what it has left."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twinloop.cli import jobs_flags as flags
from twinloop.cli.options import bundled
from twinloop.cli.output import emit, say, words
from twinloop.cli.scene import Where, opened
from twinloop.problems import BadUsage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LOOK = 0.5  # seconds between two looks at a folder that fills
_MB = 1_000_000


@bundled
def cancel(
    job: Annotated[str, typer.Argument(metavar="[JOB]", help="Name of the job.", show_default=False)] = "",
    *,
    name: flags.Named = "",
    where: Where,
) -> None:
    """End a job and its steps. The newest is never guessed at: what is ended must be named.

    [bold]Examples[/]

      twinloop jobs cancel JOB
    """
    from twinloop.loops import jobs

    chosen = job or name
    if not chosen:
        raise BadUsage(
            "No job is named, and what to end is not guessed.",
            where="JOB, or --name",
            allowed="the name of a job",
            next_step="twinloop jobs list --status Running --status Queued",
        )
    with opened(where) as scene:
        status = jobs.cancel(scene.client, chosen)
    later = f"is being cancelled; see its end with: twinloop jobs stream {chosen}"
    told = later if status == "CancelRequested" else f"is {status}"
    emit({"job": chosen, "status": status}, f"{chosen} {told}")


@bundled
def download(
    job: flags.Job = "",
    *,
    name: flags.Named = "",
    folder: Annotated[
        Path, typer.Option("--download-path", "--path", "-p", help="Folder to write to; made if need be.")
    ] = Path(),
    output: Annotated[
        str, typer.Option("--output-name", help="One named output, such as model.", show_default=False)
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="Logs and every output.")] = False,
    where: Where,
) -> None:
    """Fetch a job's logs, one named output, or everything; whole files or none.

    Logs go to artifacts/, outputs to named-outputs/NAME/, as az writes them.

    [bold]Examples[/]

      twinloop jobs download JOB --output-name model --path out
      twinloop jobs download JOB --all --path out
    """
    from twinloop.loops import jobs
    from twinloop.loops.download import Wanted
    from twinloop.loops.download import download as fetch

    if output and everything:
        raise BadUsage(
            "--all is every output already.",
            where="--all and --output-name",
            given=f"--all --output-name {output}",
            allowed="one",
            next_step="leave one of them out",
        )
    with opened(where) as scene:
        chosen = job or name or jobs.newest(scene.client)
        with _progress() as on_part:
            files = fetch(
                scene.client, chosen, folder=folder, wanted=Wanted(output, everything), on_part=on_part
            )
    size = sum(file.stat().st_size for file in files)
    say(f"{len(files)} files, {size / _MB:.1f} MB")
    emit([str(file) for file in files], "\n".join(str(file) for file in files))


@contextmanager
def _progress() -> Iterator[Callable[[str, Path], None]]:
    """Say which part is fetched; on a terminal, also how much of it has come."""
    out, over = words(), threading.Event()
    now: dict[str, Path] = {}

    def on_part(part: str, folder: Path) -> None:
        now.clear()
        now[part] = folder
        if not out.is_terminal:
            out.print(f"fetching {part}", markup=False)

    def look() -> None:
        with out.status("") as shown:
            while not over.wait(_LOOK):
                for part, folder in list(now.items()):
                    shown.update(f"fetching {part}: {_arrived(folder)}")

    watcher = threading.Thread(target=look, daemon=True) if out.is_terminal else None
    if watcher:
        watcher.start()
    try:
        yield on_part
    finally:
        over.set()
        if watcher:
            watcher.join()


def _arrived(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file()]
    sizes = [path.stat().st_size for path in files if path.exists()]
    return f"{len(sizes)} files, {sum(sizes) / _MB:.1f} MB so far"
