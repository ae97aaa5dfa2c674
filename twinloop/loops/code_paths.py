"""Whether the folders that a job's file names as `code` are there: the client's own words for it mislead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twinloop.loops.document import nearest, read_yaml
from twinloop.problems import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from twinloop.loops.document import Document


def check(document: Document) -> None:
    """Refuse a job whose own code, or that of a step or component beside it, is not there.

    Raises:
        NotFound: which key, what it names, what there is in that folder.
    """
    for where, code, folder in _named(document.body, "", document.path.parent):
        if not (folder / code).exists():
            raise _absent(document.path, where, code, folder)


def _named(body: Any, where: str, folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Key, value and the folder that it is seen from; addresses (azureml:, git+https:) are not looked for."""
    if not isinstance(body, dict):
        return  # the schema says so
    prefix = f"{where}." if where else ""
    code = body.get("code")
    if isinstance(code, str) and code and ":" not in code and "${{" not in code:
        yield f"{prefix}code", code, folder
    component = body.get("component")
    if isinstance(component, dict):
        yield from _named(component, f"{prefix}component", folder)
    elif isinstance(component, str) and not component.startswith("azureml:"):
        path = folder / component.removeprefix("file:")
        yield from _named(read_yaml(path), f"{prefix}component", path.parent)
    steps = body.get("jobs")
    for name, step in steps.items() if isinstance(steps, dict) else ():
        yield from _named(step, f"{prefix}jobs.{name}", folder)


def _absent(file: Path, where: str, code: str, folder: Path) -> NotFound:
    there = sorted(one.name for one in folder.iterdir() if one.is_dir() and not one.name.startswith("."))
    return NotFound(
        f"`code` names a folder that is not there: {folder / code}.",
        where=f"{file}: {where}",
        given=f"{code}{nearest(code, there)}",
        allowed=f"a path seen from {folder}, which has {', '.join(there) or 'no folders'}",
        next_step=f"correct it, or make that folder, then: twinloop submit {file}",
    )
