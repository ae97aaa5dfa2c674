"""A Python on this machine, and what is installed in it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from checks.environments.interpreter import Package, unmet
from twinloop.problems import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from checks.environments.requirements import Wanted

_LOOK = """
import json, platform
from importlib.metadata import distributions
found = {one.metadata["Name"]: [one.version, one.requires or []] for one in distributions()
         if one.metadata["Name"]}
print(json.dumps({"python": platform.python_version(), "packages": found}))
"""


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A Python on this machine and what is installed in it."""

    path: Path
    python: str
    packages: Mapping[str, Package]  # by canonical name

    @property
    def versions(self) -> dict[str, str]:
        """The version of each package."""
        return {name: package.version for name, package in self.packages.items()}

    def lacks(self, wanted: Wanted) -> list[str]:
        """What of it is missing here, in words; empty if nothing is."""
        return unmet(wanted, self.python, lambda name: self.packages.get(canonicalize_name(name)))


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
            next_step="run it again with --python .venv/bin/python",
        ) from error
    packages: dict[str, Package] = {
        canonicalize_name(name): Package(version, tuple(requires))
        for name, (version, requires) in found["packages"].items()
    }
    return Interpreter(path=path, python=found["python"], packages=packages)
