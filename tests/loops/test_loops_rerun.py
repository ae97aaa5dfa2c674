"""One step runs again alone: with the inputs that it really had, with its code as it was or as edited."""

import shutil

import pytest

from tests.loops.conftest import ended
from twinloop.loops import rerun, steps
from twinloop.loops.document import Override
from twinloop.loops.download import Wanted, download
from twinloop.loops.rerun import Changes
from twinloop.loops.runs import WorkspaceHistory, state_of
from twinloop.problems import BadUsage, NotFound


def total_of(client, job, folder):
    (file,) = download(client, job.name, folder=folder, wanted=Wanted(output="total"))
    return file.read_text()


def test_the_failed_step_is_meant_where_none_is_named(scientist, failed):
    assert steps.find(scientist, failed).name == "sum"


def test_a_step_is_found_with_what_was_bound_to_it(scientist, failed):
    found = steps.find(scientist, failed, "sum")
    cut = next(run for run in WorkspaceHistory(scientist).children(failed) if run.module == "cut")
    assert (found.pipeline, found.status, found.compute) == (failed, "Failed", "cpu")
    assert found.inputs["factor"] == "9"
    assert found.inputs["note"] is None
    assert found.inputs["rows"].type == "uri_folder"
    assert cut.name in found.inputs["rows"].path


def test_a_literal_is_changed_and_the_step_completes_with_its_real_inputs(scientist, failed, tmp_path):
    found = steps.find(scientist, failed, "sum")
    job = rerun.submit(scientist, found, Changes(inputs=(Override.parse("inputs.factor=3"),)))
    assert state_of(ended(scientist, job.name)) == "Completed"
    assert total_of(scientist, job, tmp_path) == str(3 * sum(range(1, 101)))


def test_edited_code_runs_in_place_of_what_was_submitted_and_tags_lead_back(
    scientist, failed, pipeline, tmp_path
):
    source = shutil.copytree(pipeline.parent / "sum" / "src", tmp_path / "edited")
    (source / "main.py").write_text((source / "main.py").read_text().replace("a.factor < 5", "a.factor < 50"))
    found = steps.find(scientist, failed, "sum")
    job = rerun.submit(scientist, found, Changes(code=source))
    done = ended(scientist, job.name)
    assert state_of(done) == "Completed"
    assert total_of(scientist, job, tmp_path / "down") == str(9 * sum(range(1, 101)))
    assert done.tags == {
        "twinloop.rerunOf": found.job,
        "twinloop.pipeline": failed,
        "twinloop.step": "sum",
        "twinloop.code": "edited",
    }


def test_a_command_job_runs_again_as_it_was(scientist, failed):
    found = steps.find(scientist, failed, "sum")
    first = rerun.submit(scientist, found, Changes(inputs=(Override.parse("inputs.factor=1"),)))
    again = rerun.submit(scientist, steps.find(scientist, first.name), Changes())
    assert state_of(ended(scientist, again.name)) == "Completed"
    assert again.command == first.command
    assert again.tags["twinloop.rerunOf"] == first.name


def test_a_step_whose_input_was_never_left_is_refused(scientist, failed):
    job = steps.get(scientist, failed)
    runs = WorkspaceHistory(scientist).children(failed)
    with pytest.raises(NotFound) as refused:
        steps.left_by(scientist, job, runs, "sum", "total", where="report.inputs.total")
    assert "output total of step sum, which is Failed" in refused.value.given


@pytest.mark.parametrize(
    ("step", "words"), [("summ", "did you mean 'sum'?"), ("nothing", "This job has no step")]
)
def test_a_step_that_is_not_there_is_told_with_the_nearest(scientist, failed, step, words):
    with pytest.raises(NotFound) as refused:
        steps.find(scientist, failed, step)
    assert words in str(refused.value)
    assert refused.value.allowed == "cut, sum"


def test_a_change_of_what_the_step_does_not_have_is_refused(scientist, failed):
    with pytest.raises(BadUsage) as refused:
        rerun.changed(steps.find(scientist, failed, "sum"), [Override.parse("inputs.factr=1")])
    assert "did you mean 'factor'?" in str(refused.value)
    assert refused.value.allowed == "inputs.rows, inputs.factor, inputs.note"


def test_a_code_folder_that_is_not_there_is_refused_before_anything_is_sent(scientist, failed, tmp_path):
    with pytest.raises(NotFound):
        rerun.submit(scientist, steps.find(scientist, failed, "sum"), Changes(code=tmp_path / "gone"))
