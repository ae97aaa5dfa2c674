"""Files of a job: listed, looked at where they are text or a picture, downloaded."""

from __future__ import annotations

import mimetypes
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from twinloop.localazure.core.reply import FileReply, Reply
from twinloop.localazure.pages.addresses import run_page
from twinloop.localazure.pages.frame import page, refusal
from twinloop.localazure.pages.job_data import files_below, place_of, readable, uri_of
from twinloop.localazure.pages.markup import Child, Markup, el, join, link, table
from twinloop.localazure.pages.wording import counted, size
from twinloop.localazure.storage.blobs import blobs

if TYPE_CHECKING:
    from twinloop.localazure.pages.job_facts import Facts
    from twinloop.localazure.storage.info import BlobInfo

SIDES = ("inputs", "outputs", "code")
_SHOWN = 256 * 1024  # bytes of a text that a page shows
_MOST = 500  # rows of a listing
SAFE = {
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
}
"""Headers of what a job wrote: it must never run as a page of ours."""
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


def answer(facts: Facts, side: str, name: str, path: str, mode: str) -> Reply | FileReply:
    """The listing of a folder, the look at a file, or the file itself.

    Args:
        facts: of the job.
        side: one of `SIDES`.
        name: of the input or output.
        path: below it.
        mode: `download` and `picture` send the bytes; empty shows a page.
    """
    uri = uri_of(facts, side, name)
    if not uri:
        return refusal(404, "There is no such file", f"The job has no {side} '{name}'.", viewer=facts.viewer)
    place = place_of(facts.viewer, facts.job.workspace, uri)
    if place is None:
        why = f"{facts.viewer.name} has no role that reads blobs where it lies: {readable(uri)}."
        return refusal(
            403,
            "This data is not for you to read",
            why,
            "twinloop studio --as data-scientist",
            viewer=facts.viewer,
        )
    whole = "/".join(part for part in (place.path.rstrip("/"), path) if part)
    info = blobs(facts.twin).get(place.account, place.container, whole)
    if info is not None and not info.is_directory:
        return _file(facts, side, name, path, info=info, mode=mode)
    rows = [row for row in files_below(facts.viewer, place) if row[0].startswith(f"{path}/" if path else "")]
    if not rows:
        return refusal(
            404, "There is no such file", f"Nothing lies at '{readable(uri)}{path}'.", viewer=facts.viewer
        )
    return _listing(facts, side, name, path, rows)


def attachment(name: str) -> dict[str, str]:
    """Headers that make a browser keep a file under its name rather than show it."""
    leaf = quote(name, safe="")
    return {
        "content-type": "application/octet-stream",
        "content-disposition": f"attachment; filename*=UTF-8''{leaf}",
    }


def _listing(facts: Facts, side: str, name: str, path: str, rows: list[tuple[str, int]]) -> Reply:
    shown: list[tuple[Child, ...]] = []
    for below, count in rows[:_MOST]:
        parts = [side, name, below] if below else [side, name]
        shown.append(
            (link(below or name, run_page(facts.job, *parts)), size(count), _download(facts, *parts))
        )
    more = el("p", f"{len(rows) - _MOST} more are not listed.", class_="note") if len(rows) > _MOST else None
    total = f"{counted(len(rows), 'file')}, {size(sum(count for _, count in rows))}"
    hint = el(
        "p",
        "All of them: ",
        el("code", f"twinloop jobs download {facts.job.parent or facts.job.name}"),
        class_="note",
    )
    return page(
        f"{name} of {facts.job.display_name}",
        _trail(facts, side, name, path),
        el("h1", PurePosixPath(path).name or name, el("small", " ", total)),
        table(("file", "size", ""), shown),
        more,
        hint if side == "outputs" else None,
        viewer=facts.viewer,
        here="/studio/jobs",
    )


def _file(facts: Facts, side: str, name: str, path: str, *, info: BlobInfo, mode: str) -> Reply | FileReply:
    file = blobs(facts.twin).path(info)
    kind = mimetypes.guess_type(info.name)[0] or info.content_type
    if mode == "picture" and kind in _PICTURES:
        return FileReply(file, headers=SAFE | {"content-type": kind})
    if mode:
        return FileReply(file, headers=SAFE | attachment(PurePosixPath(info.name).name))
    parts = [side, name, path] if path else [side, name]
    with file.open("rb") as stream:
        data = stream.read(_SHOWN)
    return page(
        f"{PurePosixPath(info.name).name}",
        _trail(facts, side, name, path),
        el(
            "h1",
            PurePosixPath(info.name).name,
            el("small", " ", size(info.size), " ", _download(facts, *parts)),
        ),
        _look(facts, parts, kind, data, info.size),
        viewer=facts.viewer,
        here="/studio/jobs",
    )


def _look(facts: Facts, parts: list[str], kind: str, data: bytes, whole: int) -> Markup:
    if kind in _PICTURES:
        return el(
            "p", el("img", src=run_page(facts.job, *parts, mode="picture"), alt=parts[-1], class_="shown")
        )
    if b"\0" in data:
        return el("p", "It is no text; download it to open it.", class_="empty")
    text = data.decode("utf-8", "replace")
    cut = el("p", f"Its first {size(len(data))} are shown.", class_="note") if whole > len(data) else None
    return join(cut, el("pre", text, class_="file"))


def _download(facts: Facts, *parts: str) -> Markup:
    return link("download", run_page(facts.job, *parts, mode="download"), download=True)


def _trail(facts: Facts, side: str, name: str, path: str) -> Markup:
    steps: list[Child] = [
        link("Jobs", "/studio/jobs"),
        " / ",
        link(facts.job.display_name, run_page(facts.job)),
        f" / {side} / ",
    ]
    steps.append(link(name, run_page(facts.job, side, name)))
    folders = PurePosixPath(path).parts[:-1] if path else ()
    for at, folder in enumerate(folders):
        steps += [" / ", link(folder, run_page(facts.job, side, name, "/".join(folders[: at + 1])))]
    return el("p", steps, class_="trail")
