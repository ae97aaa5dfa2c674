"""What a conda file asks for, in pip's words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

_NAMES = Path(__file__).with_name("conda_names.toml")
_CONDA = re.compile(r"(?:(?P<channel>[\w.-]+)::)?(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)\s*(?P<spec>.*)")
_TOOLS = frozenset(
    {"pip", "setuptools", "wheel"}
)  # what conda brings to have pip; a job does not lean on them


class BadCondaFile(ValueError):
    """A conda file that cannot be read; the message says what is wrong and what is allowed."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What an environment must have."""

    python: str  # version specifier; empty for any
    packages: tuple[str, ...]  # requirements as pip writes them


def read_conda(given: Any) -> Wanted:
    """What a conda file asks for, in pip's words.

    Args:
        given: its text, or what it holds.

    Raises:
        BadCondaFile: it is not a conda file, or has a requirement that pip has no word for.
    """
    try:
        doc = (yaml.safe_load(given) if isinstance(given, str) else given) or {}
    except yaml.YAMLError as error:
        raise BadCondaFile(f"the conda file is not YAML: {error}") from error
    if not isinstance(doc, dict):
        raise BadCondaFile("the conda file is not a mapping; it needs `dependencies:`, a list")
    rows, pip = [], []
    for row in doc.get("dependencies") or []:
        if isinstance(row, dict):
            pip += _pip_rows(row)
        else:
            rows.append(str(row))
    wanted = read_conda_rows(rows)
    return Wanted(python=wanted.python, packages=(*wanted.packages, *pip))


def read_conda_rows(rows: Iterable[str]) -> Wanted:
    """What conda's own requirements ask for, in pip's words.

    Raises:
        BadCondaFile: one cannot be read, or some are no Python packages; all of these are named.
    """
    python, packages, absent = "", [], []
    for row in rows:
        name, spec = _conda_row(row)
        if name == "python":
            python = spec
        elif _only_conda(name):
            absent.append(name)
        elif name not in _TOOLS:
            packages.append(read_pip(f"{_names()['pypi'].get(name, name)}{spec}"))
    if absent:
        raise BadCondaFile(
            f"dependencies: {', '.join(absent)}: no Python package, so pip cannot have it, and no "
            "container is run here; leave it out of the file, or name a package of PyPI that brings it along"
        )
    return Wanted(python=python, packages=tuple(packages))


def read_pip(line: str) -> str:
    """One line of a list of pip's requirements, checked.

    Raises:
        BadCondaFile: it is an option, or no requirement.
    """
    if line.startswith("-"):
        raise BadCondaFile(
            f"pip: '{line}': options and requirement files are not emulated; list the packages"
        )
    try:
        return str(Requirement(line))
    except InvalidRequirement as error:
        raise BadCondaFile(f"pip: '{line}': {error}") from error


def _pip_rows(row: dict[str, Any]) -> list[str]:
    rows = [read_pip(str(text).split(" #")[0].strip()) for text in row.get("pip") or []]
    if unknown := row.keys() - {"pip"}:
        raise BadCondaFile(
            f"dependencies: {', '.join(sorted(unknown))}: only `pip:` may have a list below it"
        )
    return rows


def _conda_row(text: str) -> tuple[str, str]:
    """Name and specifier; `numpy=1.26` is any 1.26."""
    found = _CONDA.fullmatch(text.strip())
    if found is None:
        raise BadCondaFile(
            f"dependencies: '{text}' is not a package; write NAME, NAME=VERSION or NAME>=VERSION"
        )
    name, spec = found["name"].lower(), found["spec"].replace(" ", "")
    if spec.startswith("=") and not spec.startswith("=="):
        version = spec[1:].split("=")[0]
        spec = f"=={version.rstrip('.*')}.*"
    elif spec[:1].isdigit():  # conda's `numpy 1.26.*`
        spec = f"=={spec.split('=')[0]}"
    try:
        SpecifierSet(spec)
    except InvalidSpecifier as error:
        raise BadCondaFile(f"dependencies: '{text}': {error}") from error
    return name, spec


def _only_conda(name: str) -> bool:
    absent = _names()["absent"]
    return name in absent["names"] or name.startswith(tuple(absent["prefixes"]))


@cache
def _names() -> dict[str, Any]:
    return tomllib.loads(_NAMES.read_text(encoding="utf-8"))
