"""MLflow: what a job logs is its run's, and can be read and registered by whoever may."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from twinloop.localazure.jobs.tracking_server import RunStore, empty_database

LOGS = """
import mlflow, pathlib
with mlflow.start_run() as run:
    mlflow.log_param("depth", 3)
    for step in range(3):
        mlflow.log_metric("loss", 1.0 / (step + 1), step=step)
    mlflow.log_metrics({"auc": 0.91})
    mlflow.set_tag("kind", "test")
    pathlib.Path("note.txt").write_text("kept")
    mlflow.log_artifact("note.txt", "notes")
    print("run", run.info.run_id)
"""


@pytest.fixture(scope="module")
def logged(platform, environment):
    """A finished job that logged metrics, and its details."""
    name = f"metrics-{uuid.uuid4().hex[:6]}"
    script = LOGS.replace('"', '\\\\"').strip()
    platform.submit(
        name,
        command=f'python -c "{script}"'.replace("\\\\", "\\"),
        environmentId=environment,
        computeId=platform.cpu,
    )
    details = platform.wait(name, seconds=120)
    assert details["status"] == "Completed", platform.log(details)
    return name, details


@pytest.fixture
def mlflow(scientist):
    import mlflow

    mlflow.set_tracking_uri(scientist.workspaces.get().mlflow_tracking_uri)
    return mlflow


def test_a_job_logs_to_the_run_that_it_is(platform, logged):
    name, details = logged
    assert f"run {name}" in platform.log(details)


def test_metrics_parameters_and_tags_of_a_finished_job_can_be_read_from_outside(mlflow, logged):
    run = mlflow.get_run(logged[0])
    assert run.data.metrics == {"loss": pytest.approx(1 / 3), "auc": 0.91}
    assert run.data.params == {"depth": "3"}
    assert run.data.tags["kind"] == "test"
    assert run.info.status == "FINISHED"
    history = mlflow.MlflowClient().get_metric_history(logged[0], "loss")
    assert [(point.step, point.value) for point in history] == [(0, 1.0), (1, 0.5), (2, pytest.approx(1 / 3))]


def test_files_that_a_job_logged_can_be_listed_and_fetched(mlflow, logged, tmp_path):
    client = mlflow.MlflowClient()
    assert "notes" in {file.path for file in client.list_artifacts(logged[0])}
    path = client.download_artifacts(logged[0], "notes/note.txt", str(tmp_path))
    assert Path(path).read_text() == "kept"


def test_runs_of_an_experiment_can_be_searched(mlflow, logged):
    found = mlflow.search_runs(
        experiment_names=["tests"], filter_string="metrics.auc > 0.9", output_format="list"
    )
    assert logged[0] in {run.info.run_id for run in found}


def test_a_job_that_logs_nothing_is_a_run_with_its_state(platform, environment, mlflow):
    name = f"silent-{uuid.uuid4().hex[:6]}"
    platform.submit(name, command="exit 1", environmentId=environment, computeId=platform.cpu)
    platform.wait(name)
    assert mlflow.get_run(name).info.status == "FAILED"


def test_who_has_no_role_on_the_workspace_reads_no_metrics(twin_server, platform, logged):
    path = f"/mlflow/v2.0{platform.workspace}/api/2.0/mlflow/runs/get?run_id={logged[0]}"
    assert twin_server.call("GET", path, persona="data-scientist").status_code == 200
    assert twin_server.call("GET", path, persona="nobody").status_code == 403


def test_a_model_registered_by_mlflow_is_a_model_of_the_workspace(mlflow, scientist, logged):
    name = f"noted-{uuid.uuid4().hex[:6]}"
    client = mlflow.MlflowClient()
    client.create_registered_model(name)
    source = f"{mlflow.get_run(logged[0]).info.artifact_uri}/notes"
    version = client.create_model_version(name, source, run_id=logged[0], tags={"from": "mlflow"})
    model = scientist.models.get(name, version=str(version.version))
    assert model.tags == {"from": "mlflow"}
    assert model.path.endswith(f"ExperimentRun/dcid.{logged[0]}/notes")
    assert client.get_model_version(name, version.version).run_id == logged[0]


def test_a_model_that_a_job_logs_and_registers_can_be_loaded_by_others(
    mlflow, scientist, platform, environment, tmp_path
):
    from azure.ai.ml import command

    name = f"sum-{uuid.uuid4().hex[:6]}"
    (tmp_path / "main.py").write_text(
        "import sys, mlflow\n"
        "from mlflow.pyfunc import PythonModel\n"
        "class Double(PythonModel):\n"
        "    def predict(self, context, model_input: list[int]) -> list[int]:\n"
        "        return [2 * x for x in model_input]\n"
        "with mlflow.start_run():\n"
        "    given = {'python_model': Double(), 'pip_requirements': ['mlflow']}\n"
        "    info = mlflow.pyfunc.log_model(name='model', **given)\n"
        "    mlflow.register_model(info.model_uri, sys.argv[1])\n"
    )
    job = scientist.jobs.create_or_update(
        command(
            code=str(tmp_path),
            command=f"python main.py {name}",
            environment="here:1",
            compute="cpu",
            experiment_name="models",
        )
    )
    details = platform.wait(job.name, seconds=120)
    assert details["status"] == "Completed", details
    model = scientist.models.get(name, version="1")
    assert model.path.endswith("/" + mlflow.get_run(job.name).outputs.model_outputs[0].model_id)
    assert mlflow.pyfunc.load_model(f"models:/{name}/1").predict([1, 2]) == [2, 4]


def test_the_database_of_a_new_workspace_is_a_copy_of_one_that_was_made_once(tmp_path):
    templates = tmp_path / "templates"
    first, second = tmp_path / "first.sqlite3", tmp_path / "second.sqlite3"
    empty_database(first, templates)
    (made,) = templates.iterdir()
    empty_database(second, templates)
    assert made.read_bytes() == first.read_bytes() == second.read_bytes()
    store = RunStore(f"sqlite:///{second}", "azureml://unused")
    assert [one.name for one in store.search_experiments()] == ["Default"]
