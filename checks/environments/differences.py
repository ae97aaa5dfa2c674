"""Says in sentences where the Python that a job runs in is not what the cloud's image has."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from functools import cache

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from checks.environments.recipe import FIDELITY, Fidelity, Recipe


def differences(recipe: Recipe, fidelity: Fidelity, python: str, packages: dict[str, str]) -> tuple[str, ...]:
    """The sentences; none where nothing is known to differ.

    Args:
        recipe: the environment as it was declared.
        fidelity: how closely it was followed.
        python: version of the interpreter that the job runs in.
        packages: versions of its packages.
    """
    base, said = recipe.base, list(recipe.notes)
    if base.python and not python.startswith(f"{base.python}.") and not recipe.wanted.python:
        said.append(f"Python is {python} here and {base.python} in the image.")
    if base.curated:
        own = {canonicalize_name(Requirement(text).name) for text in recipe.wanted.packages}
        published = [Requirement(text) for text in base.curated.packages]
        other = _versions([one for one in published if canonicalize_name(one.name) not in own], packages)
        said += other
        if absent := [name for name in base.curated.left_out if canonicalize_name(name) not in packages]:
            said.append(f"In the image and not here: {', '.join(absent)}.")
        if other and fidelity != "exact":
            held = f", or held for {', '.join(sorted(base.curated.frameworks))} only"
            said.append(
                f"To run with the published versions set environment_variables: {{{FIDELITY}: exact}}"
                f"{held if fidelity == 'near' else ''}."
            )
    if base.gpu:
        said.append(f"The image has {base.gpu}; here the job runs on the CPU.")
    if base.system and base.system not in (here := _system()):
        said.append(f"The system is {here} here and {base.system} in the image.")
    return tuple(said)


def _versions(published: Iterable[Requirement], packages: dict[str, str]) -> list[str]:
    other, absent = [], []
    for one in published:
        have = packages.get(canonicalize_name(one.name))
        if have is None:
            absent.append(one.name)
        elif not one.specifier.contains(Version(have), prereleases=True):
            other.append(f"{one.name} {have} (image: {one.specifier})")
    said = [f"Packages of other versions than in the image: {', '.join(other)}."] if other else []
    return said + ([f"Packages of the image that are not here: {', '.join(absent)}."] if absent else [])


@cache
def _system() -> str:
    machine = platform.machine()
    if platform.system() == "Darwin":
        return f"macOS {platform.mac_ver()[0]} ({machine})"
    try:
        about = platform.freedesktop_os_release()
    except OSError:
        return f"{platform.system()} ({machine})"
    return f"{about.get('PRETTY_NAME') or about['NAME']} ({machine})"
