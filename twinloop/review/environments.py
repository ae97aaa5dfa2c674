"""The Python that a revision's program runs in: of its own lock, as far as the program needs it."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from twinloop.problems import Problem

LOCK: Final = "requirements.lock"
PRESENT: Final = "of this checkout"
# Import name -> distribution, where they differ by more than `_` and `-`.
_DISTRIBUTIONS: Final = {
    "yaml": "pyyaml",
    "google": "protobuf",
    "jwt": "pyjwt",
    "dateutil": "python-dateutil",
}


@dataclass(frozen=True)
class Lock:
    """A lock file: what stands in it for each distribution, and who needs whom.

    Args:
        entries: name -> its lines, with hashes, without comments.
        needs: name -> the distributions that it brings along.
    """

    entries: dict[str, str]
    needs: dict[str, set[str]]

    def part(self, roots: Iterable[str]) -> str:
        """The lines of these distributions and of all that they need; the whole lock where one is missing."""
        waiting = list(roots)
        if not set(waiting) <= self.entries.keys():
            waiting = list(self.entries)
        wanted: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name not in wanted and name in self.entries:
                wanted.add(name)
                waiting.extend(self.needs.get(name, ()))
        return "".join(self.entries[name] for name in sorted(wanted))


@cache
def read(text: str) -> Lock:
    """A lock as `uv pip compile` writes it, with its remarks on who needs what."""
    entries: dict[str, str] = {}
    needs: dict[str, set[str]] = {}
    name = ""
    for line in text.splitlines():
        if match := re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*(?:==|@)", line):
            name = _normal(match[1])
            entries[name] = entries.get(name, "") + line + "\n"
        elif name and line.strip().startswith("--hash"):
            entries[name] += line + "\n"
        elif name and (match := re.match(r"\s+#\s+(?:via\s+)?([A-Za-z0-9][A-Za-z0-9._-]*)", line)):
            needs.setdefault(_normal(match[1]), set()).add(name)
    return Lock(entries, needs)


def needed(root: Path, main: Path) -> str:
    """The part of a revision's lock that its program imports; empty where it has no lock."""
    lock = root / LOCK
    if not lock.is_file():
        return ""
    return read(lock.read_text(encoding="utf-8")).part({"pulumi", *_imported(root, main)})


def python(
    root: Path, main: Path, *, like: str, cache: Path, same: bool, say: Callable[[str], None]
) -> tuple[Path, str]:
    """The interpreter for a revision's program, and how a review calls its environment.

    Args:
        root: the revision's files.
        main: its program's folder.
        like: the part of the lock that this process's own environment was made of.
        cache: where environments are kept, by what they are made of.
        same: take this process's own in any case.
        say: told what is done where it takes time.

    Raises:
        Problem: the environment could not be made.
    """
    if same:
        return Path(sys.executable), f"{PRESENT} (--same-env)"
    wanted = needed(root, main)
    if not wanted or wanted == like:
        return Path(sys.executable), PRESENT
    return _made(wanted, cache, say)


def _made(wanted: str, cache: Path, say: Callable[[str], None]) -> tuple[Path, str]:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    key = hashlib.sha256(f"{version}\n{sys.platform}\n{wanted}".encode()).hexdigest()[:16]
    name = f"of its own lock ({key})"
    folder = cache / key
    if (folder / ".ready").exists():
        return folder / "bin" / "python", name
    count = sum("==" in line for line in wanted.splitlines() if not line.startswith(" "))
    say(f"its lock differs: making an environment of {count} packages in {folder}; kept for the next time")
    cache.mkdir(parents=True, exist_ok=True)
    # Beside its place and moved there when it is whole: nobody else ever sees half of one.
    fresh = cache / f"{key}.{os.getpid()}"
    shutil.rmtree(fresh, ignore_errors=True)
    requirements = cache / f"{key}.{os.getpid()}.txt"
    try:
        requirements.write_text(wanted, encoding="utf-8")
        for command in _commands(fresh, requirements):
            _do(command)
        (fresh / ".ready").touch()
        _put(fresh, folder)
    finally:
        requirements.unlink(missing_ok=True)
        shutil.rmtree(fresh, ignore_errors=True)
    return folder / "bin" / "python", name


def _put(fresh: Path, folder: Path) -> None:
    try:
        fresh.rename(folder)
    except OSError:
        if not (folder / ".ready").exists():  # else another review was faster, with the same
            shutil.rmtree(folder, ignore_errors=True)
            fresh.rename(folder)


def _commands(folder: Path, requirements: Path) -> list[list[str]]:
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    inside = str(folder / "bin" / "python")
    # Wheels only: what builds a package runs code of whoever changed the lock.
    from_lock = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(requirements)]
    if uv:
        return [
            [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "--quiet", "--python", inside, *from_lock],
        ]
    return [
        [sys.executable, "-m", "venv", str(folder)],
        [inside, "-m", "pip", "install", "--quiet", *from_lock],
    ]


def _do(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Problem(
            "The environment of the revision's lock could not be made.",
            where=" ".join(command),
            given=(done.stderr or done.stdout).strip(),
            next_step="mend what it names (disk, network, package index) and run it again; or take this "
            "checkout's environment: --same-env",
        )


def imports(root: Path, main: Path) -> list[str]:
    """The packages of others that the program names, as far as its source tells: worth importing ahead.

    Not what is in them: of Azure's namespaces a stack needs a part, and each takes its time to import.
    """
    return sorted({name.partition(".")[0] for name in _named(main)} - _own(root, main))


def _imported(root: Path, main: Path) -> set[str]:
    """The distributions that the program imports by name, its own modules left out."""
    found = {name.partition(".")[0] for name in _named(main)} - _own(root, main)
    return {_normal(_DISTRIBUTIONS.get(name, name)) for name in found}


def _own(root: Path, main: Path) -> set[str]:
    """What is no distribution: the program's own modules, and the standard library's."""
    return {path.stem for folder in (root, main) for path in folder.iterdir()} | set(sys.stdlib_module_names)


def _named(main: Path) -> set[str]:
    return set().union(*(_named_by(path.read_bytes()) for path in main.rglob("*.py") if path.is_file()))


@cache  # two revisions have most of their files in common, and are asked several times
def _named_by(source: bytes) -> frozenset[str]:
    found: set[str] = set()
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()  # whoever runs it says so
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names if alias.name.islower())
    return frozenset(found)


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Every statement, however deep; expressions hold no imports, and are most of a program."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting.extend(getattr(node, name, ()))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
