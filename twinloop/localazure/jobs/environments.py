"""Which Python runs a job: the project's own where that has what is asked for, else one built for it."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import json
import os
import shutil
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from twinloop.localazure.jobs.requirements import BadCondaFile, Wanted, read_conda, unmet

READY = "twinloop-ready.json"  # written last: a folder without it is the rest of a build that was cut off
_TAIL = 30  # lines of the resolver's words


class EnvironmentFailed(Exception):
    """An environment that cannot be had; the message is the resolver's."""


@dataclass(frozen=True, kw_only=True)
class Python:
    """An interpreter to run a job with."""

    executable: Path
    note: str  # for the job's log

    @property
    def folder(self) -> Path:
        """Where its programs lie."""
        return self.executable.parent


class Environments:
    """Interpreters by the content of what they must have."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._building: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._met: dict[str, list[str]] = {}

    async def python(self, name: str, image: str, conda: str, say: Callable[[str], None]) -> Python:
        """The interpreter for an environment, built if need be.

        Args:
            name: of the environment, for messages.
            image: the cloud's container image, for messages.
            conda: text of the conda file; empty if the image is all there is.
            say: takes lines for the job's log while it is built.

        Raises:
            EnvironmentFailed: the file cannot be read, or the packages cannot be had.
        """
        try:
            wanted = read_conda(conda)
        except BadCondaFile as error:
            raise EnvironmentFailed(f"environment {name}: {error}") from error
        key = hashlib.sha256(json.dumps([wanted.python, sorted(wanted.packages)]).encode()).hexdigest()[:24]
        if key not in self._met:
            self._met[key] = await asyncio.to_thread(unmet, wanted)
        if not self._met[key]:
            note = (
                f"environment {name} runs in the project's interpreter ({sys.executable}); "
                f"the cloud image is {image}"
            )
            return Python(executable=Path(sys.executable), note=note)
        async with self._building[key]:
            folder = self._folder / key
            if not (folder / READY).exists():
                say(
                    f"environment {name}: building it, because the project's interpreter lacks "
                    + "; ".join(self._met[key])
                )
                await self._build(name, folder, wanted)
        note = f"environment {name} runs in {folder}; the cloud image is {image}"
        return Python(executable=folder / "bin" / "python", note=note)

    async def _build(self, name: str, folder: Path, wanted: Wanted) -> None:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        python = wanted.python or f"{sys.version_info.major}.{sys.version_info.minor}"
        here = not unmet(Wanted(python=wanted.python, packages=()))
        await _run(
            name,
            "venv",
            "--quiet",
            "--python",
            sys.executable if here else python.removeprefix("==").removesuffix(".*"),
            str(folder),
        )
        if wanted.packages:
            await _run(
                name,
                "pip",
                "install",
                "--quiet",
                "--python",
                str(folder / "bin" / "python"),
                *wanted.packages,
            )
        part = folder / f"{READY}.part"
        part.write_text(json.dumps({"python": wanted.python, "packages": list(wanted.packages)}))
        part.rename(folder / READY)


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
        )


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
