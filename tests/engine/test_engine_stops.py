"""Ctrl-C while a run goes: what runs is finished, the rest is named, and the next run goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.conftest import Bench, ops

# The runs are processes of their own, with the rounds of the official CLI.
pytestmark = pytest.mark.usefixtures("real_rounds")
ROOT = Path(__file__).parents[2]
RUN = """
import json, sys
from pathlib import Path
from tests.engine.conftest import Bench
from twinloop import engine
bench = Bench(Path(sys.argv[1]), sys.argv[2])
outcome = bench.run(sys.argv[3])
error = outcome.error
print(json.dumps({
    "error": type(error).__name__, "words": str(error),
    "done": getattr(error, "done", ()), "left": getattr(error, "left", ()),
    "warnings": [d.message for d in outcome.diagnostics if d.severity == "warning"],
}))
"""
SLOW = """
slow = Thing("slow", delay=1.5)
after = Thing("after", of=slow.serial)
quick = Thing("quick")
"""


def until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


def begun(bench: Bench, verb: str, name: str) -> bool:
    journal = bench.file.with_name("dev.json.journal")
    lines = journal.read_text(encoding="utf-8").splitlines() if journal.exists() else []
    return any(f'"type":"{verb}"' in line and f"Thing::{name}" in line for line in lines if '"begin"' in line)


def start(bench: Bench, operation: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN, str(bench.root), bench.transport, operation]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_lets_what_runs_end_and_says_what_was_done_and_what_was_not(
    bench: Bench, which: signal.Signals
) -> None:
    bench.program(SLOW)
    with start(bench, "up") as process:
        until(lambda: begun(bench, "creating", "slow") and bench.file.parent.exists())
        until(lambda: "/things/quick" in bench.cloud.ids())
        process.send_signal(which)
        told = json.loads(process.communicate()[0])
    assert process.returncode == 0
    assert told["error"] == "Cancelled"
    assert "create urn:pulumi:dev::demo::toy:index:Thing::slow" in told["done"]
    assert told["left"] == ["toy:index:Thing::after"]
    assert "not begun: toy:index:Thing::after" in told["words"]
    assert any("Once more ends at once" in text for text in told["warnings"])
    assert bench.ids() == bench.cloud.ids() == {"/things/slow", "/things/quick"}
    assert not bench.file.with_name("dev.json.journal").exists()
    assert ops(bench.up()) == {"after": "create"}


def test_a_stopped_destroy_keeps_what_it_did_not_come_to(bench: Bench) -> None:
    bench.up('a = Thing("a")\nThing("b", of=a.serial, delay=1.5)')
    with start(bench, "destroy") as process:
        until(lambda: begun(bench, "deleting", "b"))
        process.send_signal(signal.SIGINT)
        told = json.loads(process.communicate()[0])
    assert told["done"] == ["delete urn:pulumi:dev::demo::toy:index:Thing::b"]
    assert told["left"] == ["urn:pulumi:dev::demo::toy:index:Thing::a"]
    assert bench.ids() == bench.cloud.ids() == {"/things/a"}
    assert bench.run("destroy").ok
    assert bench.cloud.ids() == set()


def test_a_second_signal_ends_at_once_and_the_next_run_recovers(bench: Bench) -> None:
    bench.program('print("pid", __import__("os").getpid())\nThing("slow", delay=600)\nThing("quick")')
    with start(bench, "up") as process:
        until(lambda: begun(bench, "creating", "slow") and "/things/quick" in bench.cloud.ids())
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        process.communicate()
    assert process.returncode == -signal.SIGINT
    outcome = bench.up('Thing("slow")\nThing("quick")')
    assert ops(outcome) == {"slow": "create"}
    assert bench.ids() == bench.cloud.ids() == {"/things/slow", "/things/quick"}


def test_the_programs_child_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "child")
    note = tmp_path / "pid"
    bench.program(f'import os, time\nopen({str(note)!r}, "w").write(f"{{os.getpid()}} ")\ntime.sleep(600)')
    with start(bench, "preview") as process:
        until(lambda: note.exists() and note.read_text(encoding="utf-8").endswith(" "))
        process.kill()
    child = int(note.read_text(encoding="utf-8"))
    until(lambda: not _runs(child))


def _runs(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    os.kill(pid, 0)
    return "State:\tZ" not in status
