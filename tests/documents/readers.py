"""A reader of the documents: a clone that is set up, and a shell of one's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.documents.command_blocks import MARK, blocks, documents, script

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 280  # seconds for one document
NEEDS = {"pulumi": "the official Pulumi CLI", "chromium": "a browser", "az": "azure-cli"}
NEEDED = "<!-- needs: "


@dataclass(frozen=True)
class Reader:
    """Somebody with a clone that is set up, a home, and a shell."""

    clone: Path
    home: Path

    def types(self, words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", words], cwd=self.clone, env=environment(self.home), capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False,
        )  # fmt: skip

    def follows(self, page: Path, *, after: int = 0) -> None:
        """Run every command block of a page as it stands, in one shell; but for those up to a line."""
        text = page.read_text()
        for program, words in NEEDS.items():
            if f"{NEEDED}{program} -->" in text and shutil.which(program) is None:
                pytest.skip(f"{page.name} needs `{program}` on PATH: {words}")
        done = self.types(script([block for block in blocks(text) if block.line > after]))
        at = done.stderr.rpartition(MARK)[2].partition("\n")[0]
        assert done.returncode == 0, (
            f"{page.relative_to(ROOT)}:{at}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        )

    def puts_back_the_files(self) -> None:
        """Undo what a page changed in the clone; the twin and all else that git ignores stay."""
        assert self.types("git checkout -q . && git clean -fdq").returncode == 0


@contextmanager
def reader(folder: Path) -> Iterator[Reader]:
    """A reader with a fresh clone; at the end the twin that was started there is stopped."""
    one = Reader(folder / "clone", folder / "home")
    one.clone.mkdir()
    one.home.mkdir()
    fresh_clone(ROOT, one.clone)
    try:
        yield one
    finally:
        one.types(f"{sys.executable} -m twinloop twin stop")


def with_commands() -> list[Path]:
    """The documents that have a command to run."""
    return [page for page in documents(ROOT) if any(not b.reason for b in blocks(page.read_text()))]


def of_a_data_scientist(page: Path) -> bool:
    """Pages that somebody reads who has run the demo: of the data scientist, and the README's own."""
    return page.parent.name == "data-scientist" or page == ROOT / "README.md"


def audience(page: Path) -> str:
    """Who reads a page, with a clone and a twin of their own: the first deploy begins on an empty cloud."""
    return "first deploy" if page.stem == "first-deploy" else page.parent.name


def title(page: Path) -> str:
    return str(page.relative_to(ROOT))


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
    """Variables of a reader's shell: nothing of ours leaks in."""
    leaking = ("TWINLOOP_", "PULUMI_", "ARM_", "AZURE", "IDENTITY_", "MLFLOW_", "GITHUB_", "GIT_", "PYTHON")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(leaking)}
    who = {f"GIT_{part}_{what}": value for part in ("AUTHOR", "COMMITTER") for what, value in
           (("NAME", "reader"), ("EMAIL", "reader@example.com"))}  # fmt: skip
    return kept | who | {"HOME": str(home), "BROWSER": "true", "COLUMNS": "120", "UV_OFFLINE": "1"}
