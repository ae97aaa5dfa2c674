"""Inputs, outputs and code of a job, with links to what the viewer may look into."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from twinloop.localazure.core.errors import ArmError
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.jobs.asset_lookup import asset_properties
from twinloop.localazure.jobs.records import jobs
from twinloop.localazure.pages.addresses import asset_page, run_page, short_id
from twinloop.localazure.pages.markup import Child, Markup, el, join, link, table
from twinloop.localazure.services.machinelearning.datastore_paths import locate
from twinloop.localazure.storage.blobs import BLOBS, blobs
from twinloop.localazure.storage.datastore_uri import BlobPath
from twinloop.localazure.storage.errors import StorageError

if TYPE_CHECKING:
    from twinloop.localazure.jobs.records import Job
    from twinloop.localazure.jobs.steps import Input
    from twinloop.localazure.pages.job_facts import Facts
    from twinloop.localazure.pages.session import Viewer

_STORE = re.compile(
    r"azureml://(?:subscriptions/.+?/workspaces/[^/]+/)?datastores/(?P<store>[^/]+)/paths/(?P<path>.*)"
)
_MADE = re.compile(r"/paths/azureml/(?P<run>[^/]+)/(?P<output>[^/]+)")


def place_of(viewer: Viewer, workspace: str, uri: str) -> BlobPath | None:
    """Where data lies, if it lies where this viewer may read; None else."""
    from twinloop.localazure.storage.accounts import container_id

    try:
        place = locate(viewer.twin, ArmId(workspace), uri)
        scope = container_id(viewer.twin, place.account, place.container)
    except (ArmError, StorageError):
        return None
    return place if viewer.may(f"{BLOBS}/read", scope, data=True) else None


def uri_of(facts: Facts, side: str, name: str) -> str:
    """The address of an input, an output or the code; empty if there is no such thing."""
    job = facts.job
    if side == "outputs":
        return str(job.outputs.get(name, {}).get("uri", ""))
    if side == "code" and facts.step and facts.step.code:
        return str((asset_properties(facts.twin, facts.step.code) or {}).get("codeUri") or "")
    if side == "inputs":
        if facts.step and (given := facts.step.inputs.get(name)):
            return bound(facts, given)
        return str((_declared(job).get(name) or {}).get("uri") or "")
    return ""


def bound(facts: Facts, given: Input) -> str:
    """Where an input's data lies: its own address, or that of the step's output which it is."""
    if given.uri or not given.step or facts.parent is None:
        return given.uri
    source = jobs(facts.twin).get(facts.job.workspace, facts.parent.children.get(given.step, ""))
    return str(source.outputs.get(given.output, {}).get("uri", "")) if source else ""


def readable(uri: str) -> str:
    """An address in few words: datastore and path."""
    found = _STORE.match(uri)
    if found:
        return f"{found['store']}: {found['path']}"
    return urlsplit(uri).path.strip("/") if uri.startswith("http") else uri


def maker(viewer: Viewer, workspace: str, uri: str) -> tuple[Job, str] | None:
    """The run, and its output, that an address is, where outputs lie unless they are put elsewhere."""
    found = _MADE.search(uri)
    job = jobs(viewer.twin).get(workspace, found["run"]) if found else None
    return (job, found["output"]) if job and found else None


def inputs(facts: Facts) -> Markup:
    """A table of what went in."""
    rows = _given(facts) if facts.step else _declared_rows(facts)
    return table(("input", "kind", "value"), rows) if rows else el("p", "It takes no inputs.", class_="empty")


def outputs(facts: Facts) -> Markup:
    """A table of what came out, with links to look into it."""
    rows = []
    for name, kept in facts.job.outputs.items():
        asset = kept.get("asset", "")
        kind = "models" if "/models/" in asset else "data"
        named = link(short_id(asset), asset_page(kind, asset)) if asset else None
        rows.append((name, kept["type"], _look(facts, "outputs", name, kept["uri"]), named))
    if rows:
        return table(("output", "kind", "where", "registered as"), rows)
    text = "It left no outputs." if facts.job.ended_already else "There are no outputs yet."
    return el("p", text, class_="empty")


def code(facts: Facts) -> Markup | None:
    """A link to the snapshot of the code."""
    uri = uri_of(facts, "code", "")
    return _look(facts, "code", "snapshot", uri) if uri else None


def _given(facts: Facts) -> list[tuple[Child, ...]]:
    rows: list[tuple[Child, ...]] = []
    for name, given in (facts.step.inputs if facts.step else {}).items():
        if not given.is_data:
            rows.append((name, "literal", el("code", given.value) if given.value is not None else "left out"))
            continue
        source = el("small", f"output '{given.output}' of step '{given.step}'") if given.step else None
        asset = (
            link(short_id(given.asset), asset_page("data", given.asset))
            if given.asset.startswith("/")
            else None
        )
        mode = f"{given.type}, {given.mode}" if given.mode else given.type
        shown = _look(facts, "inputs", name, bound(facts, given))
        rows.append(
            (name, mode, join(asset, " " if asset else None, shown, el("br") if source else None, source))
        )
    return rows


def _declared_rows(facts: Facts) -> list[tuple[Child, ...]]:
    rows: list[tuple[Child, ...]] = []
    for name, given in _declared(facts.job).items():
        kind = str(given.get("jobInputType", "literal"))
        uri = str(given.get("uri") or "")
        shown: Child = _look(facts, "inputs", name, uri) if uri else el("code", str(given.get("value", "")))
        rows.append((name, kind, shown))
    return rows


def _declared(job: Job) -> dict[str, dict[str, Any]]:
    return {
        name: given for name, given in (job.properties.get("inputs") or {}).items() if isinstance(given, dict)
    }


def _look(facts: Facts, side: str, name: str, uri: str) -> Markup:
    """The place in words; a link where the viewer may read it, the reason where not."""
    if not uri:
        return el("small", "not there yet")
    if place_of(facts.viewer, facts.job.workspace, uri) is None:
        hint = f"{facts.viewer.name} has no role that reads blobs there"
        return el("span", readable(uri), class_="closed", title=hint)
    return link(readable(uri), run_page(facts.job, side, name))


def files_below(viewer: Viewer, place: BlobPath) -> list[tuple[str, int]]:
    """Names (below the place) and sizes of all files there; a single file is there under the empty name."""
    base = place.path.rstrip("/")
    keeper = blobs(viewer.twin)
    single = keeper.get(place.account, place.container, base) if base else None
    if single is not None and not single.is_directory:
        return [("", single.size)]
    found = keeper.list(place.account, place.container, f"{base}/" if base else "")
    return [
        (info.name.removeprefix(f"{base}/") if base else info.name, info.size)
        for info in found
        if not info.is_directory
    ]
