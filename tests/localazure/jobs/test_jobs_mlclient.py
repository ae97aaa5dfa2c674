"""Jobs through the official client: submitted, streamed, downloaded, listed, labelled, reused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

PREPARE = """
import argparse, pathlib
p = argparse.ArgumentParser()
p.add_argument("--raw"); p.add_argument("--factor", type=float)
p.add_argument("--note"); p.add_argument("--out")
a = p.parse_args()
rows = [float(x) for x in pathlib.Path(a.raw).read_text().split()]
pathlib.Path(a.out, "rows.txt").write_text(" ".join(str(x * a.factor) for x in rows))
print("prepared", len(rows), "rows", a.note)
"""
SUM = """
import argparse, json, pathlib
p = argparse.ArgumentParser()
p.add_argument("--rows"); p.add_argument("--total")
a = p.parse_args()
values = [float(x) for x in pathlib.Path(a.rows, "rows.txt").read_text().split()]
pathlib.Path(a.total, "total.json").write_text(json.dumps({"total": sum(values)}))
"""
COMPONENTS = {
    "prepare": (
        """
inputs:
  raw: {type: uri_file}
  factor: {type: number, default: 2, min: 0, max: 10}
  note: {type: string, optional: true}
outputs:
  out: {type: uri_folder}
command: >-
  python main.py --raw ${{inputs.raw}} --factor ${{inputs.factor}} $[[--note ${{inputs.note}}]]
  --out ${{outputs.out}}
""",
        PREPARE,
    ),
    "sum": (
        """
inputs:
  rows: {type: uri_folder}
outputs:
  total: {type: uri_folder}
command: python main.py --rows ${{inputs.rows}} --total ${{outputs.total}}
""",
        SUM,
    ),
}
PIPELINE = """
$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
type: pipeline
display_name: three steps
experiment_name: tests
settings: {default_compute: azureml:cpu, continue_on_step_failure: false}
inputs:
  raw: {type: uri_file, path: raw.txt}
  factor: 3
outputs:
  total: {type: uri_folder}
jobs:
  first:
    type: command
    component: ./prepare/component.yaml
    inputs: {raw: "${{parent.inputs.raw}}", factor: "${{parent.inputs.factor}}"}
  second:
    type: command
    component: ./sum/component.yaml
    inputs: {rows: "${{parent.jobs.first.outputs.out}}"}
    outputs: {total: "${{parent.outputs.total}}"}
  third:
    type: command
    component: ./prepare/component.yaml
    display_name: prepare with a note
    inputs: {raw: "${{parent.inputs.raw}}", note: noted}
"""


def write_pipeline(folder: Path, numbers: str) -> Path:
    for name, (spec, code) in COMPONENTS.items():
        (folder / name / "src").mkdir(parents=True)
        (folder / name / "src" / "main.py").write_text(code)
        head = f"name: {name}\ntype: command\ncode: ./src\nenvironment: azureml:here:1\n"
        (folder / name / "component.yaml").write_text(head + spec)
    (folder / "raw.txt").write_text(numbers)
    (folder / "pipeline.yml").write_text(PIPELINE)
    return folder / "pipeline.yml"


@pytest.mark.usefixtures("platform", "environment")
def test_a_command_job_is_submitted_streamed_and_downloaded(scientist, code, tmp_path, capsys):
    from azure.ai.ml import Input, Output, command

    (code / "main.py").write_text(
        "import pathlib, sys, time\n"
        "text = pathlib.Path(sys.argv[1]).read_text()\n"
        "print('read', text, flush=True)\n"
        "time.sleep(1.5)  # long enough for the client to begin to follow\n"
        "pathlib.Path(sys.argv[2], 'copy.txt').write_text(text * int(sys.argv[3]))\n"
    )
    (tmp_path / "data.txt").write_text("abc")
    scientist.workspaces.get()  # the client loads MLflow once, for seconds; not while the job runs
    job = scientist.jobs.create_or_update(
        command(
            code=str(code),
            command="python main.py ${{inputs.data}} ${{outputs.copy}} ${{inputs.times}}",
            inputs={"data": Input(type="uri_file", path=str(tmp_path / "data.txt")), "times": 2},
            outputs={"copy": Output(type="uri_folder")},
            environment="here:1",
            compute="cpu",
            experiment_name="tests",
            display_name="copy it",
        )
    )
    scientist.jobs.stream(job.name)
    shown = capsys.readouterr().out
    assert "read abc" in shown
    assert scientist.jobs.get(job.name).status == "Completed"
    scientist.jobs.download(job.name, download_path=tmp_path / "down", all=True)
    assert (tmp_path / "down" / "named-outputs" / "copy" / "copy.txt").read_text() == "abcabc"
    assert "read abc" in (tmp_path / "down" / "artifacts" / "user_logs" / "std_log.txt").read_text()


@pytest.fixture(scope="module")
def numbers() -> str:
    return "1 2 3.5"


def submit(scientist, path: Path):
    from azure.ai.ml import load_job

    job = scientist.jobs.create_or_update(load_job(path))
    scientist.jobs.stream(job.name)
    return scientist.jobs.get(job.name)


def test_a_pipeline_passes_data_from_step_to_step_and_a_second_run_is_answered_by_the_first(
    platform, environment, scientist, tmp_path, numbers
):
    path = write_pipeline(tmp_path, numbers)
    first = submit(scientist, path)
    assert first.status == "Completed"
    scientist.jobs.download(first.name, download_path=tmp_path / "down", output_name="total")
    total = json.loads((tmp_path / "down" / "named-outputs" / "total" / "total.json").read_text())
    assert total == {"total": 19.5}
    children = {
        child.properties["azureml.moduleName"]: child
        for child in scientist.jobs.list(parent_job_name=first.name)
    }
    assert {name: child.status for name, child in children.items()} == dict.fromkeys(
        ("first", "second", "third"), "Completed"
    )
    assert children["third"].display_name == "prepare with a note"

    again = submit(scientist, path)
    assert again.status == "Completed"
    for child in scientist.jobs.list(parent_job_name=again.name):
        assert child.properties["azureml.isreused"] == "true"
        assert (
            child.properties["azureml.reusedrunid"] == children[child.properties["azureml.moduleName"]].name
        )
    scientist.jobs.download(again.name, download_path=tmp_path / "again", output_name="total")
    assert (tmp_path / "again" / "named-outputs" / "total" / "total.json").exists()


def test_changed_data_is_not_answered_by_an_earlier_run(platform, environment, scientist, tmp_path, numbers):
    path = write_pipeline(tmp_path, numbers + " 100")
    job = submit(scientist, path)
    children = list(scientist.jobs.list(parent_job_name=job.name))
    assert not any("azureml.isreused" in child.properties for child in children)


def test_a_step_of_a_pipeline_is_a_job_with_its_own_log_to_download(
    platform, environment, scientist, tmp_path, numbers
):
    job = submit(scientist, write_pipeline(tmp_path, numbers + " 7"))
    third = next(
        c
        for c in scientist.jobs.list(parent_job_name=job.name)
        if c.properties["azureml.moduleName"] == "third"
    )
    scientist.jobs.download(third.name, download_path=tmp_path / "down")
    assert (
        "prepared 4 rows noted" in (tmp_path / "down" / "artifacts" / "user_logs" / "std_log.txt").read_text()
    )


def test_labels_change_and_archived_jobs_leave_the_list(platform, environment, scientist):
    name = f"labels-{platform.mark}"
    platform.submit(name, command="true", environmentId=environment, computeId=platform.cpu)
    platform.wait(name)
    scientist.jobs.update(name, display_name="renamed", tags={"kept": "yes"})
    job = scientist.jobs.get(name)
    assert (job.display_name, job.tags) == ("renamed", {"kept": "yes"})
    scientist.jobs.archive(name)
    assert name not in {job.name for job in scientist.jobs.list()}
    scientist.jobs.restore(name)
    assert name in {job.name for job in scientist.jobs.list()}


def test_a_failing_step_fails_the_pipeline_with_its_name_and_stops_the_rest(
    platform, environment, scientist, tmp_path
):
    from azure.ai.ml import load_job
    from azure.ai.ml.exceptions import JobException

    path = write_pipeline(tmp_path, "1 two 3")
    path.write_text(PIPELINE.partition("  third:")[0])  # which would fail as well, and perhaps sooner
    job = scientist.jobs.create_or_update(load_job(path))
    with pytest.raises(JobException, match="Step 'first'") as failure:
        scientist.jobs.stream(job.name)
    assert "could not convert string to float" in str(failure.value)
    children = {
        c.properties["azureml.moduleName"]: c.status for c in scientist.jobs.list(parent_job_name=job.name)
    }
    assert children["first"] == "Failed"
    assert children["second"] == "Canceled"


def test_cancelling_a_pipeline_ends_the_step_that_runs_and_starts_no_other(
    platform, environment, scientist, tmp_path
):
    from azure.ai.ml import load_job

    path = write_pipeline(tmp_path, "1 2")
    main = tmp_path / "prepare" / "src" / "main.py"
    main.write_text("import time\ntime.sleep(300)\n" + main.read_text())
    path.write_text(PIPELINE.partition("  third:")[0])
    job = scientist.jobs.create_or_update(load_job(path))
    first = next(iter(scientist.jobs.list(parent_job_name=job.name)))
    platform.wait(first.name, "Running")
    scientist.jobs.begin_cancel(job.name).wait()
    assert platform.wait(job.name)["status"] == "Canceled"
    assert {child.status for child in scientist.jobs.list(parent_job_name=job.name)} == {"Canceled"}


def test_an_output_with_a_name_becomes_a_version_of_data_or_a_model(
    platform, environment, scientist, tmp_path
):
    from azure.ai.ml import Output, command

    mark = platform.mark
    job = scientist.jobs.create_or_update(
        command(
            command="echo 1 2 > ${{outputs.table}}/rows.txt; echo w > ${{outputs.weights}}/w.txt",
            outputs={
                "table": Output(type="uri_folder", name=f"table-{mark}", version="7"),
                "weights": Output(type="custom_model", name=f"weights-{mark}"),
            },
            environment="here:1",
            compute="cpu",
            experiment_name="tests",
        )
    )
    details = platform.wait(job.name)
    assert details["status"] == "Completed", details
    table = scientist.data.get(f"table-{mark}", version="7")
    assert (table.type, table.path.endswith(f"azureml/{job.name}/table/")) == ("uri_folder", True)
    model = scientist.models.get(f"weights-{mark}", version="1")
    assert (model.type, model.job_name) == ("custom_model", job.name)
    scientist.models.download(f"weights-{mark}", version="1", download_path=tmp_path)
    (file,) = tmp_path.rglob("w.txt")
    assert file.read_text() == "w\n"
