"""What a conda file asks for, in pip's words; and what of it an interpreter lacks."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from packaging.markers import default_environment
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from twinloop.problems import BadUsage, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_ROW = re.compile(r"(?:[\w.-]+::)?(?P<name>[A-Za-z0-9_.-]+)\s*(?P<spec>.*)")
_TOOLS = frozenset({"pip", "setuptools", "wheel"})  # what conda brings to have pip
_LOOK = """
import json, platform
from importlib.metadata import distributions
found = {one.metadata["Name"]: one.version for one in distributions() if one.metadata["Name"]}
print(json.dumps({"python": platform.python_version(), "packages": found}))
"""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What an environment must have."""

    python: str = ""  # version specifier; empty for any
    packages: tuple[Requirement, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A Python on this machine and what is installed in it."""

    path: Path
    python: str
    packages: Mapping[str, str]  # by canonical name

    def lacks(self, wanted: Wanted) -> list[str]:
        """What of it is missing here, in words; empty if nothing is."""
        return list(_lacks(self, wanted))


def read(given: Any, where: str) -> Wanted:
    """What a conda file asks for.

    Args:
        given: its text, or what it holds.
        where: for messages.

    Raises:
        BadUsage: it is no conda file, or has a line that pip has no word for.
    """
    try:
        document = yaml.safe_load(given) if isinstance(given, str) else given
        rows = (document or {}).get("dependencies") or []
        python, packages = "", []
        for row in rows:
            if isinstance(row, dict):
                packages += [Requirement(str(line).split(" #")[0].strip()) for line in row.get("pip") or []]
                continue
            name, spec = _conda_row(str(row))
            if name == "python":
                python = spec
            elif name not in _TOOLS:
                packages.append(Requirement(f"{name}{spec}"))
    except (yaml.YAMLError, AttributeError, InvalidRequirement, InvalidSpecifier, ValueError) as error:
        raise BadUsage(
            "The conda file cannot be read.",
            where=where,
            given=str(error),
            allowed="dependencies: a list of NAME, NAME=VERSION or NAME>=VERSION, and a `pip:` list below it",
            next_step="or say which Python has what the step needs: --python PATH",
        ) from error
    return Wanted(python=python, packages=tuple(packages))


def look_at(path: Path) -> Interpreter:
    """An interpreter with its packages; it is run once for that.

    Raises:
        NotFound: it cannot be run.
    """
    try:
        done = subprocess.run(
            [str(path), "-c", _LOOK], capture_output=True, text=True, check=True, timeout=60
        )
        found = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise NotFound(
            "This is no Python that runs.",
            where="--python",
            given=str(path),
            allowed="the path of an interpreter, such as .venv/bin/python",
        ) from error
    packages: dict[str, str] = {
        canonicalize_name(name): version for name, version in found["packages"].items()
    }
    return Interpreter(path=path, python=found["python"], packages=packages)


def _conda_row(text: str) -> tuple[str, str]:
    """Name and specifier; `numpy=1.26` is any 1.26."""
    found = _ROW.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"dependencies: '{text}' is not a package")
    name, spec = found["name"].lower(), found["spec"].replace(" ", "")
    if spec.startswith("=") and not spec.startswith("=="):
        spec = f"=={spec[1:].split('=')[0].rstrip('.*')}.*"
    SpecifierSet(spec)
    return name, spec


def _lacks(here: Interpreter, wanted: Wanted) -> Iterator[str]:
    if wanted.python and not SpecifierSet(wanted.python).contains(here.python, prereleases=True):
        yield f"python{wanted.python} (here is {here.python})"
    environment: dict[str, Any] = {**default_environment(), "extra": ""}
    for requirement in wanted.packages:
        if requirement.marker is not None and not requirement.marker.evaluate(environment):
            continue
        have = here.packages.get(canonicalize_name(requirement.name))
        if have is None:
            yield f"{requirement.name} (not installed)"
        elif not _meets(requirement, have):
            yield f"{requirement} (here is {have})"


def _meets(requirement: Requirement, version: str) -> bool:
    try:
        return requirement.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False
