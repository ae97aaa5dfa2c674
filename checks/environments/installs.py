"""Reads the commands of a Dockerfile's RUN lines: installs by pip and conda are kept, clean-ups let be."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import PurePosixPath

from checks.environments.requirements import (
    BadCondaFile,
    Wanted,
    read_conda,
    read_conda_rows,
    read_pip,
)

_ENDS = frozenset({"&&", ";", "||", "|", "&"})
_HARMLESS = frozenset(
    {"rm", "true", "echo", "mkdir", "set", ":", "cd"}
)  # no Python package comes or goes by them
_CONDA = frozenset({"conda", "mamba", "micromamba"})
_CONDA_VALUES = frozenset({"-c", "--channel", "-n", "--name", "-p", "--prefix", "--solver"})
_PIP_VALUES = frozenset({"--timeout", "--retries", "--root-user-action", "--progress-bar"})
_PIP_FLAGS = frozenset({
    "--no-cache-dir", "--no-cache", "--upgrade", "-U", "--quiet", "-q", "-qq", "--no-input", "--user",
    "--system", "--disable-pip-version-check", "--prefer-binary", "--only-binary=:all:", "--verbose", "-v",
    "--no-warn-script-location", "--break-system-packages", "--no-build-isolation", "--force-reinstall",
})  # fmt: skip
_PYTHON = re.compile(r"(.*/)?python[\d.]*")
_PIP = re.compile(r"(.*/)?pip[\d.]*")
_MORE = re.compile(r"(?:-r|--requirement)[ =]?(?P<file>\S+)")


class NotAnInstall(ValueError):
    """A command that cannot be done without a container; the message says which and why."""


def commands(text: str) -> list[list[str]]:
    """The commands of a RUN line, as words.

    Raises:
        NotAnInstall: its quotes do not close, or one command feeds or guards another.
    """
    try:
        lexer = shlex.shlex(text.removeprefix("["), posix=True, punctuation_chars=";&|")
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError as error:
        raise NotAnInstall(f"cannot be read: {error}") from error
    found: list[list[str]] = [[]]
    for word in words:
        if word in {"|", "||", "&"}:
            raise NotAnInstall(f"commands joined by '{word}' are not emulated; only '&&' and ';' are")
        if word in _ENDS:
            found.append([])
        else:
            found[-1].append(word)
    return [command for command in found if command]


class Installs:
    """What the commands seen so far have installed."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = dict(files)
        self._copied: dict[str, str] = {}  # path in the image -> text
        self._python = ""
        self._packages: list[str] = []

    def put(self, path: str, target: str, *, single: bool) -> None:
        """A file of the context was copied into the image."""
        inside = PurePosixPath(target)
        name = PurePosixPath(path).name
        if not single or target.endswith("/") or inside.name in {".", ""} or "." not in inside.name:
            inside = inside / name
        self._copied[inside.as_posix()] = self._files[path]
        self._copied[inside.name] = self._files[
            path
        ]  # WORKDIR decides where it lies; names are told apart here

    def wanted(self) -> Wanted:
        """All of it."""
        return Wanted(python=self._python, packages=tuple(dict.fromkeys(self._packages)))

    def run(self, command: list[str]) -> None:
        """One command.

        Raises:
            NotAnInstall: it does something else.
            BadCondaFile: what it installs cannot be had by pip.
        """
        words = [word for word in command if not re.fullmatch(r"[A-Z_]+=\S*", word)]
        while words and words[0] in {"sudo", "exec"}:
            words = words[1:]
        if not words or words[0] in _HARMLESS:
            return
        program = PurePosixPath(words[0]).name
        if program in _CONDA:
            self._conda(program, words[1:])
        elif program == "uv" and words[1:2] == ["pip"]:
            self._pip(words[2:])
        elif _PYTHON.fullmatch(words[0]) and words[1:3] == ["-m", "pip"]:
            self._pip(words[3:])
        elif _PIP.fullmatch(words[0]):
            self._pip(words[1:])
        elif program in {"apt-get", "apt", "yum", "apk", "dnf"}:
            raise NotAnInstall("system packages cannot be had without a container")
        else:
            raise NotAnInstall(f"'{program}' is neither pip nor conda")

    def _pip(self, words: list[str]) -> None:
        if words[:1] in (["cache"], ["check"], ["list"], ["config"], ["--version"]):
            return
        if words[:1] != ["install"]:
            raise NotAnInstall(f"pip {' '.join(words[:1])} is not emulated; only pip install is")
        rest = iter(words[1:])
        for word in rest:
            if word in {"-r", "--requirement"} or word.startswith("--requirement="):
                self._requirements(word.partition("=")[2] or next(rest, ""))
            elif word in _PIP_VALUES:
                next(rest, "")
            elif word in _PIP_FLAGS or word.partition("=")[0] in _PIP_VALUES:
                continue
            elif word.startswith("-"):
                raise NotAnInstall(f"pip's option {word.partition('=')[0]} is not emulated")
            elif word.startswith((".", "/")) or word.endswith((".whl", ".tar.gz", ".zip")):
                raise NotAnInstall(
                    f"'{word}' is a file or folder of the image, which is not there; name a package"
                )
            else:
                self._add(read_pip(word))

    def _requirements(self, name: str) -> None:
        folder = PurePosixPath(name).parent
        for number, raw in enumerate(self._text(name).splitlines(), 1):
            line = re.split(r"(?:^|\s)#", raw)[0].split(" --hash")[0].strip().removesuffix("\\").strip()
            if not line or line.startswith("--hash"):
                continue
            if found := _MORE.fullmatch(line):
                self._requirements((folder / found["file"]).as_posix())
                continue
            try:
                self._add(read_pip(line))
            except BadCondaFile as error:
                raise NotAnInstall(f"{name} line {number}: {error}") from error

    def _conda(self, program: str, words: list[str]) -> None:
        verb = next((word for word in words if not word.startswith("-")), "")
        rest = words[words.index(verb) + 1 :] if verb else []
        if verb in {"clean", "init", "config", "activate", "info", "list"}:
            return
        if verb == "run":
            self.run(_without(rest))
        elif verb == "env" and rest[:1] in (["create"], ["update"]):
            self._conda_file(rest[1:])
        elif verb in {"install", "create"}:
            if any(word in {"-f", "--file"} or word.startswith("--file=") for word in rest):
                self._conda_file(rest)
            else:
                self._take(read_conda_rows(_without(rest, options=True)))
        else:
            raise NotAnInstall(
                f"{program} {verb} is not emulated; install, create, env create, env update, run are"
            )

    def _conda_file(self, words: list[str]) -> None:
        rest = iter(words)
        for word in rest:
            if word in {"-f", "--file"} or word.startswith("--file="):
                self._take(read_conda(self._text(word.partition("=")[2] or next(rest, ""))))
                return
        raise NotAnInstall("no -f FILE; name the conda file")

    def _take(self, wanted: Wanted) -> None:
        self._python = wanted.python or self._python
        for package in wanted.packages:
            self._add(package)

    def _add(self, package: str) -> None:
        name = re.split(r"[\s<>=!~\[;@]", package, maxsplit=1)[0].lower()
        if name not in {"pip", "setuptools", "wheel", "uv", "conda", "mamba"}:
            self._packages.append(package)

    def _text(self, name: str) -> str:
        for path in (name, PurePosixPath(name).as_posix().removeprefix("./"), PurePosixPath(name).name):
            if path in self._copied:
                return self._copied[path]
        mounted = name.removeprefix("./")
        if mounted in self._files:
            raise NotAnInstall(f"'{name}' is in the context, and no COPY brings it into the image")
        raise NotAnInstall(f"'{name}' is not in the build context")


def _without(words: list[str], *, options: bool = False) -> list[str]:
    """The words after conda's own options; without any option at all if `options`."""
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in _CONDA_VALUES:
            next(rest, "")
        elif word.startswith("-") and (options or not kept):
            continue
        else:
            kept.append(word)
    return kept
