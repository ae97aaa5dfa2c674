"""The program against what really stands: on the twin by either engine, without touching anything of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.review.projects import Project, changes
from twinloop.engine.backend import Backend
from twinloop.engine.model import Stack
from twinloop.review.official_live import standing_beside
from twinloop.review.reviewing import Request

needs_pulumi = pytest.mark.skipif(shutil.which("pulumi") is None, reason="the official CLI is not on PATH")


@pytest.fixture
def standing(project: Project, run) -> Project:
    """The project, brought up on its twin."""
    ran = run("up", "-s", "dev")
    assert ran.code == 0, ran.err
    return project


def state(project: Project) -> Path:
    stack = Stack(project="twinloop-tests", name="dev", backend=project.home.state, passphrase="")
    return Backend(stack).checkpoint


def test_what_stands_as_the_program_says_has_no_changes_and_the_first_line_names_the_time(
    standing: Project, run
):
    before = state(standing).read_bytes()
    ran = run("review", "-s", "dev", "--against", "live")
    assert ran.code == 0, ran.err
    first = ran.out.splitlines()[0]
    assert first.startswith("code against the live state")
    assert "the twin" in first
    assert "T" in first.rpartition("read ")[2]
    assert "no resource changes" in ran.out
    assert state(standing).read_bytes() == before


def test_a_change_is_told_on_top_of_what_the_twin_made_and_twice_with_one_digest(standing: Project):
    standing.stack("dev", owner="you")
    review = standing.review("dev", live="twin")
    found = changes(review.stacks[0])
    assert {name: change.op for name, change in found.items()} == {"group": "update"}
    principal = next(r for r in review.stacks[0].plan.before if r.name == "worker").outputs["principalId"]
    assert standing.review("dev", live="twin").digest == review.digest
    assert principal not in standing.review("dev").digest
    after = next(r for r in review.stacks[0].plan.after if r.name == "worker")
    assert after.outputs["principalId"] == principal  # the twin's own, not one of paper


def test_a_stack_that_was_never_brought_up_is_new(project: Project):
    stack = project.one("dev", live="twin")
    assert stack.is_new
    assert {change.op for change in stack.plan.changes} == {"create"}
    assert not project.home.passphrase.exists()


def test_a_damaged_state_is_told_with_the_way_out(standing: Project, run):
    state(standing).write_text("{")
    ran = run("review", "-s", "dev", "--against", "live")
    assert ran.code == 7
    assert "twinloop stack restore -s dev" in ran.words


def test_what_stands_beside_counts_by_the_official_cli_too_unless_its_state_cannot_be_read(standing: Project):
    standing.stack("other")
    request = Request(home=standing.home, live="twin", official=True)
    dev, other = standing_beside(request, ["dev", "other"])
    assert {"group", "worker"} <= {one.name for one in dev.plan.after}
    assert {one.op for one in dev.plan.changes} == {"same"}
    assert other.plan.after == ()
    state(standing).write_text("{")
    assert [one.stack for one in standing_beside(request, ["dev", "other"])] == ["other"]


@needs_pulumi
@pytest.mark.pulumi
def test_the_official_cli_sees_the_same_change_as_the_embedded_engine(standing: Project, run):
    standing.stack("dev", owner="you")
    ours = standing.one("dev", live="twin")
    theirs = standing.review("dev", live="twin", official=True)
    (stack,) = theirs.stacks
    (mine,), (other,) = changes(ours).values(), changes(stack).values()
    assert (mine.op, mine.resource.urn) == (other.op, other.resource.urn)
    assert [(d.path, d.before, d.after) for d in other.differences] == [("tags.owner", "me", "you")]
    assert standing.review("dev", live="twin", official=True).digest == theirs.digest


@needs_pulumi
@pytest.mark.pulumi
def test_the_official_cli_names_what_a_replacement_is_for(standing: Project):
    standing.stack("dev", group="rg-other")
    found = changes(standing.one("dev", live="twin", official=True))
    assert found["group"].op == found["worker"].op == "replace"
    assert [d.path for d in found["group"].differences if d.replaces] == ["resourceGroupName"]
    assert found["group"].after is not None
    assert found["group"].after.id.endswith("/resourceGroups/rg-other")


@needs_pulumi
@pytest.mark.pulumi
def test_a_program_that_fails_by_the_official_cli_is_a_refusal(standing: Project):
    standing.program("raise RuntimeError('broken now')")
    (problem,) = standing.reviewed("dev", live="twin", official=True).failures
    assert "broken now" in problem.given + problem.message


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--base", "main", "--against", "live"], "--base"),
        (["--cloud", "azure"], "--against live"),
        (["--engine", "pulumi"], "--against live"),
        (["--against", "live", "--cloud", "azure", "--engine", "embedded"], "--engine"),
        (["--against", "live", "--cloud", "azure", "--head", "main"], "--head"),
        (["--against", "live", "--cloud", "azure", "--time-limit", "9"], "--time-limit"),
        (["--json", "--markdown", "-"], "--markdown FILE"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_done(project: Project, run, words, told):
    ran = run("review", "-s", "dev", *words)
    assert ran.code == 2
    assert told in ran.words
