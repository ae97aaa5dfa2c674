"""`kill -9` at every durable transition of a 12-resource stack: nothing is lost, nothing orphaned.

A forked child runs `up` and kills itself at the n-th transition; the next run must converge, and then the
cloud on disk, the state and the program agree.
"""

from __future__ import annotations

import os
import signal
import traceback
from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import Bench
from twinloop import engine
from twinloop.engine.backend import Backend
from twinloop.engine.journal import KILL_AFTER, KILL_BEFORE
from twinloop.engine.store import Store

FIRST = """
box = Box("box")
net = Thing("net", size=1)
subs = [Thing(f"sub{i}", of=net.serial, opts=O(parent=box)) for i in range(3)]
auto = Thing("auto", autoname=True, zone="1")
user = Thing("user", of=auto.serial)
swap = Thing("swap", kind="x")
onswap = Thing("onswap", zone=swap.serial.apply(lambda s: s + "x"))
secret = Thing("secret", secret=pulumi.Output.secret("hush"))
leaf = Thing("leaf", of=secret.serial)
old = Thing("old", of=leaf.serial)
gone = Thing("gone", of=old.serial)
"""
SECOND = """
box = Box("box")
net = Thing("net", size=2)
subs = [Thing(f"sub{i}", of=net.serial, opts=O(parent=box)) for i in range(2)]
auto = Thing("auto", autoname=True, zone="2")
user = Thing("user", of=auto.serial)
swap = Thing("swap", kind="y")
onswap = Thing("onswap", zone=swap.serial.apply(lambda s: s + "y"))
secret = Thing("secret", secret=pulumi.Output.secret("hush2"))
leaf = Thing("leaf", of=secret.serial, size=5)
new = Thing("new", of=leaf.serial)
"""
MOST = 200


def killed(bench: Bench, operation: str, variable: str, at: int) -> bool:
    """Run in a forked child that kills itself; False where the run ended before."""
    child = os.fork()
    if child == 0:
        os.environ[variable] = str(at)
        try:
            acknowledged = (bench.root / "acknowledged").open("a", encoding="utf-8")

            def note(event: Any) -> None:
                if isinstance(event, engine.StepDone) and event.step.type == "toy:index:Thing":
                    acknowledged.write(f"{event.step.op} {event.step.id or '-'}\n")
                    acknowledged.flush()

            program = engine.Program(main=bench.main, config=bench.config)
            outcome = engine.run(
                engine.Operation(operation), bench.stack, program, bench.host, engine.Options(), note
            )
            os._exit(0 if outcome.ok else 3)
        except BaseException:  # noqa: BLE001 (a forked child must not go on as a test)
            traceback.print_exc()
            os._exit(4)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the run failed instead of being killed"
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def check_nothing_acknowledged_is_lost(bench: Bench) -> None:
    path = bench.root / "acknowledged"
    acknowledged = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    standing = {state.id for state in Store(Backend(bench.stack), bench.passphrase).open().states()}
    deleted = {line.split()[1] for line in acknowledged if line.startswith("delete")}
    for line in acknowledged:
        op, thing = line.split()
        if op in {"create", "create-replacement", "update"} and thing not in deleted:
            assert thing in standing, f"{line} was acknowledged and is not in the state"


def check_converged(bench: Bench) -> None:
    assert bench.ids() == bench.cloud.ids()
    states = [r for r in bench.resources() if r["type"] == "toy:index:Thing"]
    assert not [r for r in states if r.get("delete") or r.get("pendingReplacement")]
    assert len({r["urn"] for r in bench.resources()}) == len(bench.resources())
    # A second create of the same id would have failed (the cloud refuses it), one under another id shows in
    # `ids`.
    assert not bench.file.with_name("dev.json.journal").exists()
    assert not bench.up().changed
    assert not bench.run("refresh", expect_no_changes=True).changed


def one_kill(root: Path, variable: str, at: int, *, second: bool, again: int = 0) -> bool:
    """Kill one program's `up` at a transition, then converge; False where the kill came too late."""
    bench = Bench(root)
    bench.program(FIRST)
    if second:
        bench.up()
        bench.program(SECOND)
    hit = killed(bench, "up", variable, at)
    if hit:
        check_nothing_acknowledged_is_lost(bench)
        if again and killed(bench, "up", variable, again):
            check_nothing_acknowledged_is_lost(bench)
        bench.up()
    check_converged(bench)
    assert len(bench.cloud.ids()) == (12 if not second else 10)
    return hit


@pytest.mark.parametrize("variable", [KILL_AFTER, KILL_BEFORE])
@pytest.mark.parametrize("at", [4, 15])
@pytest.mark.parametrize("second", [False, True], ids=["first", "second"])
def test_a_kill_at_a_transition_loses_nothing(tmp_path: Path, variable: str, at: int, second: bool) -> None:
    assert one_kill(tmp_path, variable, at, second=second)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("variable", [KILL_AFTER, KILL_BEFORE])
@pytest.mark.parametrize("second", [False, True], ids=["first", "second"])
def test_a_kill_at_every_transition_loses_nothing(tmp_path: Path, variable: str, second: bool) -> None:
    for at in range(1, MOST):
        if not one_kill(tmp_path / str(at), variable, at, second=second):
            break
    assert 20 < at < MOST


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("again", [1, 2, 3, 5, 9])
def test_a_kill_of_the_recovering_run_loses_nothing_either(tmp_path: Path, again: int) -> None:
    for at in range(3, 36, 4):
        one_kill(tmp_path / str(at), KILL_AFTER, at, second=True, again=again)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_kill_at_every_transition_of_a_destroy_leaves_nothing_behind(tmp_path: Path) -> None:
    for at in range(1, MOST):
        bench = Bench(tmp_path / str(at))
        bench.up(FIRST)
        hit = killed(bench, "destroy", KILL_AFTER, at)
        assert bench.run("destroy").ok
        assert bench.cloud.ids() == set()
        assert bench.resources() == []
        if not hit:
            break
    assert at > 12


def test_a_kill_inside_the_providers_create_is_found_out_by_its_id(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.program('Thing("a")\nThing("b", kill="create")')
    assert killed(bench, "up", KILL_AFTER, 0)
    assert "/things/b" not in bench.cloud.ids()
    bench.up('Thing("a")\nThing("b")')
    check_converged(bench)


def test_a_preview_after_a_kill_writes_nothing_and_knows_what_was_made(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.program(FIRST)
    assert killed(bench, "up", KILL_AFTER, 12)
    before = {path: path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()}
    outcome = bench.preview()
    assert outcome.ok
    planned = {step.name for step in outcome.steps if step.op == "create" and step.type == "toy:index:Thing"}
    assert len(planned) + len(bench.cloud.ids()) == 12
    assert {path: path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()} == before


def test_a_journal_beside_a_state_that_another_tool_wrote_is_refused(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.up('Thing("a")')
    bench.program('Thing("a")\nThing("b")')
    assert killed(bench, "up", KILL_AFTER, 2)
    bench.file.write_bytes(bench.file.read_bytes() + b"\n")
    with pytest.raises(engine.StateDiverged, match="written by another tool"):
        bench.run("up")
