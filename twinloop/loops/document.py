"""A job's YAML file as plain data, with the changes of `--set` made to it."""

from __future__ import annotations

import copy
import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from twinloop.problems import BadUsage, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Below these, keys are names that people chose: one that is not there is a slip, and the SDK would take it.
_CHOSEN = ("inputs", "outputs", "jobs")


@dataclass(frozen=True)
class Override:
    """One `--set path=value`: dotted path, value read as YAML."""

    path: tuple[str, ...]
    value: Any

    @classmethod
    def parse(cls, text: str) -> Override:
        """Read `a.b.c=value`.

        Raises:
            BadUsage: there is no `=`, an empty name, or the value is no YAML.
        """
        path, separator, value = text.partition("=")
        names = tuple(path.strip().split("."))
        if not separator or not all(names):
            raise BadUsage(
                "A change has the form path=value.",
                given=f"--set {text}",
                allowed="a dotted path and a value",
                next_step="for example: --set inputs.seed=3",
            )
        try:
            return cls(names, yaml.safe_load(value))
        except yaml.YAMLError as error:
            raise BadUsage("The value is not YAML.", given=f"--set {text}", where=str(error)) from error

    @property
    def text(self) -> str:
        """The path with dots."""
        return ".".join(self.path)


@dataclass(frozen=True)
class Document:
    """A job's file and its content after the changes."""

    path: Path
    body: dict[str, Any]
    overrides: tuple[Override, ...] = ()

    @property
    def jobs(self) -> dict[str, dict[str, Any]]:
        """Steps of a pipeline; empty for another kind of job."""
        return self.body.get("jobs") or {}


def read_yaml(path: Path) -> dict[str, Any]:
    """One YAML mapping from a file.

    Raises:
        NotFound: there is no such file.
        BadUsage: it is not YAML, or not a mapping.
    """
    try:
        body = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError) as error:
        raise NotFound("There is no such file.", where=str(path), next_step=_files_near(path)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadUsage("The file is not YAML.", where=str(path), given=str(error)) from error
    if not isinstance(body, dict):
        raise BadUsage(
            "The file is not a mapping.",
            where=str(path),
            given=type(body).__name__,
            allowed="keys with values, as in pipelines/classical/training.yml",
        )
    return body


def load(path: Path, overrides: Iterable[Override] = ()) -> Document:
    """Read a job's file and make the changes.

    Raises:
        NotFound: there is no such file.
        BadUsage: it is not a job's file, or a change meets nothing in it.
    """
    body, changes = read_yaml(path), tuple(overrides)
    for change in changes:
        body = _changed(body, change, path)
    return Document(path, body, changes)


def nearest(given: str, present: Sequence[str]) -> str:
    """`; did you mean X?` where one of the present names is close, else nothing."""
    close = difflib.get_close_matches(given, present, n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else ""


def _changed(body: dict[str, Any], change: Override, path: Path) -> dict[str, Any]:
    result = copy.deepcopy(body)
    at: Any = result
    for depth, name in enumerate(change.path):
        last = depth == len(change.path) - 1
        above = change.path[depth - 1] if depth else ""
        must_exist = not last or above in _CHOSEN
        if not isinstance(at, dict) or (must_exist and name not in at):
            present = [str(key) for key in at] if isinstance(at, dict) else []
            raise BadUsage(
                f"--set {change.text}: there is no '{name}'" + nearest(name, present),
                where=f"{path}" + (f": {'.'.join(change.path[:depth])}" if depth else ""),
                given=change.text,
                allowed=", ".join(present) or "nothing below a plain value",
            )
        if last:
            at[name] = change.value
        else:
            at = at[name]
    return result


def _files_near(path: Path) -> str:
    folder = path.parent if path.parent.is_dir() else Path()
    names = sorted(str(found) for found in folder.glob("*.y*ml"))
    if not names:
        names = sorted(str(found) for found in Path("pipelines").glob("*/*.y*ml"))
    return "there are: " + ", ".join(names) if names else "give the path of a job's YAML file"
