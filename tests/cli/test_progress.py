import io

import pytest
from rich.console import Console

from twinloop.cli.progress import _LiveTree
from twinloop.engine.model import Op, Step, StepDone, StepFailed, StepStarted

STACK = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
LAKE = "urn:pulumi:dev::shop::twinloop:infra:Lake::lake"
COMPONENT = Step(Op.CREATE, LAKE, "twinloop:infra:Lake", "lake", STACK)


def step(name, parent=LAKE, op="create"):
    kind = "azure-native:storage:StorageAccount"
    return Step(Op(op), f"urn:pulumi:dev::shop::{kind}::{name}", kind, name, parent)


@pytest.fixture
def tree():
    screen = Console(file=io.StringIO(), width=80, height=24, force_terminal=True, color_system=None)
    return _LiveTree(screen, "up dev", planning=False)


def lines(tree):
    console = Console(file=io.StringIO(), width=80, color_system=None)
    console.print(tree._draw())
    return console.file.getvalue().splitlines()


def test_until_the_program_declares_something_it_is_being_read(tree):
    assert "reading the program" in lines(tree)[0]


def test_the_first_line_counts_what_is_done_under_way_and_failed(tree):
    tree.take(StepDone(step("a"), 0.1))
    tree.take(StepStarted(step("b")))
    tree.take(StepFailed(step("c"), "no"))
    assert "1 done, 1 under way, 1 failed" in lines(tree)[0]


def test_a_component_is_shown_once_it_holds_something(tree):
    tree.take(StepDone(COMPONENT, 0.0))
    assert len(lines(tree)) == 1
    tree.take(StepStarted(step("account")))
    assert [line.split()[-1] for line in lines(tree)[1:]] == ["lake", "StorageAccount"]


def test_more_than_fits_leaves_what_failed_and_what_runs_and_counts_the_rest(tree):
    tree.take(StepDone(COMPONENT, 0.0))
    for number in range(50):
        tree.take(StepDone(step(f"done-{number}"), 0.1))
    for number in range(30):
        tree.take(StepStarted(step(f"runs-{number}")))
    tree.take(StepFailed(step("broken"), "no"))
    shown = lines(tree)
    assert len(shown) <= 24
    assert any("failed" in line and "broken" in line for line in shown)
    assert not any("done-" in line for line in shown)
    running = sum("runs-" in line for line in shown)
    assert f"and {30 - running} more under way" in shown[-1]


def test_room_that_is_left_shows_what_ended_last(tree):
    for number in range(50):
        tree.take(StepDone(step(f"done-{number:02}", parent=STACK), 0.1))
    shown = "\n".join(lines(tree))
    assert "done-49" in shown
    assert "done-00" not in shown


def test_a_long_name_is_cut_and_never_takes_a_second_line(tree):
    tree.take(StepStarted(step("x" * 200, parent=STACK)))
    assert len(lines(tree)) == 2
    assert lines(tree)[1].endswith("…")


def test_what_does_not_change_is_counted_and_not_shown(tree):
    tree.take(StepDone(step("quiet", op="same"), 0.0))
    assert len(lines(tree)) == 1
    assert "1 done" in lines(tree)[0]
