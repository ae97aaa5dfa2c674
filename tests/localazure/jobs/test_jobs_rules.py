"""The rules of jobs, without a twin: expressions, values, requirements, queues, states."""

from __future__ import annotations

import asyncio
import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinloop.localazure.jobs import states
from twinloop.localazure.jobs.clusters import Clusters, Scale
from twinloop.localazure.jobs.durations import seconds
from twinloop.localazure.jobs.expressions import (
    BadExpression,
    ParentInput,
    ParentOutput,
    StepOutput,
    check_command,
    render,
    wire,
)
from twinloop.localazure.jobs.literals import literal_problem

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)
TEXTS = st.text(st.characters(blacklist_characters="${}[]"), max_size=20)


@given(st.dictionaries(NAMES, TEXTS, min_size=1, max_size=4), TEXTS)
def test_every_input_of_a_command_is_replaced_by_its_value_and_nothing_else_is(inputs, rest):
    command = rest + "".join(f" ${{{{inputs.{name}}}}}" for name in inputs)
    assert render(command, inputs, {}) == rest + "".join(f" {value}" for value in inputs.values())


@given(st.from_regex(r"/[^\x00-\x1f\x7f]{1,20}", fullmatch=True))
def test_a_shell_reads_the_folder_of_a_job_as_it_is_wherever_it_stands_in_a_command(folder):
    path = f"{folder}/inputs/raw"
    command = """a ${{inputs.raw}} "b: ${{inputs.raw}}" 'c: ${{inputs.raw}}' \\'${{inputs.raw}}"""
    shown = f"printf '%s\\0' {render(command, {'raw': path}, {}, folder)}"
    words = subprocess.run(["bash", "-c", shown], capture_output=True, text=True, check=True).stdout.split(
        "\0"
    )[:-1]
    assert words == ["a", path, f"b: {path}", f"c: {path}", f"'{path}"]


def test_a_plain_folder_is_written_as_on_azure():
    assert render('run ${{outputs.x}} "${{outputs.x}}"', {}, {"x": "/a/b/x"}, "/a/b") == 'run /a/b/x "/a/b/x"'


@given(st.dictionaries(NAMES, st.one_of(st.none(), TEXTS), min_size=1, max_size=4))
def test_an_optional_part_stays_exactly_when_its_input_has_a_value(inputs):
    command = "run" + "".join(f" $[[--{name} ${{{{inputs.{name}}}}}]]" for name in inputs)
    shown = "run" + "".join(
        f" --{name} {value}" if value is not None else " " for name, value in inputs.items()
    )
    assert render(command, inputs, {}) == shown


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("${{parent.inputs.rate}}", ParentInput("rate")),
        ("${{ parent.outputs.model }}", ParentOutput("model")),
        ("${{parent.jobs.prep.outputs.out}}", StepOutput("prep", "out")),
        ("0.5", None),
        ("a ${{parent.inputs.rate}}", None),
        (7, None),
    ],
)
def test_a_binding_says_what_it_is_wired_to(text, found):
    assert wire(text) == found


@pytest.mark.parametrize(
    "text", ["${{inputs.x}}", "${{parent.jobs.a.inputs.b}}", "${{parent.jobs.a.b.outputs.c}}"]
)
def test_a_binding_of_no_known_form_is_refused(text):
    with pytest.raises(BadExpression, match=re.escape("parent.jobs.STEP.outputs.NAME")):
        wire(text)


def test_a_command_that_uses_an_optional_input_outside_brackets_is_refused():
    assert check_command("run ${{inputs.a}}", ["a"], [], ["a"])
    assert not check_command("run $[[--a ${{inputs.a}}]]", ["a"], [], ["a"])


@pytest.mark.parametrize(
    ("text", "declared", "fits"),
    [
        ("3", {"type": "integer"}, True),
        ("3.5", {"type": "integer"}, False),
        ("3.5", {"type": "number", "max": "4"}, True),
        ("3.5", {"type": "number", "max": "3"}, False),
        ("true", {"type": "boolean"}, True),
        ("yes", {"type": "boolean"}, False),
        ("b", {"type": "string", "enum": ["a"]}, False),
    ],
)
def test_a_literal_fits_its_declaration_or_is_refused(text, declared, fits):
    assert (literal_problem(text, declared) == "") is fits


@given(st.integers(0, 9), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_durations_are_read_in_seconds(days, hours, minutes, rest):
    assert seconds(f"P{days}DT{hours}H{minutes}M{rest}S") == ((days * 24 + hours) * 60 + minutes) * 60 + rest


@given(st.lists(st.integers(1, 3), min_size=1, max_size=12), st.integers(3, 5))
def test_a_cluster_never_runs_more_than_its_nodes_and_everything_gets_its_turn_in_order(sizes, most):
    began, most_seen = [], 0

    async def play():
        nonlocal most_seen
        clusters = Clusters(lambda _compute: Scale(most=most), lambda: 0.0)

        async def run(index, size):
            nonlocal most_seen
            async with clusters.nodes("c", str(index), size):
                began.append(index)
                most_seen = max(most_seen, clusters.counts("c")["running"])
                await asyncio.sleep(0)

        await asyncio.gather(*(run(index, size) for index, size in enumerate(sizes)))
        assert clusters.counts("c")["running"] == 0

    asyncio.run(play())
    assert began == sorted(began)
    assert len(began) == len(sizes)
    assert most_seen <= most


def test_a_run_that_gives_up_its_place_in_the_queue_lets_the_next_one_in():
    async def play():
        clusters = Clusters(lambda _compute: Scale(most=1), lambda: 0.0)
        order = []

        async def run(name, gate):
            async with clusters.nodes("c", name, 1):
                order.append(name)
                await gate.wait()

        gate = asyncio.Event()
        tasks = [asyncio.create_task(run(name, gate)) for name in ("first", "second", "third")]
        await asyncio.sleep(0)
        tasks[1].cancel()
        gate.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert order == ["first", "third"]

    asyncio.run(play())


def test_nodes_that_wait_longer_than_the_idle_time_are_gone():
    clock = [0.0]

    async def play():
        clusters = Clusters(lambda _compute: Scale(most=2, idle_seconds=60), lambda: clock[0])
        async with clusters.nodes("c", "run", 2):
            assert clusters.counts("c")["idle"] == 0
        assert clusters.counts("c")["idle"] == 2
        clock[0] = 61
        assert clusters.counts("c")["idle"] == 0

    asyncio.run(play())


ALL = [
    states.NOT_STARTED,
    states.QUEUED,
    states.PREPARING,
    states.RUNNING,
    states.FINALIZING,
    states.CANCEL_REQUESTED,
]


@given(st.sampled_from(sorted(states.TERMINAL)), st.sampled_from([*ALL, *sorted(states.TERMINAL)]))
def test_an_end_is_final(end, after):
    assert not states.may_follow(end, after)


@given(st.sampled_from(ALL), st.sampled_from(sorted(states.TERMINAL)))
def test_everything_can_come_to_an_end(before, end):
    assert states.may_follow(before, end)
