"""Which two revisions a review compares, and their files: taken out of git beside the checkout."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twinloop.problems import NotFound, Problem
from twinloop.review.model import Side

WORKING_TREE: Final = "working tree"
_FULL = 40  # hex digits of a commit
_REMOTE = "origin"


@dataclass(frozen=True)
class Revision:
    """One revision, with its files.

    Args:
        side: how the review calls it.
        root: folder with its `Pulumi.yaml`.
    """

    side: Side
    root: Path


@dataclass(frozen=True)
class Repository:
    """The git repository that a checkout lies in; nothing of it is ever changed."""

    checkout: Path

    def base(self, given: str, *, head: str) -> Side:
        """The commit to compare with.

        Without a word about it: where the default branch and this one parted; on the default branch itself
        the last commit if there is uncommitted work, else the one before it.

        Raises:
            NotFound: there is no such commit here, or no repository; says how to fetch it.
        """
        self._refuse_no_repository()
        if given:
            return self.commit(given, option="--base")
        tip = self.commit(head or "HEAD", option="--head").name
        parted = self._parted(tip)
        if parted and parted != tip:
            return self.commit(parted, option="--base", asked=self._default_branch())
        if not head and self._dirty():
            return self.commit("HEAD", option="--base")
        if self._find(f"{tip}^"):
            return self.commit(f"{tip}^", option="--base", asked=f"{head or 'HEAD'}~1")
        if self._git("rev-parse", "--is-shallow-repository") == "true":
            raise NotFound(
                "This clone is shallow: the commit before this one is not in it.",
                where=str(self.checkout),
                given="no --base",
                allowed="a commit that is here, or one that is fetched first",
                next_step=f"git fetch --deepen=1 {_REMOTE} {tip}   then run it again",
            )
        return self.commit(tip, option="--base", asked=head or "HEAD")

    def commit(self, ref: str, *, option: str, asked: str = "") -> Side:
        """A commit by any name that git knows it by, or the remote's branch of that name.

        Raises:
            NotFound: it is not here.
        """
        found = self._find(ref) or self._find(f"{_REMOTE}/{ref}")
        if not found:
            raise NotFound(
                f"Commit '{ref}' is not in this clone.",
                where=f"{option}, in {self.checkout}",
                given=ref,
                allowed="a commit, branch or tag that is here",
                next_step=_fetch(ref),
            )
        at = self._git("show", "-s", "--format=%cd", "--date=format-local:%Y-%m-%dT%H:%M:%SZ", found)
        return Side(what="commit", name=found, ref=asked or ref, at=at)

    def working_tree(self) -> Side:
        """What lies in the checkout now, committed or not."""
        tip = self._find("HEAD")
        return Side(what=WORKING_TREE, name=f"{WORKING_TREE} on {tip}" if tip else WORKING_TREE)

    def take_out(self, side: Side, folder: Path) -> Revision:
        """Write a commit's files into a folder; neither the checkout nor git's index is touched.

        Raises:
            Problem: git could not, or the commit has no such project.
        """
        root = folder / "files"
        root.mkdir(parents=True)
        index = {"GIT_INDEX_FILE": str(folder / "index")}
        prefix = self._git("rev-parse", "--show-prefix").rstrip("/")
        tree = f"{side.name}:{prefix}" if prefix else side.name
        self._git("read-tree", tree, extra=index)
        # From the top, with a work tree of its own, so that names and filters are git's own business.
        self._git("checkout-index", "--all", "--force", f"--prefix={root}{os.sep}", extra=index, top=True)
        if not (root / "Pulumi.yaml").is_file():
            raise NotFound(
                f"Commit {side.name[:10]} has no Pulumi.yaml here.",
                where=f"{side.ref or side.name}:{prefix or '.'}",
                allowed="a commit that has this project in the same folder",
                next_step="name another one with --base",
            )
        return Revision(side, root)

    def prefix(self) -> str:
        """Where the checkout lies in its repository: empty, or a folder with a slash at its end."""
        return self._try("rev-parse", "--show-prefix")

    def changed_files(self, base: Side, head: Side) -> list[str]:
        """Every file of the project that differs, those that git does not know yet too."""
        sides = [base.name] if head.what == WORKING_TREE else [base.name, head.name]
        told = self._git(
            "diff", "--name-only", "--no-renames", "--no-ext-diff", "--relative", "-z", *sides, "--", "."
        )
        new = (
            "" if len(sides) > 1 else self._git("ls-files", "--others", "--exclude-standard", "-z", "--", ".")
        )
        return [name for name in f"{told}\0{new}".split("\0") if name]

    def changed_lines(self, base: Side, head: Side) -> dict[str, list[tuple[int, int]]]:
        """File -> the lines (first, last) of the head's side that the change added or altered."""
        sides = [base.name] if head.what == WORKING_TREE else [base.name, head.name]
        told = self._git(
            "diff",
            "--unified=0",
            "--no-color",
            "--no-ext-diff",
            "--no-renames",
            "--relative",
            *sides,
            "--",
            ".",
        )
        return _hunks(told)

    def _parted(self, tip: str) -> str:
        branch = self._default_branch()
        return self._try("merge-base", tip, branch) if branch else ""

    def _default_branch(self) -> str:
        told = self._try("symbolic-ref", "--short", f"refs/remotes/{_REMOTE}/HEAD")
        names = [told] if told else []
        names += [f"{_REMOTE}/main", f"{_REMOTE}/master", "main", "master"]
        return next((name for name in names if self._find(name)), "")

    def _dirty(self) -> bool:
        return bool(self._git("status", "--porcelain", "--untracked-files=normal", "--", "."))

    def _find(self, ref: str) -> str:
        if not ref or ref.startswith("-"):
            return ""
        found = self._try("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        return found if len(found) == _FULL else ""

    def _refuse_no_repository(self) -> None:
        if not self._try("rev-parse", "--git-dir"):
            raise NotFound(
                "This project is not in a git repository, so there is no other revision of it.",
                where=str(self.checkout),
                allowed="a git checkout; or the live state, which needs none",
                next_step="git init, and commit; or: twinloop review --against live",
            )

    def _try(self, *words: str) -> str:
        try:
            return self._git(*words)
        except Problem:
            return ""

    def _git(self, *words: str, extra: dict[str, str] | None = None, top: bool = False) -> str:
        # A hook's variables would name another repository; the language of messages is not read.
        variables = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        variables |= {"TZ": "UTC", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", **(extra or {})}
        folder = Path(self._git("rev-parse", "--show-toplevel")) if top else self.checkout
        try:
            done = subprocess.run(
                ["git", *words], cwd=folder, env=variables, capture_output=True, text=True, check=False
            )
        except FileNotFoundError as error:
            raise NotFound(
                "git is not on PATH.", where="PATH", given="git", next_step="install git, then run it again"
            ) from error
        if done.returncode:
            raise Problem(
                "git could not tell.",
                where=f"git {' '.join(words[:3])}, in {folder}",
                given=done.stderr.strip(),
                next_step=f"git -C {folder} status   mend what git says there, then run it again",
            )
        return done.stdout.strip()


def _fetch(ref: str) -> str:
    name = ref.removeprefix(f"{_REMOTE}/")
    if re.fullmatch(r"[0-9a-f]{7,40}", name):
        return f"git fetch --depth=1 {_REMOTE} {name}   then run it again"
    if re.search(r"[~^@:]", name):
        return "git fetch --unshallow   then run it again"
    return f"git fetch --depth=1 {_REMOTE} {name}:refs/remotes/{_REMOTE}/{name}   then run it again"


def _hunks(diff: str) -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = {}
    file, inside = "", 0  # lines of a hunk that are still to come: what they look like is their author's
    for line in diff.split("\n"):
        if inside:
            inside -= line[:1] in {"+", "-"}
        elif line.startswith("+++ "):
            file = line[4:].removeprefix("b/") if line != "+++ /dev/null" else ""
        elif match := re.match(r"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", line):
            first, count = int(match[2]), int(match[3] or "1")
            inside = int(match[1] or "1") + count
            if file and count:
                found.setdefault(file, []).append((first, first + count - 1))
    return found
