"""The cloud does as asked and its answer is lost: the next run finds out, over both transports."""

from __future__ import annotations

from tests.engine.conftest import Bench


def _unheard(bench: Bench, operation: str, source: str) -> None:
    bench.program(source)
    outcome = bench.run(operation)
    assert not outcome.ok
    assert "the connection broke" in str(outcome.error)


def test_what_was_made_unheard_is_taken_into_the_state_and_not_made_again(bench: Bench) -> None:
    _unheard(bench, "up", 'Thing("a", fail="create, unheard")')
    assert bench.cloud.ids() == {"/things/a"}
    assert bench.run("up").ok
    assert bench.ids() == bench.cloud.ids()
    assert bench.run("up", expect_no_changes=True).ok


def test_what_was_changed_unheard_is_read_back_and_not_changed_again(bench: Bench) -> None:
    bench.up('Thing("a", size=1)')
    _unheard(bench, "up", 'Thing("a", size=2, fail="update, unheard")')
    assert bench.run("up").ok
    assert bench.resource("a")["outputs"]["size"] == 2
    assert bench.run("up", expect_no_changes=True).ok


def test_what_was_deleted_unheard_leaves_the_state_at_the_next_run(bench: Bench) -> None:
    bench.up('Thing("a", fail="delete, unheard")\nThing("b")')
    _unheard(bench, "destroy", "")
    assert "/things/a" not in bench.cloud.ids()
    assert bench.run("destroy").ok
    assert bench.ids() == bench.cloud.ids() == set()
