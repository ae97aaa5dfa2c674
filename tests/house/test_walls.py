"""The house keeps its walls: which room may import which, and what no file may be called."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OWN = {"infra", "checks", "policies", "components", "twinloop", "tests", "benchmarks", "setup"}

DRIVEN = ("stacks", "clouds", "loops", "providers", "review")  # rooms that a command drives

# room -> what it may import of our own; a room that is missing here fails `test_every_room_has_its_walls`
MAY_IMPORT: dict[str, set[str]] = {
    "infra": {"infra", "checks"},
    "checks": {"checks"},
    "policies": {"policies", "checks"},
    "components": set(),
    "pipelines": set(),
    "ci": set(),
    "setup": {"setup", "checks", "infra"},
    "benchmarks": {*OWN, *(f"twinloop/{r}" for r in ["engine", "stacks", "clouds", "providers", "loops"])},
    "twinloop/cli": {"infra", "checks"} | {f"twinloop/{r}" for r in DRIVEN},
    "twinloop/stacks": {"infra", "checks", "policies"}
    | {f"twinloop/{r}" for r in ["engine", "providers", "clouds"]},
    "twinloop/clouds": {"twinloop/clouds", "infra", "checks"},
    "twinloop/engine": {"twinloop/engine"},
    "twinloop/providers": {"twinloop/providers", "checks"},
    "twinloop/localazure": {"twinloop/localazure", "twinloop/pictures", "checks"},
    "twinloop/pictures": {"twinloop/pictures"},
    "twinloop/review": {"infra", "checks"}
    | {f"twinloop/{r}" for r in ["stacks", "clouds", "providers", "engine", "pictures"]},
    "twinloop/loops": {"twinloop/loops", "infra", "checks"},
}  # fmt: skip
NO_PULUMI = ("checks", "twinloop/localazure", "twinloop/loops", "components")
NO_AZURE = ("twinloop/engine",)
FORBIDDEN_NAMES = re.compile(r"(utils?|helpers?|common|misc)\.py$")
LONGEST_FILE = 400  # lines; 300 is the habit


def sources(room: str = "") -> Iterator[Path]:
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    yield from (
        ROOT / name for name in sorted(set(tracked)) if name.startswith(room) and (ROOT / name).exists()
    )


def room_of(path: Path) -> str:
    first, *rest = path.relative_to(ROOT).parts
    return f"{first}/{rest[0]}" if first == "twinloop" and len(rest) > 1 else first


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_room(module: str) -> str | None:
    first, *rest = module.split(".")
    if first not in OWN:
        return None
    if first != "twinloop":
        return first
    return f"twinloop/{rest[0]}" if rest and (ROOT / "twinloop" / rest[0]).is_dir() else None


def rooms() -> set[str]:
    return {room_of(path) for path in sources() if room_of(path) not in {"tests", "twinloop"}}


def test_every_room_has_its_walls():
    assert rooms() <= MAY_IMPORT.keys()


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_arrows_point_one_way(room):
    crossed = {
        f"{path.relative_to(ROOT)} imports {module}"
        for path in sources(room + "/")
        for module in imports(path)
        if (target := own_room(module)) and target not in MAY_IMPORT[room] and target != room
    }
    assert not crossed


@pytest.mark.parametrize("room", NO_PULUMI)
def test_rooms_of_plain_data_know_no_pulumi(room):
    generator = (
        ROOT / "checks/catalogue/generate_schemas.py"
    )  # writes a data file from the SDK; nothing imports it
    seen = {
        str(path.relative_to(ROOT))
        for path in sources(room + "/")
        if path != generator
        and any(m.split(".")[0] in {"pulumi", "pulumi_azure_native"} for m in imports(path))
    }
    assert not seen


@pytest.mark.parametrize("room", NO_AZURE)
def test_the_engine_knows_no_azure(room):
    seen = {
        str(path.relative_to(ROOT))
        for path in sources(room + "/")
        if any(m.startswith(("azure", "pulumi_azure_native")) for m in imports(path))
    }
    assert not seen


def test_nobody_imports_the_local_azure():
    outside = [p for p in sources() if room_of(p) not in {"twinloop/localazure", "tests", "benchmarks"}]
    assert not [p for p in outside if any(own_room(m) == "twinloop/localazure" for m in imports(p))]


def test_no_file_has_a_name_that_says_nothing():
    assert not [str(p) for p in sources() if FORBIDDEN_NAMES.search(p.name)]


def test_no_file_is_too_long_to_be_one_answer():
    lengths = {str(p.relative_to(ROOT)): len(p.read_text().splitlines()) for p in sources()}
    assert not {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE}


def test_no_module_of_the_program_hides_a_standard_one():
    assert not {p.stem for p in (ROOT / "infra").glob("*.py")} & sys.stdlib_module_names


def test_every_module_says_what_it_is_for():
    silent = [
        str(p.relative_to(ROOT))
        for p in sources()
        if p.name != "__init__.py"
        and room_of(p) != "tests"
        and ast.get_docstring(ast.parse(p.read_text())) is None
    ]
    assert not silent


def test_every_test_file_is_collected_and_has_a_name_of_its_own():
    files = list(sources("tests/"))
    known = re.compile(r"(test_\w+|conftest|__init__)\.py$")
    supports = [p for p in files if not known.search(p.name)]
    imported = "\n".join(p.read_text() for p in files) + "\n".join(str(p) for p in files)
    assert not [str(p) for p in supports if p.stem not in imported.replace(str(p), "")]
    names = [p.name for p in files if p.name.startswith("test_")]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("room", ["infra", "policies"])
def test_no_file_of_a_room_that_pulumi_runs_hides_a_package(room):
    """Pulumi runs a program with its folder first on the path: infra/kubernetes.py was `kubernetes` once."""
    places = [sysconfig.get_path(kind) for kind in ("purelib", "platlib")]
    own = {path.stem for path in (ROOT / room).iterdir() if path.stem.isidentifier()} - {
        "__init__",
        "__main__",
    }
    assert len(own) > 2
    hiding = own & sys.stdlib_module_names
    for name in own:
        found = PathFinder.find_spec(name, places)
        if found is not None and found.loader is not None:  # a folder without a module in it hides nothing
            hiding.add(name)
    assert sorted(hiding) == []


def test_no_commit_names_a_package_host_or_a_path_of_one_machine():
    hosts = re.compile(
        "|".join(("files.python" + "hosted", "pypi" + r"\.org", "/work/" + "main", "/opt/" + "pulumi"))
    )
    listed = subprocess.run(
        ["git", "grep", "-IlE", hosts.pattern], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert not listed.stdout.split()


def test_the_lock_is_hashed_and_names_no_index():
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text
    assert text.count("--hash=") > len(re.findall(r"^[a-z].*==", text, re.MULTILINE))
