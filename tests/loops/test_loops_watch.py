"""Following a job tells each state and each line once, in order, to the end."""

from datetime import UTC, datetime, timedelta

import pytest

from twinloop.loops.runs import Run, WorkspaceHistory
from twinloop.loops.watch import Ended, LogLines, StepChanged, follow

START = datetime(2026, 11, 21, 10, tzinfo=UTC)


def a_run(name, status, seconds=None, **changes):
    started = None if status in {"NotStarted", "Queued"} else START
    ended = START + timedelta(seconds=seconds) if seconds is not None else None
    return Run(name=f"job-{name}", display_name=name, status=status, started=started, ended=ended, **changes)


class Tape:
    """A run history that shows one prepared moment after the other."""

    def __init__(self, *moments):
        self.moments, self.at = moments, 0

    def forward(self):
        self.at += 1

    def run(self, name):
        status, children, texts = self.moments[self.at]
        if name == "job":
            return Run(name="job", display_name="job", status=status)
        step = next(child for child in children if child.name == name)
        return Run(
            name=name,
            display_name="",
            status=step.status,
            logs={"user_logs/std_log.txt": name} if name in texts else {},
        )

    def children(self, _):
        return list(self.moments[self.at][1])

    def text(self, address):
        return self.moments[self.at][2][address]


def events(*moments):
    tape = Tape(*moments)
    return list(follow(tape, "job", wait=tape.forward))


def lines(found):
    return [line for event in found if isinstance(event, LogLines) for line in event.lines]


def states(found):
    return [(event.step, event.status) for event in found if isinstance(event, StepChanged)]


def test_each_state_is_told_once():
    found = events(
        ("Running", [a_run("a", "Queued")], {}),
        ("Running", [a_run("a", "Queued")], {}),
        ("Running", [a_run("a", "Running"), a_run("b", "NotStarted")], {}),
        ("Completed", [a_run("a", "Completed", 2), a_run("b", "Completed", 1)], {}),
    )
    assert states(found) == [
        ("a", "Queued"), ("a", "Running"), ("b", "NotStarted"), ("a", "Completed"), ("b", "Completed"),
    ]  # fmt: skip


def test_each_line_is_told_once_and_a_half_line_waits():
    found = events(
        ("Running", [a_run("a", "Running")], {"job-a": "one\nhal"}),
        ("Running", [a_run("a", "Running")], {"job-a": "one\nhalf\n"}),
        ("Completed", [a_run("a", "Completed", 1)], {"job-a": "one\nhalf\nlast"}),
    )
    assert lines(found) == ["one", "half", "last"]


def test_the_last_lines_come_before_the_end_of_their_step():
    found = events(("Completed", [a_run("a", "Completed", 1)], {"job-a": "late\n"}))
    kinds = [type(event) for event in found]
    assert kinds == [LogLines, StepChanged, Ended]


def test_a_finished_step_is_not_asked_for_its_log_again():
    class Counting(Tape):
        asked = 0

        def text(self, address):
            self.asked += 1
            return super().text(address)

    tape = Counting(
        ("Running", [a_run("a", "Completed", 1)], {"job-a": "x\n"}),
        ("Running", [a_run("a", "Completed", 1)], {"job-a": "x\n"}),
        ("Completed", [a_run("a", "Completed", 1)], {"job-a": "x\n"}),
    )
    list(follow(tape, "job", wait=tape.forward))
    assert tape.asked == 1


def test_a_reused_step_says_so_and_has_no_log_of_its_own():
    found = events(("Completed", [a_run("a", "Completed", 0, reused_from="old")], {"job-a": "x\n"}))
    assert [event.reused_from for event in found if isinstance(event, StepChanged)] == ["old"]
    assert lines(found) == []


@pytest.mark.parametrize("status", ["Failed", "Canceled"])
def test_a_job_that_did_not_complete_ends_not_ok(status):
    found = events((status, [a_run("a", status, 1, error="why")], {}))
    assert found[-1].ok is False
    assert found[-1].steps[0].error == "why"


def test_a_job_without_steps_is_its_own_step():
    tape = Tape(("Completed", [], {}))
    assert [type(event) for event in follow(tape, "job", wait=tape.forward)] == [StepChanged, Ended]


@pytest.mark.filterwarnings("ignore")  # the SDK's own, of its marshmallow
def test_the_private_doors_of_the_sdk_that_we_lean_on_are_still_there():
    from azure.ai.ml import MLClient
    from azure.ai.ml._azure_environments import _get_aml_resource_id_from_metadata
    from azure.ai.ml._restclient.runhistory.operations import RunsOperations

    class NoToken:
        def get_token(self, *_, **__):
            raise AssertionError("construction asks for no token")

    client = MLClient(NoToken(), "s", "g", "w", enable_telemetry=False)
    history = WorkspaceHistory(client)
    assert history._jobs is client.jobs
    for name in ("_runs_operations", "_api_url"):
        assert isinstance(getattr(type(client.jobs), name), property)
    assert hasattr(client.jobs, "_requests_pipeline")
    assert hasattr(client.jobs, "_credential")
    assert client.jobs._api_base_url is None
    assert client.jobs._operation_scope.workspace_name == "w"
    assert callable(client.workspaces._operation.get)
    assert callable(RunsOperations.get_child)
    assert callable(_get_aml_resource_id_from_metadata)
