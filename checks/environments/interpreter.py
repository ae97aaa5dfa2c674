"""What an interpreter lacks of what an environment must have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from checks.environments.requirements import Wanted


@dataclass(frozen=True)
class Package:
    """A package that is installed somewhere."""

    version: str
    requires: tuple[str, ...] = ()  # requirements of its own, those of its extras among them


Find = Callable[[str], Package | None]  # a package by its name


def installed_here(name: str) -> Package | None:
    """A package of this interpreter."""
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None
    return Package(found.version, tuple(found.requires or ()))


def unmet(wanted: Wanted, python: str, find: Find) -> list[str]:
    """What of it an interpreter lacks, in words; empty if it has everything.

    Args:
        wanted: what is asked for.
        python: full version of the interpreter.
        find: looks its packages up.
    """
    missing = []
    if wanted.python and not SpecifierSet(wanted.python).contains(python, prereleases=True):
        missing.append(f"python{wanted.python} (here is {python})")
    at = {"python_full_version": python, "python_version": ".".join(python.split(".")[:2]), "extra": ""}
    for text in wanted.packages:
        missing += _lacks(Requirement(text), at, find, frozenset())
    return missing


def _lacks(requirement: Requirement, at: dict[str, str], find: Find, seen: frozenset[str]) -> Iterator[str]:
    if requirement.marker is not None and not requirement.marker.evaluate(at):
        return
    if requirement.url:
        yield str(requirement)
        return
    have = find(requirement.name)
    if have is None:
        yield f"{requirement.name} (not installed here)"
    elif not _meets(requirement, have.version):
        yield f"{requirement} (here is {have.version})"
    else:
        for extra in requirement.extras - seen:
            for needed in _of_extra(have, extra, at):
                yield from _lacks(needed, at, find, seen | {extra})


def _of_extra(package: Package, extra: str, at: dict[str, str]) -> Iterator[Requirement]:
    """What a package requires for an extra, and not without it."""
    for text in package.requires:
        needed = Requirement(text)
        if needed.marker is None or needed.marker.evaluate(at):
            continue
        if needed.marker.evaluate({**at, "extra": extra}):
            needed.marker = None
            yield needed


def _meets(requirement: Requirement, version: str) -> bool:
    try:
        return requirement.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False
