"""The workspace file that every Azure ML client reads: found as `MLClient.from_config()` does; written."""

from __future__ import annotations

import json
import os
import secrets
from itertools import product
from pathlib import Path
from typing import Any

from twinloop.problems import BadUsage, NotFound, Refused

CONFIG = Path(".azureml") / "config.json"
_KEYS = ("subscription_id", "resource_group", "workspace_name")
_FOLDERS = (".azureml", "aml_config", "")  # the client's own order: each is looked for all the way up
_FILES = ("config.json", "project.json")
_LEVELS = 20
_SCOPE_PARTS = 9  # of an ARM id with a workspace's name at its end

Names = tuple[str, str, str]  # subscription, group, workspace


def content(subscription: str, group: str, name: str) -> dict[str, str]:
    """What the file holds."""
    return dict(zip(_KEYS, (subscription, group, name), strict=True))


def nearest(start: Path) -> tuple[Path, Names] | None:
    """The workspace file that `MLClient.from_config()` would take from a folder; None when there is none.

    A `config.json` that lies in no folder of its own may be anybody's: one without a workspace is passed by.

    Raises:
        BadUsage: the file is not JSON or lacks a key.
    """
    here = start.resolve()
    folders = (here, *here.parents)[: _LEVELS + 1]
    for below, name in product(_FOLDERS, _FILES):
        for folder in folders:
            path = folder / below / name
            if path.is_file():
                try:
                    return path, read(path)
                except BadUsage:
                    if below:
                        raise
    return None


def read(path: Path) -> Names:
    """Subscription, group and workspace of a file.

    Raises:
        BadUsage: the file is not JSON or lacks a key.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return _names(document)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadUsage(
            "The workspace file cannot be read.",
            where=str(path),
            given=f"{type(error).__name__}: {error}",
            allowed="a JSON object with " + ", ".join(_KEYS),
            next_step="twinloop workspace config -s dev --force   (writes it anew)",
        ) from error


def write(names: Names, folder: Path, *, force: bool = False) -> Path:
    """Write `.azureml/config.json` below a folder, in one step.

    Raises:
        NotFound: there is no such folder.
        Refused: the file names another workspace, or cannot be read, and `force` is off.
    """
    if not folder.is_dir():
        raise NotFound(
            "There is no such folder.",
            where=str(folder),
            given=f"--path {folder}",
            next_step=f"mkdir -p {folder}",
        )
    path = folder / CONFIG
    if path.exists() and not force:
        _refuse_other(path, names)
    path.parent.mkdir(exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("x", encoding="utf-8") as stream:
            stream.write(json.dumps(content(*names), indent=2) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path


def _refuse_other(path: Path, names: Names) -> None:
    try:
        present = read(path)
    except BadUsage:
        given = "a file that is no workspace file"
    else:
        if tuple(text.lower() for text in present) == tuple(text.lower() for text in names):
            return
        given = f"workspace {present[2]} of {present[1]} in subscription {present[0]}"
    raise Refused(
        "There is a workspace file already, and it names something else; it was left as it is.",
        where=str(path),
        given=given,
        allowed=f"workspace {names[2]} of {names[1]}, or --force to write over it",
        next_step="run it again with --force, or with --path FOLDER for another place",
    )


def _names(document: dict[str, Any]) -> Names:
    """The three names, from keys of their own or from the `Scope` that older clients wrote."""
    if scope := document.get("Scope"):
        parts = str(scope).split("/")
        if len(parts) < _SCOPE_PARTS:
            raise ValueError(f"Scope is no workspace's id: {scope}")
        return parts[2], parts[4], parts[8]
    subscription, group, name = (str(document[key]) for key in _KEYS)
    return subscription, group, name
