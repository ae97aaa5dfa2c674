"""A job's YAML file as plain data, with the changes of `--set` made to it."""

from __future__ import annotations

import copy
import difflib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from twinloop.problems import BadUsage, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class _OnceEach(yaml.SafeLoader):
    """Reads YAML in which a key stands once: of two, the client would take the last in silence."""

    def construct_mapping(  # the parameters are PyYAML's
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002
    ) -> dict[Any, Any]:
        """A mapping, if none of its keys stands twice."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        problem=f"the key '{key.value}' stands twice", problem_mark=key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


_MERGE = "tag:yaml.org,2002:merge"
_SHOWN = 6  # files that are named where one is missing
_INDEX = re.compile(r"\[(\d+)\]")  # az's way to write a place in a list


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
        names = tuple(_INDEX.sub(r".\1", path.strip()).split("."))
        if not separator or not all(names):
            raise BadUsage(
                "A change has the form path=value.",
                where="--set",
                given=f"--set {text}",
                allowed="a dotted path and a value",
                next_step="for example: --set inputs.seed=3",
            )
        try:
            return cls(names, yaml.safe_load(value))
        except yaml.YAMLError as error:
            raise BadUsage(
                "The value is not YAML.",
                where=f"--set{_line_of(error)}",
                given=f"{text}: {_words_of(error)}",
                allowed="a number, a word, or YAML in quotes",
                next_step=f"for example: --set '{path}=\"...\"'",
            ) from error

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
    written: dict[str, Any] = field(default_factory=dict)
    """The content of the file itself, before the changes."""

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
        body = yaml.load(path.read_text(encoding="utf-8"), _OnceEach)  # noqa: S506 - made from SafeLoader
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise NotFound(
            "This is a folder, not a file." if path.is_dir() else "There is no such file.",
            where=str(path),
            given=path.name,
            next_step=_files_near(path),
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadUsage(
            "The file is not YAML.",
            where=f"{path}{_line_of(error)}",
            given=_words_of(error),
            allowed="YAML, as in pipelines/quickstart/job.yml",
            next_step=f"put {path} right, then run it again",
        ) from error
    if not isinstance(body, dict):
        raise BadUsage(
            "The file is not a mapping.",
            where=str(path),
            given=type(body).__name__,
            allowed="keys with values, as in pipelines/classical/training.yml",
            next_step=f"put {path} right, then run it again",
        )
    return body


def load(path: Path, overrides: Iterable[Override] = ()) -> Document:
    """Read a job's file and make the changes.

    Raises:
        NotFound: there is no such file.
        BadUsage: it is not a job's file, or a change meets nothing in it.
    """
    written, changes = read_yaml(path), tuple(overrides)
    body = written
    for change in changes:
        body = _changed(body, change, path)
    return Document(path, body, changes, written)


def nearest(given: str, present: Sequence[str]) -> str:
    """`; did you mean X?` where one of the present names is close, else nothing."""
    close = difflib.get_close_matches(given, present, n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else ""


def _changed(body: dict[str, Any], change: Override, path: Path) -> dict[str, Any]:
    """The body with one value changed; keys that are missing on the way are added, as az adds them.

    Raises:
        BadUsage: the way leads through a plain value, or names a step that the pipeline does not have.
    """
    result = copy.deepcopy(body)
    at: Any = result
    for depth, name in enumerate(change.path):
        where = f"{path}" + (f": {'.'.join(change.path[:depth])}" if depth else "")
        key = _key(at, name, change, where)
        is_step = depth == 1 and change.path[0] == "jobs"
        if is_step and isinstance(at, dict) and name not in at:
            present = [str(one) for one in at]
            raise BadUsage(
                f"--set {change.text}: there is no step '{name}'" + nearest(name, present),
                where=where,
                given=change.text,
                allowed=", ".join(present) or "the file has no steps",
                next_step=f"run it again with --set jobs.{present[0]}..."
                if present
                else "leave this --set out",
            )
        if depth == len(change.path) - 1:
            at[key] = change.value
        elif isinstance(at, dict) and at.get(key) is None:
            at[key] = {}
        at = at[key]
    return result


def _key(at: Any, name: str, change: Override, where: str) -> str | int:
    """What a name of a path means where it stands: a key of a mapping, or a place in a list."""
    if isinstance(at, dict):
        return name
    if isinstance(at, list) and name.isdigit() and int(name) < len(at):
        return int(name)
    raise BadUsage(
        f"--set {change.text}: there is nothing named '{name}' here.",
        where=where,
        given=repr(at) if not isinstance(at, list) else f"a list of {len(at)}",
        allowed=f"a number from 0 to {len(at) - 1}" if isinstance(at, list) and at else "no name below it",
        next_step=f"set the whole value: --set {'.'.join(change.path[: change.path.index(name)])}=VALUE",
    )


def _files_near(path: Path) -> str:
    folder = path if path.is_dir() else path.parent if path.parent.is_dir() else Path()
    names = sorted(str(found) for found in folder.glob("*.y*ml"))
    if not names:
        names = sorted(str(found) for found in Path("pipelines").glob("*/*.y*ml"))
    shown = ", ".join(names[:_SHOWN]) + (" ..." if names[_SHOWN:] else "")
    return f"there are: {shown}" if names else "give the path of a job's YAML file"


def _line_of(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def _words_of(error: Exception) -> str:
    return " ".join(str(getattr(error, "problem", "") or error).split())
