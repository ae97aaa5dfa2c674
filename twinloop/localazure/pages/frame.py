"""What every page has around it: head, navigation, who looks, and headers that let nothing foreign in."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from twinloop.localazure.core.reply import Reply
from twinloop.localazure.pages.markup import Child, Markup, el, join, link

if TYPE_CHECKING:
    from twinloop.localazure.pages.session import Viewer

STATIC = Path(__file__).parent / "static"
KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
_PLACES = (
    ("Overview", "/studio/"),
    ("Jobs", "/studio/jobs"),
    ("Models", "/studio/models"),
    ("Data", "/studio/data"),
    ("Environments", "/studio/environments"),
    ("Computes", "/studio/computes"),
    ("Endpoints", "/studio/endpoints"),
    ("Resources", "/studio/groups"),
)


def page(title: str, *body: Child, viewer: Viewer | None = None, here: str = "", status: int = 200) -> Reply:
    """A whole page.

    Args:
        title: for the tab; ` - Twinloop` is added.
        body: what `main` holds.
        viewer: who looks; navigation is shown to viewers only.
        here: address of the place in the navigation that this page belongs to.
        status: of the answer.
    """
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("title", f"{title} - Twinloop"),
        el("link", rel="icon", href=_static("mark.svg"), type="image/svg+xml"),
        el("link", rel="stylesheet", href=_static("studio.css")),
        el("script", src=_static("studio.js"), defer=True),
    )
    whole = join(
        el("a", "To the content", href="#content", class_="skip"),
        el("header", el("div", _brand(), _navigation(viewer, here), _who(viewer), class_="wide")),
        el("main", *body, id="content", class_="wide"),
    )
    html = f'<!doctype html><html lang="en">{head}{el("body", whole)}</html>'
    return Reply(status, html, HEADERS)


def refusal(status: int, title: str, why: Child, *next_steps: str, viewer: Viewer | None = None) -> Reply:
    """A page that says no: why, and what to type."""
    steps = (
        join(el("p", "Type this where the checkout is:"), el("pre", "\n".join(next_steps)))
        if next_steps
        else None
    )
    return page(
        title,
        el("section", el("h1", title), el("p", why), steps, class_="refusal"),
        viewer=viewer,
        status=status,
    )


def section(title: str, *body: Child, id_: str, note: Child = None) -> Markup:
    """A part of a page under its heading."""
    heading = el("h2", title, el("small", " ", note) if note else None)
    return el("section", heading, *body, id=id_)


def static(name: str) -> Reply | None:
    """A file of the pages' own; None if there is none of that name."""
    files = _files()
    if name not in files:
        return None
    kept = {"cache-control": "max-age=31536000, immutable", "content-type": KINDS[Path(name).suffix]}
    return Reply(200, files[name], {**HEADERS, **kept})


@cache
def _files() -> dict[str, bytes]:
    from twinloop.pictures.style import CSS

    files = {path.name: path.read_bytes() for path in STATIC.iterdir() if path.suffix in KINDS}
    files["studio.css"] += b"\n" + CSS.encode()
    return files


@cache
def _static(name: str) -> str:
    """A file's address; it changes with the content, so that browsers may keep what they have."""
    return f"/studio/static/{name}?v={hashlib.sha256(_files()[name]).hexdigest()[:12]}"


def _brand() -> Markup:
    return el(
        "a",
        el("img", src=_static("mark.svg"), alt="", width=22, height=22),
        "Twinloop",
        href="/studio/",
        class_="brand",
    )


def _navigation(viewer: Viewer | None, here: str) -> Markup | None:
    if viewer is None:
        return None
    places = [link(name, href, aria_current="page" if href == here else None) for name, href in _PLACES]
    return el("nav", places, aria_label="Places")


def _who(viewer: Viewer | None) -> Markup | None:
    if viewer is None:
        return None
    hint = "Pages show what this persona may read. To look as another: twinloop studio --as PERSONA"
    return el("span", "local Azure, seen as ", el("b", viewer.name), class_="who", title=hint)
