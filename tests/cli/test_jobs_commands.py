"""What the commands on jobs print and answer, against jobs that really ran."""

from contextlib import contextmanager

import pytest

from tests.loops.conftest import environment, failed, pipeline, platform, scientist, shared, twin_server
from twinloop.cli import jobs_create, jobs_end, jobs_follow, jobs_look, jobs_step
from twinloop.cli.scene import Scene
from twinloop.clouds.home import Home
from twinloop.loops.refusals import asking
from twinloop.loops.workspaces import Workspace

__all__ = ["environment", "failed", "pipeline", "platform", "scientist", "shared", "twin_server"]


@pytest.fixture
def jobs(run, scientist, platform, tmp_path, monkeypatch):
    """Runs a command on jobs as a data scientist of the test's platform."""
    workspace = Workspace(
        subscription=platform.twin.subscription, group=platform.group_name, name=platform.name, source="test"
    )

    @contextmanager
    def opened(_):
        with asking(workspace):
            yield Scene(scientist, workspace, "data-scientist", True, Home(tmp_path / "home", tmp_path))

    for module in (jobs_create, jobs_end, jobs_follow, jobs_look, jobs_step):
        monkeypatch.setattr(module, "opened", opened)
    return lambda *words: run("jobs", *map(str, words))


def test_a_job_is_shown_with_its_steps_and_the_reason_of_its_end(jobs, failed):
    done = jobs("show", failed)
    assert done.code == 0
    lines = [line.split() for line in done.out.splitlines()]
    assert ["input", "factor", "9"] in lines
    assert any(line[:2] == ["sum", "Failed"] for line in lines)
    assert "step" in done.out
    assert "metric" not in done.out  # nothing was logged: there is no header without a table below


def test_the_list_can_be_narrowed_until_it_is_empty_and_says_how_to_see_all(jobs, failed):
    assert failed in jobs("list", "--status", "failed").out
    assert "twinloop jobs list" in jobs("list", "--experiment", "none").out
    assert [one["display_name"] for one in jobs("list", "--parent", failed, "--json").json["result"]] == [
        "cut", "sum",
    ]  # fmt: skip


def test_the_log_of_one_step_is_printed_alone(jobs, failed):
    done = jobs("logs", failed, "--step", "cut")
    assert "cut 100 rows" in done.out
    assert "factor" not in done.out
    assert "did you mean 'cut'?" in jobs("logs", failed, "--step", "cutt").words


def test_following_a_job_that_ended_prints_all_it_wrote_and_ends(jobs, failed):
    done = jobs("logs", failed, "--follow")
    assert "cut        │ cut 100 rows" in done.out
    assert "is Failed" in done.words


def test_a_stream_of_a_failed_job_names_the_step_and_its_log(jobs, failed):
    done = jobs("stream", failed)
    assert done.code == 1
    assert "step sum" in done.words
    assert "twinloop jobs logs" in done.words


def test_a_job_that_is_not_there_is_refused_by_every_command(jobs, failed):
    for words in (
        ("show",),
        ("stream",),
        ("logs",),
        ("download",),
        ("cancel",),
        ("rerun",),
        ("list", "--parent"),
    ):
        assert jobs(*words, "no-such-job").code == 3, words


def test_the_failed_step_runs_again_from_the_command_line(jobs, failed, pipeline, tmp_path):
    done = jobs("rerun", failed, "--set", "inputs.factor=4", "--stream", "--json")
    assert done.code == 0, done.err
    name = done.json["result"]["name"]
    assert jobs("show", name, "--json").json["result"]["tags"]["twinloop.step"] == "sum"
    fetched = jobs("download", name, "--output-name", "total", "--path", tmp_path / "out")
    assert (tmp_path / "out" / "named-outputs" / "total" / "total.txt").read_text() == str(4 * 5050)
    assert fetched.out.strip().endswith("named-outputs/total/total.txt")
    beside = jobs("compare", failed, name)
    assert "factor" in beside.out
    assert "None of these jobs logged a metric." in beside.out


def test_a_step_is_run_here_from_the_command_line_and_its_end_is_told(jobs, failed, pipeline, tmp_path):
    done = jobs(
        "debug", pipeline, "--step", "sum", "--set", "inputs.factor=2", "--no-debugger",
        "--path", tmp_path / "run", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.json["result"]["outputs"]["total"] == [
        str(tmp_path / "run" / "outputs" / "total" / "total.txt")
    ]
    broken = jobs("debug", pipeline, "--step", "sum", "--no-debugger", "--path", tmp_path / "again")
    assert broken.code == 1
    assert "--until-failure" in broken.words


def test_a_sample_says_what_was_taken_and_what_stays_whole(jobs, failed, pipeline):
    done = jobs("create", "-f", pipeline, "--sample", "10", "--set", "inputs.factor=1", "--json")
    assert done.code == 0, done.err
    assert done.json["result"]["tags"]["twinloop.sample"] == "10"
    assert "inputs.table: 10 of 100 rows" in done.words


def test_the_job_as_it_was_accepted_can_be_saved(jobs, failed, pipeline, tmp_path):
    done = jobs("create", "-f", pipeline, "--set", "inputs.factor=1", "--save-as", tmp_path / "job.yml")
    assert done.code == 0, done.err
    assert "type: pipeline" in (tmp_path / "job.yml").read_text()


def test_a_place_that_is_not_there_is_refused_before_anything_is_sent(jobs, failed, pipeline, tmp_path):
    before = {one["name"] for one in jobs("list", "--json").json["result"]}
    done = jobs("create", "-f", pipeline, "--save-as", tmp_path / "none" / "job.yml")
    assert done.code == 2
    assert "mkdir -p" in done.words
    assert {one["name"] for one in jobs("list", "--json").json["result"]} == before


def test_a_sample_that_may_be_registered_must_be_a_sample(jobs, pipeline):
    done = jobs("create", "-f", pipeline, "--register-sample")
    assert done.code == 2
    assert "leave it out" in done.words


def test_a_job_is_shown_on_the_nodes_that_it_ran_on(jobs, failed):
    assert "cpu, 1 x Standard_F4s_v2" in jobs("show", failed).out
