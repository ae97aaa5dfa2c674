"""Where things lie: the checkout with its stack files, and the folder that holds everything of its twin."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from twinloop.problems import NotFound

PROJECT_FILE = "Pulumi.yaml"


@dataclass(frozen=True)
class Home:
    """Folder of one twin (`.twinloop/`), and the checkout it belongs to.

    Args:
        root: the folder itself; made when first needed.
        checkout: the folder of `Pulumi.yaml`.
    """

    root: Path
    checkout: Path

    @property
    def record(self) -> Path:
        """`twin.json`: written by the twin when it serves."""
        return self.root / "twin.json"

    @property
    def lock(self) -> Path:
        """Held while a twin is being started or stopped."""
        return self.root / "start.lock"

    @property
    def log(self) -> Path:
        """What the twin says."""
        return self.root / "log" / "twin.log"

    @property
    def key(self) -> Path:
        """The twin's admin token."""
        return self.root / "twin.key"

    @property
    def authority(self) -> Path:
        """Certificate of the twin's own authority."""
        return self.root / "ca.pem"

    @property
    def bundle(self) -> Path:
        """The user's present certificate bundle plus the twin's authority."""
        return self.root / "ca-bundle.pem"

    @property
    def seed(self) -> Path:
        """What the twin knows before anything is deployed."""
        return self.root / "seed.json"

    @property
    def personas(self) -> Path:
        """Identity secret of each persona."""
        return self.root / "personas.json"

    @property
    def azure(self) -> Path:
        """The twin's own state: resources, blobs, jobs."""
        return self.root / "azure"

    @property
    def state(self) -> Path:
        """Backend folder of the stacks on the twin; holds `.pulumi/`."""
        return self.root / "state"

    @property
    def passphrase(self) -> Path:
        """Passphrase of the secrets in the twin's state."""
        return self.root / "passphrase"

    def make(self) -> Home:
        """Create the folder, readable by its owner only."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self


def find_checkout(start: Path | None = None) -> Path:
    """The nearest folder upwards that holds `Pulumi.yaml`.

    Raises:
        NotFound: there is none, or the working directory has been removed.
    """
    try:
        here = (start or Path.cwd()).resolve()
    except FileNotFoundError as error:
        raise NotFound(
            "The folder that you are in has been removed.",
            where="the folder of your shell",
            given=os.environ.get("PWD", "a folder that is gone"),
            allowed=f"a folder with {PROJECT_FILE}, or one below it",
            next_step="cd to your checkout, then run the command again",
        ) from error
    for folder in (here, *here.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
    raise NotFound(
        "This folder is not inside a Twinloop project.",
        where="the folder of your shell",
        given=str(here),
        allowed=f"a folder with {PROJECT_FILE}, or one below it",
        next_step="cd to your checkout, then run the command again",
    )


def find_home(start: Path | None = None) -> Home:
    """Home of the checkout around `start` (the working directory); `TWINLOOP_HOME` moves it elsewhere.

    Raises:
        NotFound: not inside a project.
    """
    checkout = find_checkout(start)
    moved = os.environ.get("TWINLOOP_HOME")
    return Home(Path(moved).expanduser().resolve() if moved else checkout / ".twinloop", checkout)
