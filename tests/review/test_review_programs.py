"""The program of a revision runs in a process of its own: its lock, its limits, and nothing of this shell."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from tests.review.projects import REPOSITORY, Project, changes, limits
from twinloop.problems import Problem
from twinloop.review import environments

LOCK = (REPOSITORY / "requirements.lock").read_text()
TELL = """
import json, os, sys, pathlib
from pulumi_azure_native import resources
resources.ResourceGroup("group", resource_group_name="rg-small", tags={"told": json.dumps(TOLD)})
"""


def told(project: Project, expression: str, **asked: object) -> object:
    """What an expression is in the process of the program."""
    project.program(TELL.replace("TOLD", expression))
    stack = project.one("dev", **asked)
    return json.loads(changes(stack)["group"].resource.inputs["tags"]["told"])


def test_no_credential_of_the_environment_reaches_the_program(project: Project, monkeypatch):
    planted = {
        "AZURE_CLIENT_SECRET": "s3cret-1",
        "ARM_ACCESS_KEY": "s3cret-2",
        "PULUMI_ACCESS_TOKEN": "s3cret-3",
        "PULUMI_CONFIG_PASSPHRASE": "s3cret-4",
        "GITHUB_TOKEN": "s3cret-5",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "s3cret-6",
        "SYSTEM_ACCESSTOKEN": "s3cret-7",
        "IDENTITY_HEADER": "s3cret-8",
        "SOME_FUTURE_TOKEN": "s3cret-9",
    }
    for name, value in planted.items():
        monkeypatch.setenv(name, value)
    seen = told(project, "dict(os.environ)")
    assert isinstance(seen, dict)
    assert not seen.keys() & planted.keys()
    assert "s3cret" not in json.dumps(seen)
    assert seen["HOME"] != str(Path.home())  # where tools keep what they logged in with


def test_each_revision_imports_its_own_modules(project: Project):
    project.program("VALUE = 'before'", "infra_words.py")
    text = "import infra_words\n" + TELL.replace("TOLD", "infra_words.VALUE")
    project.program(text)
    project.commit()
    project.program("VALUE = 'after'", "infra_words.py")
    (difference,) = changes(project.one("dev"))["group"].differences
    assert (difference.before, difference.after) == ('"before"', '"after"')


def test_a_program_that_hangs_is_stopped_and_told_how_to_allow_more(project: Project):
    project.program("import time\ntime.sleep(300)")
    (problem,) = project.reviewed("dev", limits=limits(seconds=3)).failures
    assert "took more than its 3 s" in problem.given
    assert "--time-limit" in problem.next_step


def test_what_a_stopped_program_started_ends_with_it(project: Project, tmp_path):
    project.program(
        f"""
import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
pathlib.Path({str(tmp_path / "pid")!r}).write_text(str(child.pid))
time.sleep(300)
"""
    )
    assert project.reviewed("dev", limits=limits(seconds=3)).failures
    pid = int((tmp_path / "pid").read_text())
    state = Path(f"/proc/{pid}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="macOS holds no process to a limit of address space")
def test_a_program_that_eats_memory_is_stopped_and_told_how_to_allow_more(project: Project):
    project.program("held = bytearray(8 * 2**30)")
    (problem,) = project.reviewed("dev", limits=limits(mebibytes=4096)).failures
    assert "no more memory than its 4096 MiB" in problem.given
    assert "--memory-limit" in problem.next_step


def test_a_stack_after_one_whose_program_was_stopped_is_reviewed_all_the_same(project: Project):
    project.stack("zeta", owner="you")
    project.replace(
        "infra/__main__.py",
        "config = pulumi.Config()",
        "config = pulumi.Config()\nif pulumi.get_stack() == 'dev':\n    import os\n    os._exit(7)",
    )
    reviewed = project.reviewed()
    assert len(reviewed.failures) == 1
    by_name = {stack.stack: stack for stack in reviewed.review.stacks}
    assert "group" in changes(by_name["zeta"])


def test_what_a_program_prints_is_no_part_of_the_answer(project: Project, run):
    project.replace("infra/__main__.py", "import pulumi\n", "import pulumi\nprint('{\"ok\": false}')\n")
    assert run("review", "-s", "dev", "--json").json["ok"] is True


# Locks


def test_equal_locks_share_this_environment(project: Project):
    (project.root / "requirements.lock").write_text(LOCK)
    project.commit()
    assert told(project, "sys.prefix") == sys.prefix
    assert project.review("dev").base.environment == environments.PRESENT


def test_a_lock_that_differs_where_the_program_does_not_look_needs_no_environment(project: Project):
    other = re.sub(r"^ruff==\S+", "ruff==0.0.1", LOCK, flags=re.MULTILINE)
    assert other != LOCK
    (project.root / "requirements.lock").write_text(other)
    project.commit()
    (project.root / "requirements.lock").write_text(LOCK)
    assert project.review("dev").base.environment == environments.PRESENT


def test_another_lock_is_evaluated_in_an_environment_of_its_own_which_is_kept(project: Project, monkeypatch):
    """The base's lock allows one file more of a package that the program needs: another lock."""
    more = re.sub(
        r"^(semver==\S+ \\\n)", r"\1    --hash=sha256:" + "0" * 64 + r" \\\n", LOCK, flags=re.MULTILINE
    )
    assert more != LOCK
    text = TELL.replace("TOLD", "sys.prefix")
    project.program(text)
    (project.root / "requirements.lock").write_text(more)
    project.commit()
    (project.root / "requirements.lock").write_text(LOCK)
    monkeypatch.setenv("UV_OFFLINE", "1")  # from uv's cache, which made this environment too
    try:
        review = project.review("dev")
    except Problem as problem:
        pytest.skip(f"uv's cache does not hold what this environment was made of: {problem.given[:200]}")
    (difference,) = changes(review.stacks[0])["group"].differences
    kept = project.home.root / "review" / "environments"
    assert Path(json.loads(difference.before)).is_relative_to(kept)
    assert json.loads(difference.after) == sys.prefix
    assert review.base.environment.startswith("of its own lock")
    assert any("making an environment" in line for line in project.said)
    project.review("dev")
    assert not any("making an environment" in line for line in project.said)
    same = project.review("dev", same_environment=True)
    assert changes(same.stacks[0]) == {}


def test_the_closure_of_a_lock_holds_what_the_program_imports_and_what_that_needs():
    part = environments.read(LOCK).part({"pulumi", "pulumi-azure-native"})
    names = {line.partition("==")[0] for line in part.splitlines() if "==" in line and line[0] != " "}
    assert {"pulumi", "pulumi-azure-native", "grpcio", "protobuf", "semver", "parver"} <= names
    assert not names & {"mlflow", "pandas", "ruff", "azure-ai-ml"}
    assert part.count("--hash=sha256:") >= len(names)


def test_a_program_that_imports_what_its_lock_does_not_name_gets_the_whole_lock():
    lock = environments.read("a==1 \\\n    --hash=sha256:1\nb==2 \\\n    --hash=sha256:2\n")
    assert "b==2" in lock.part({"a", "unheard-of"})
    assert "b==2" not in lock.part({"a"})


def test_an_environment_that_cannot_be_made_says_why_and_offers_this_one(project: Project):
    bad = LOCK.replace("semver==", "semver-of-nowhere==", 1).replace("semver\n", "semver-of-nowhere\n")
    bad = re.sub(r"^(pulumi==\S+ \\)$", r"\1", bad, flags=re.MULTILINE)
    bad = re.sub(
        r"(semver-of-nowhere==\S+ \\\n)(    --hash=\S+ ?\\?\n)+",
        r"\1    --hash=sha256:" + "0" * 64 + "\n",
        bad,
    )
    (project.root / "requirements.lock").write_text(bad)
    project.commit()
    (project.root / "requirements.lock").write_text(LOCK)
    with pytest.raises(Problem) as caught:
        project.review("dev")
    assert "--same-env" in caught.value.next_step
    assert project.review("dev", same_environment=True).base.environment.startswith(environments.PRESENT)
    assert not list((project.home.root / "review" / "environments").glob("*"))
