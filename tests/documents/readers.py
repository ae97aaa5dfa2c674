"""A reader of the documents: a clone that is set up, and a shell of one's own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path


def fresh_clone(root: Path, folder: Path) -> None:
    """The checkout as it is now, with an environment of its own made of links."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, names):
        if (root / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, folder / name)
    (folder / ".venv").mkdir()
    for part in (root / ".venv").iterdir():
        if part.name != ".ready":
            (folder / ".venv" / part.name).symlink_to(part)
    (folder / ".venv/.ready").touch()
    git = ["git", "-c", "user.name=reader", "-c", "user.email=reader@example.com"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "As it is now"]):
        subprocess.run([*git, *words], cwd=folder, check=True, capture_output=True)


def environment(home: Path) -> dict[str, str]:
    leaking = ("TWINLOOP_", "PULUMI_", "ARM_", "AZURE", "IDENTITY_", "MLFLOW_", "GITHUB_", "GIT_")
    """Variables of a reader's shell: nothing of ours leaks in."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(leaking)}
    who = {f"GIT_{part}_{what}": value for part in ("AUTHOR", "COMMITTER") for what, value in
           (("NAME", "reader"), ("EMAIL", "reader@example.com"))}  # fmt: skip
    return kept | who | {"HOME": str(home), "BROWSER": "true", "COLUMNS": "120", "UV_OFFLINE": "1"}
