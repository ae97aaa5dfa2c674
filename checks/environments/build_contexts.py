"""Reads a build context: a Dockerfile that only installs Python packages becomes a list of them.

No container is built here. What is read: one FROM of a known image; RUN with pip or conda installs; COPY and
ADD of requirement and conda files; ENV, ARG; and what has no effect on a job (LABEL, WORKDIR, USER, EXPOSE,
CMD, ENTRYPOINT). Every other line is refused by its number, all at once.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from checks.environments.dockerfile import Line, lines
from checks.environments.images import Base, base_of
from checks.environments.installs import Installs, NotAnInstall, commands
from checks.environments.requirements import Wanted

_QUIET = frozenset(
    {"LABEL", "MAINTAINER", "WORKDIR", "USER", "EXPOSE", "CMD", "ENTRYPOINT", "SHELL", "STOPSIGNAL"}
)
_INSIDE = frozenset(
    {"PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "HOME", "VIRTUAL_ENV"}
)
_TEXTS = (".txt", ".yml", ".yaml", ".in", ".lock", ".toml", ".cfg")
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)(?::?-(?P<default>[^}]*))?\}|(?P<plain>\w+))")


class BadContext(ValueError):
    """A build context that cannot be had here; the message names every line that stands in the way."""


@dataclass(frozen=True, kw_only=True)
class Built:
    """What a build context comes to."""

    base: Base
    wanted: Wanted
    variables: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_context(files: Mapping[str, str], dockerfile: str = "Dockerfile") -> Built:
    """The packages and variables of a Dockerfile.

    Args:
        files: texts of the context by path below it.
        dockerfile: path of the Dockerfile in it.

    Raises:
        BadContext: it is not there, or does what cannot be done without a container.
    """
    name = PurePosixPath(dockerfile).as_posix().removeprefix("./")
    if name not in files:
        there = ", ".join(sorted(files)[:8]) or "nothing"
        raise BadContext(
            f"the build context has no '{name}'; it has {there}. Name it by build.dockerfile_path"
        )
    return _Reader(files, name).read()


class _Reader:
    """One reading of one Dockerfile."""

    def __init__(self, files: Mapping[str, str], name: str) -> None:
        self.files, self.name = files, name
        self.base: Base | None = None
        self.values: dict[str, str] = {}  # of ARG and ENV, for what follows
        self.variables: dict[str, str] = {}
        self.inside: list[str] = []
        self.installs = Installs(files)
        self.problems: list[str] = []

    def read(self) -> Built:
        for line in lines(self.files[self.name]):
            try:
                self._line(line)
            except ValueError as error:  # an install, an image or quotes that cannot be read
                self.problems.append(f"{self.name} line {line.number}: {line.shown}: {error}")
        if self.base is None and not self.problems:
            self.problems.append(f"{self.name}: no FROM line")
        if self.problems or self.base is None:
            raise BadContext(
                "this Dockerfile does what needs a container, and none is run here:\n"
                + "\n".join(f"    {problem}" for problem in self.problems)
                + "\n    What can be had: one FROM of a known image, COPY of requirement and conda files, "
                "RUN with pip or conda installs, ENV. Or give an image with a conda_file"
            )
        notes = (
            [f"{', '.join(self.inside)} of the Dockerfile's ENV lie inside the image and are not set here"]
            if (self.inside)
            else []
        )
        return Built(
            base=self.base, wanted=self.installs.wanted(), variables=self.variables, notes=tuple(notes)
        )

    def _line(self, line: Line) -> None:
        word = line.word
        if word == "FROM":
            self._from(line)
        elif word == "ARG":
            name, _, value = line.rest.partition("=")
            self.values[name.strip()] = value.strip().strip("\"'")
        elif word == "ENV":
            self._env(line.rest)
        elif word in {"COPY", "ADD"}:
            self._copy(line.rest)
        elif word == "RUN":
            for command in commands(line.rest):
                self.installs.run([self._expanded(part) for part in command])
        elif word not in _QUIET:
            raise NotAnInstall(f"{word} is not emulated")

    def _from(self, line: Line) -> None:
        if self.base is not None:
            raise NotAnInstall("a second FROM: builds in several stages are not emulated; one stage is read")
        words = [word for word in self._expanded(line.rest).split() if not word.startswith("--")]
        self.base = base_of(words[0] if words else "")

    def _env(self, rest: str) -> None:
        pairs = shlex.split(rest)
        if pairs and "=" not in pairs[0]:  # ENV NAME the whole rest
            name, _, value = rest.partition(" ")
            pairs = [f"{name}={value.strip()}"]
        for pair in pairs:
            name, _, value = pair.partition("=")
            value = self._expanded(value)
            self.values[name] = value
            if name in _INSIDE:
                self.inside.append(name)
            else:
                self.variables[name] = value

    def _copy(self, rest: str) -> None:
        words = [
            self._expanded(word)
            for word in (rest.strip("[]").replace(",", " ") if rest.startswith("[") else rest).split()
        ]
        words = [word.strip("\"'") for word in words]
        if any(word.startswith("--from") for word in words):
            raise NotAnInstall("files of another stage or image cannot be had here")
        sources = [word for word in words if not word.startswith("--")][:-1]
        target = words[-1] if words else ""
        for source in sources:
            self._copied(source, target, single=len(sources) == 1)

    def _copied(self, source: str, target: str, *, single: bool) -> None:
        path = PurePosixPath(source).as_posix().removeprefix("./")
        if path not in self.files:
            raise NotAnInstall(
                f"'{source}' is no text file of the context; only requirement and conda files can be copied. "
                "A job's own code comes by `code:`"
            )
        if not path.endswith(_TEXTS):
            raise NotAnInstall(
                f"'{source}' is no requirement or conda file; "
                "a job's own code comes by `code:`, data as an input"
            )
        self.installs.put(path, target, single=single)

    def _expanded(self, text: str) -> str:
        def value(found: re.Match[str]) -> str:
            name = found["braced"] or found["plain"]
            return self.values.get(name) or found["default"] or (found[0] if name not in self.values else "")

        return _VARIABLE.sub(value, text)
