"""What changes of a stack is told in one order, whatever order an engine came to it in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from checks.plan import Resource
from twinloop.engine import Op, Operation, Outcome, Step
from twinloop.stacks import plans
from twinloop.stacks.plans import Evaluated

OPS = {
    "kept": Op.SAME,
    "made": Op.CREATE,
    "new": Op.CREATE,
    "other": Op.UPDATE,
    "gone": Op.DELETE,
    "lost": Op.DELETE,
}


def urn(name: str) -> str:
    return f"urn:pulumi:dev::p::t:T::{name}"


def resource(name: str) -> Resource:
    return Resource(stack="dev", urn=urn(name), type="t:T", name=name, id=f"/{name}")


BEFORE = [resource(name) for name in ("kept", "other", "gone", "lost")]
AFTER = [resource(name) for name in ("kept", "made", "new", "other")]
STEPS = [Step(op=op, urn=urn(name), type="t:T", name=name, parent="") for name, op in OPS.items()]


@given(st.permutations(BEFORE), st.permutations(AFTER), st.permutations(STEPS))
def test_a_plan_is_the_same_in_whatever_order_the_engine_finished(before, after, steps):
    outcome = Outcome(Operation.PREVIEW, True, tuple(steps), {}, (), {}, 0.0)
    found = plans.plan(before, Evaluated(stack="dev", resources=tuple(after), needs={}, outcome=outcome))
    assert [(one.op, one.resource.name) for one in found.changes] == [
        ("same", "kept"),
        ("create", "made"),
        ("create", "new"),
        ("update", "other"),
        ("delete", "gone"),
        ("delete", "lost"),
    ]
    assert [[one.name for one in side] for side in (found.before, found.after)] == [
        ["gone", "kept", "lost", "other"],
        ["kept", "made", "new", "other"],
    ]


@given(st.permutations(BEFORE))
def test_so_is_one_in_which_nothing_changes_and_one_of_a_stack_that_is_no_more(before):
    names = ["gone", "kept", "lost", "other"]
    assert [one.resource.name for one in plans.unchanged("dev", before).changes] == names
    assert [one.resource.name for one in plans.gone("dev", before).changes] == names
