"""`twinloop jobs create` and `twinloop submit`: a job's file sent, whole or on a sample of its data."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from twinloop.cli import jobs_flags as flags
from twinloop.cli.options import bundled
from twinloop.cli.output import emit, say
from twinloop.cli.scene import Where, opened
from twinloop.problems import BadUsage

if TYPE_CHECKING:
    from twinloop.cli.scene import Scene
    from twinloop.loops.document import Document

YAML = (".yml", ".yaml")


@dataclass(frozen=True)
class Sending:
    """Options of both words for submitting."""

    changes: flags.Changes = None
    name: flags.JobName = ""
    stream: flags.Stream = False
    web: flags.Web = False
    sample: flags.Sample = ""
    seed: flags.Seed = 0
    register_sample: flags.RegisterSample = False
    skip_validation: flags.Validate = False
    save_as: flags.SaveAs = None


@bundled
def create(*, file: flags.File = None, sending: Sending, where: Where) -> None:
    """Submit a job's YAML file, after its wiring and what it needs were checked.

    Takes the flags of `az ml job create`. Its `-s` (stream) works where no word follows; with a word, -s
    names the stack.

    [bold]Examples[/]

      twinloop jobs create -f pipelines/classical/training.yml --stream
      twinloop jobs create -f pipelines/classical/training.yml --set inputs.rounds=200 --name rounds-200
      twinloop jobs create -f pipelines/classical/training.yml --sample 200 --stream
      twinloop jobs create -f job.yml -g GROUP -w WORKSPACE --cloud azure
    """
    send(file, sending, where)


@bundled
def submit_file(path: flags.Path_ = None, *, file: flags.File = None, sending: Sending, where: Where) -> None:
    """Submit a job's YAML file: short for `jobs create -f FILE`.

    [bold]Examples[/]

      twinloop submit pipelines/classical/training.yml --stream
      twinloop submit pipelines/classical/training.yml --set inputs.rounds=200 --web
    """
    if path and file and path != file:
        raise BadUsage(
            "Two files were given.",
            where="FILE and -f",
            given=f"{path} and -f {file}",
            allowed="one of them",
            next_step=f"twinloop submit {path}",
        )
    send(path or file, sending, where)


def send(file: Path | None, sending: Sending, where: Where) -> None:
    """Check the file, find the workspace, submit, and follow if asked to.

    Raises:
        BadUsage: there is no file, or what it says cannot be meant.
    """
    from twinloop.loops.document import Override
    from twinloop.loops.submit import read

    if where.stack.endswith(YAML):
        raise BadUsage(
            "A file stands where a stack belongs.",
            where="-s",
            given=f"-s {where.stack}",
            allowed="the name of a stack; az's -s (stream) at the end of the line, or --stream",
            next_step=f"twinloop submit {where.stack} --stream",
        )
    if sending.register_sample and not sending.sample:
        raise BadUsage(
            "There is no sample.",
            where="--register-sample",
            given="no --sample",
            allowed="with --sample ROWS or --sample SHARE%",
            next_step="leave it out: a model of the whole data is registered without it",
        )
    if sending.save_as and not sending.save_as.absolute().parent.is_dir():
        raise BadUsage(
            "There is no such folder; nothing was submitted.",
            where="--save-as",
            given=str(sending.save_as),
            allowed="a file in a folder that is there",
            next_step=f"mkdir -p '{sending.save_as.parent}', then run it again",
        )
    if file is None:
        raise BadUsage(
            "No file was given.",
            where="FILE, or -f",
            allowed="the YAML file of a job",
            next_step="twinloop jobs create -f pipelines/classical/training.yml",
        )
    document = read(file, [Override.parse(change) for change in sending.changes or []])
    with opened(where) as scene:
        job = _submitted(scene, document, sending)
        if sending.save_as:
            job.dump(sending.save_as)
        tell(scene, job, stream=sending.stream, web=sending.web)


def tell(scene: Scene, job: Any, *, stream: bool, web: bool) -> None:
    """Say what was submitted, open its page, follow it: as asked."""
    from rich.markup import escape

    from twinloop.cli.jobs_follow import followed
    from twinloop.loops.runs import state_of

    say(f"submitted [bold]{job.name}[/]")
    if job.studio_url:
        say(f"[dim]{escape(job.studio_url)}[/]")
    if web and job.studio_url:
        typer.launch(job.studio_url)
    if stream:
        followed(scene, job.name)
        return
    if scene.on_twin:
        say(f"[dim]where its environment differs from the cloud's image: twinloop jobs show {job.name}[/]")
    result = {
        "name": job.name,
        "status": state_of(job),
        "studio": job.studio_url,
        "tags": dict(job.tags or {}),
    }
    emit(result, f"{job.name}\nfollow it with: twinloop jobs stream {job.name}")


def _submitted(scene: Scene, document: Document, sending: Sending) -> Any:
    from twinloop.loops.sample import Amount
    from twinloop.loops.sampling import sampled
    from twinloop.loops.submit import Wishes, submit

    wishes = Wishes(name=sending.name, validate=not sending.skip_validation)
    if not sending.sample:
        return submit(scene.client, document, wishes)
    amount = Amount.parse(sending.sample, seed=sending.seed)
    with tempfile.TemporaryDirectory(prefix="twinloop-sample-") as folder:
        taken = sampled(scene.client, document, amount, Path(folder), register=sending.register_sample)
        tags = taken.tags(amount)
        job = submit(
            scene.client,
            taken.document,
            Wishes(name=wishes.name, validate=wishes.validate, tags=tags),
        )
    say(
        "[yellow]note:[/] every step runs, on the sample; "
        + ("a model of it may be registered" if sending.register_sample else "no model of it is registered")
    )
    for one in taken.inputs:
        say(f"[yellow]sample[/]  {one.where}: {one.taken} (seed {amount.seed}) of {one.original}")
    for uncut in taken.whole:
        say(f"[yellow]whole[/]   {uncut}: no rule to cut a file of this kind")
    return job
