"""A job's file with samples in place of its data, each uploaded as an input of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinloop.loops import sample, stores
from twinloop.loops.document import Override
from twinloop.problems import BadUsage, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure.ai.ml import MLClient

    from twinloop.loops.document import Document
    from twinloop.loops.sample import Amount, Taken

TAG = "twinloop.sample"
# Variables of each step: how much of the data it sees; whether a model of it may be registered.
VARIABLE, REGISTER = "TWINLOOP_SAMPLE", "TWINLOOP_REGISTER_SAMPLE"
_TYPES = ("uri_file", "uri_folder")


@dataclass(frozen=True)
class Sampled:
    """One input of which a sample was taken."""

    where: str  # dotted path in the file
    original: str
    taken: Taken


@dataclass(frozen=True)
class SampledDocument:
    """A job's file that reads samples; the data that it read before is untouched."""

    document: Document
    inputs: tuple[Sampled, ...]
    whole: tuple[str, ...]  # inputs that stay as they are: there is no rule for them

    def tags(self, amount: Amount) -> dict[str, str]:
        """Tags that say, on the job, that its data is a sample and of what."""
        told = {
            f"{TAG}.{one.where.removeprefix('inputs.')}": (
                f"{one.taken}, seed {amount.seed}, of {one.original}"
            )
            for one in self.inputs
        }
        return {TAG: str(amount), **told}


def sampled(
    client: MLClient, document: Document, amount: Amount, folder: Path, *, register: bool = False
) -> SampledDocument:
    """Take a sample of each file and folder that a job's file names as data.

    Args:
        client: on the workspace, for data that lies in it.
        document: the job's file.
        amount: how much of each.
        folder: to write samples to; they are needed until the job was submitted.
        register: tell the steps that a model of the sample may be registered.

    Raises:
        BadUsage: nothing in the file is data of which a sample can be taken.
    """
    taken, whole, changes = [], [], []
    for path, original, kind in _data(document.body):
        where = ".".join(path)
        place = folder / "whole" / where
        source = located(client, document.path.parent, original, place, single=kind == "uri_file")
        target = folder / "sample" / where / source.name
        found = sample.take(source, target, amount)
        if found is None:
            whole.append(f"{where}: {original}")
            continue
        taken.append(Sampled(where, original, found))
        changes.append(Override((*path, "path"), str(target.resolve())))
    if not taken:
        raise BadUsage(
            "Nothing in this file is data of which a sample can be taken.",
            where=str(document.path),
            given="; ".join(whole) or "no input of type uri_file or uri_folder with a path",
            allowed="files that end in " + ", ".join(sample.TABULAR) + ", or folders",
            next_step="submit it without --sample",
        )
    changes += _told(document, amount, register=register)
    body = document.body
    for change in changes:
        body = _with(body, change)
    made = replace(document, body=body, overrides=(*document.overrides, *changes))
    return SampledDocument(made, tuple(taken), tuple(whole))


def located(client: MLClient, base: Path, path: str, folder: Path, *, single: bool) -> Path:
    """Data of a job's file on this machine: where it lies, or fetched to a folder.

    Raises:
        NotFound: it is not there.
    """
    if not path.startswith("azureml:") and "://" not in path:
        here = (base / path.removeprefix("file:")).resolve()
        if not here.exists():
            raise NotFound(
                "There is no such file or folder.",
                where=str(here),
                given=path,
                next_step="correct the path in the file, or with --set inputs.NAME.path=PATH",
            )
        return here
    return stores.fetch(client, stores.address_of(client, path), folder, single=single)


def _data(body: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Every input that names a file or folder: the job's own, and those given to a step directly."""
    places: list[tuple[tuple[str, ...], dict[str, Any]]] = [(("inputs",), body.get("inputs") or {})]
    places += [
        (("jobs", name, "inputs"), step.get("inputs") or {})
        for name, step in (body.get("jobs") or {}).items()
    ]
    for above, inputs in places:
        for name, given in inputs.items():
            if not (isinstance(given, dict) and given.get("path")):
                continue
            kind, path = str(given.get("type") or "uri_folder"), str(given["path"])
            if kind in _TYPES and not path.startswith("${{"):
                yield (*above, name), path, kind


def _told(document: Document, amount: Amount, *, register: bool) -> Iterator[Override]:
    """Variables of each command that say that it runs on a sample."""
    variables = {VARIABLE: str(amount), **({REGISTER: "yes"} if register else {})}
    steps: list[tuple[str, ...]] = [
        ("jobs", name) for name, step in document.jobs.items() if step.get("type", "command") == "command"
    ]
    for step in steps if document.body.get("type") == "pipeline" else [()]:
        for name, value in variables.items():
            yield Override((*step, "environment_variables", name), value)


def _with(body: dict[str, Any], change: Override) -> dict[str, Any]:
    """The body with another value at a path; what is missing on the way is added."""
    first, *rest = change.path
    inner = _with(body.get(first) or {}, Override(tuple(rest), change.value)) if rest else change.value
    return {**body, first: inner}
