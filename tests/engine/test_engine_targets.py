"""What targets leave out, and what is said of the outputs that need it; over both transports."""

from __future__ import annotations

import json

from tests.engine.conftest import Bench, ops

A = "urn:pulumi:dev::demo::toy:index:Thing::a"
B = "urn:pulumi:dev::demo::toy:index:Thing::b"


def stack_outputs(bench: Bench) -> dict[str, object]:
    (stack,) = [r for r in bench.resources() if r["type"] == "pulumi:pulumi:Stack"]
    return dict(stack.get("outputs", {}))


def test_an_output_that_needs_what_the_targets_leave_out_is_not_set_and_a_warning_says_so(
    bench: Bench,
) -> None:
    outcome = bench.up(
        'a = Thing("a")\nb = Thing("b")\npulumi.export("a", a.serial)\n'
        'pulumi.export("b", b.serial)\npulumi.export("deep", {"x": [pulumi.Output.secret(b.serial)]})',
        targets=(A,),
    )
    assert ops(outcome) == {"a": "create"}
    assert outcome.outputs == stack_outputs(bench) == {"a": "s-a"}
    said = {d.message.split("'")[1] for d in outcome.diagnostics if d.severity == "warning"}
    assert said == {"b", "deep"}


def test_an_output_keeps_its_value_where_the_targets_leave_out_what_it_needs_now(bench: Bench) -> None:
    bench.up('a = Thing("a")\npulumi.export("which", a.serial)')
    outcome = bench.up('a = Thing("a")\nb = Thing("b")\npulumi.export("which", b.serial)', targets=(A,))
    assert outcome.outputs == stack_outputs(bench) == {"which": "s-a"}
    assert bench.up(targets=(B,)).outputs == {"which": "s-b"}
    assert bench.cloud.ids() == {"/things/a", "/things/b"}


def test_a_components_output_that_is_not_known_is_left_out_of_the_state(bench: Bench) -> None:
    bench.up(
        'a = Thing("a")\nbox = Box("box")\nb = Thing("b", opts=O(parent=box))\n'
        'box.register_outputs({"serial": b.serial, "size": 3})',
        targets=(A,),
    )
    assert bench.resource("box")["outputs"] == {"size": 3}
    assert "04da6b54" not in json.dumps(bench.resources())
