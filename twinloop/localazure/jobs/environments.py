"""Which Python runs a job: the project's own where that has what is asked for, else one built for it."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name

from checks.environments.differences import differences
from checks.environments.interpreter import installed_here, unmet
from checks.environments.recipe import FIDELITY, Fidelity, Recipe, demanded, to_build
from checks.environments.requirements import Wanted

READY = "twinloop-ready.json"  # written last: a folder without it is the rest of a build that was cut off
_TAIL = 30  # lines of the resolver's words


class EnvironmentFailed(Exception):
    """An environment that cannot be had; the message is the resolver's."""


@dataclass(frozen=True, kw_only=True)
class Python:
    """An interpreter to run a job with."""

    executable: Path
    place: str  # for the job's log: which it is, and why
    differences: tuple[str, ...] = ()  # from the cloud's image, in sentences
    variables: dict[str, str] = field(default_factory=dict)  # that the environment sets

    @property
    def folder(self) -> Path:
        """Where its programs lie."""
        return self.executable.parent


class Environments:
    """Interpreters by the content of what they must have."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._building: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._met: dict[Wanted, list[str]] = {}

    async def python(self, recipe: Recipe, fidelity: Fidelity, say: Callable[[str], None]) -> Python:
        """The interpreter for an environment, built if need be.

        Args:
            recipe: the environment.
            fidelity: how closely a curated one is followed.
            say: takes lines for the job's log while it is built.

        Raises:
            EnvironmentFailed: the packages, or the Python, cannot be had.
        """
        needed = demanded(recipe, fidelity)
        if needed not in self._met:
            self._met[needed] = await asyncio.to_thread(_unmet, needed)
        if not self._met[needed] and not recipe.bare:
            place = f"environment {recipe.name} runs in the project's interpreter ({sys.executable})"
            return await _described(recipe, fidelity, place, None)
        plan = to_build(recipe, fidelity)
        key = hashlib.sha256(json.dumps([plan.python, sorted(plan.packages)]).encode()).hexdigest()[:24]
        folder = self._folder / key
        async with self._building[key]:
            if not (folder / READY).exists():
                why = "; ".join(self._met[needed]) or "nothing: the image has Python and no package"
                say(f"environment {recipe.name}: building it, because the project's interpreter lacks {why}")
                try:
                    await self._build(recipe, folder, plan)
                except EnvironmentFailed as error:
                    if recipe.base.curated is None or fidelity == "near":
                        raise
                    raise EnvironmentFailed(
                        f"{error} Or leave out {FIDELITY}: {fidelity}; the project's packages run it then."
                    ) from error
        return await _described(recipe, fidelity, f"environment {recipe.name} runs in {folder}", folder)

    async def _build(self, recipe: Recipe, folder: Path, plan: Wanted) -> None:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        await _run(recipe.name, "venv", "--quiet", "--python", _interpreter(plan), str(folder))
        if plan.packages:
            options = ["--quiet", "--python", str(folder / "bin" / "python")]
            if recipe.base.gpu and recipe.base.curated:
                options += ["--torch-backend", "cpu"]
            await _run(recipe.name, "pip", "install", *options, *plan.packages)
        part = folder / f"{READY}.part"
        part.write_text(json.dumps({"python": plan.python, "packages": list(plan.packages)}))
        part.rename(folder / READY)


def _unmet(wanted: Wanted) -> list[str]:
    """What of it this interpreter lacks, in words."""
    return unmet(wanted, platform.python_version(), installed_here)


async def _described(recipe: Recipe, fidelity: Fidelity, place: str, folder: Path | None) -> Python:
    """An interpreter with what is to be said of it."""
    executable = folder / "bin" / "python" if folder else Path(sys.executable)
    version = _version(folder) if folder else platform.python_version()
    packages = await asyncio.to_thread(_installed, folder) if recipe.base.curated else {}
    said = differences(recipe, fidelity, version, packages)
    place = f"{place}; the cloud image is {recipe.base.image or 'built from a Dockerfile'}"
    return Python(executable=executable, place=place, differences=said, variables=recipe.variables)


def _installed(folder: Path | None) -> dict[str, str]:
    """Versions of the packages of a virtual environment; of this interpreter for None."""
    paths = [str(path) for path in folder.glob("lib/python*/site-packages")] if folder else None
    found = metadata.distributions(path=paths) if paths is not None else metadata.distributions()
    return {canonicalize_name(one.metadata["Name"]): one.version for one in found if one.metadata["Name"]}


def _version(folder: Path) -> str:
    """The Python of a virtual environment, by its own word."""
    for line in (folder / "pyvenv.cfg").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        if name.strip() in {"version_info", "version"}:
            return value.strip()
    return ""


def _interpreter(plan: Wanted) -> str:
    """Which Python uv is to take: the project's own where it will do."""
    if not plan.python or not _unmet(Wanted(python=plan.python, packages=())):
        return sys.executable
    return plan.python.removeprefix("==").removesuffix(".*")


async def _run(name: str, *arguments: str) -> None:
    """Run uv.

    Raises:
        EnvironmentFailed: it is not there, or says no.
    """
    env = {key: value for key, value in os.environ.items() if key not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    process = await asyncio.create_subprocess_exec(
        *_uv(name), *arguments, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        words, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        raise
    if process.returncode:
        tail = "\n".join(words.decode(errors="replace").strip().splitlines()[-_TAIL:])
        raise EnvironmentFailed(
            f"environment {name} cannot be built (uv {arguments[0]} ended with {process.returncode}):\n{tail}"
            f"\n{_advice(arguments)}"
        )


def _advice(arguments: tuple[str, ...]) -> str:
    """What to do about it."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    if arguments[0] == "venv":
        wanted = arguments[arguments.index("--python") + 1]
        return (
            f"Python {wanted} is not on this machine, and uv could not fetch it: run "
            f"`uv python install {wanted}` where there is a network, or ask for python={here}, which is here."
        )
    return "Ask for versions that exist for this Python, or let uv reach an index that has them."


def _uv(name: str) -> list[str]:
    beside = Path(sys.executable).parent / "uv"
    if beside.exists():
        return [str(beside)]
    if found := shutil.which("uv"):
        return [found]
    if importlib.util.find_spec("uv"):
        return [sys.executable, "-m", "uv"]
    raise EnvironmentFailed(
        f"environment {name} needs packages that the project's interpreter lacks, and `uv` is not there "
        "to build it; install uv"
    )
