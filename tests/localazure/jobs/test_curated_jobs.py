"""Curated environments, images and build contexts through the official client, and a run's note."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.localazure.jobs.conftest import IMAGE

LATEST = "azureml://registries/azureml/environments/sklearn-1.5/labels/latest"
NOTE = "twinloop.environmentNote"
REGISTRY_USER = "1823dd4f-9b8c-4ab6-ab4e-7397a3684615"
SEE = "import sklearn; print('has', sklearn.__version__)"


@pytest.fixture(scope="module", autouse=True)
def loaded():
    """The client loads MLflow once, for seconds; not while a job runs."""
    import azureml.mlflow  # noqa: F401


def run(scientist, platform, environment, script="print('hello')", **more):
    from azure.ai.ml import command

    job = scientist.jobs.create_or_update(
        command(command=f'python -c "{script}"', environment=environment, experiment_name="tests", **more)
    )
    return scientist.jobs.get(job.name), platform.wait(job.name)


@pytest.mark.parametrize(
    "reference",
    [
        LATEST,
        "azureml://registries/azureml/environments/sklearn-1.5/versions/34",
        "azureml:AzureML-sklearn-1.0-ubuntu20.04-py38-cpu@latest",
    ],
)
def test_a_job_in_a_curated_environment_has_its_packages_and_says_where_they_differ(
    platform, scientist, reference
):
    job, details = run(scientist, platform, reference, SEE, compute="cpu")
    assert details["status"] == "Completed", details
    assert platform.log(details).startswith("has ")
    notes = json.loads(scientist.jobs.get(job.name).properties[NOTE])
    assert any("scikit-learn" in note for note in notes)
    log = platform.log(details, "system_logs/lifecycler/lifecycler.log")
    assert all(note in log for note in notes)
    assert "the cloud image is mcr.microsoft.com/azureml/curated/sklearn-1." in log
    if "34" in reference:
        assert any("Version 34 of sklearn-1.5 was asked for" in note for note in notes)


def test_an_unknown_curated_name_is_refused_with_those_that_are_known(platform):
    wanted = "azureml://registries/azureml/environments/sklearn-9.9/labels/latest"
    reply = platform.submit("refused", command="true", environmentId=wanted, computeId=platform.cpu)
    assert reply.status_code == 400
    message = reply.json()["error"]["message"]
    assert "'sklearn-9.9' of registry 'azureml' is not known here" in message
    assert "lightgbm-3.3, sklearn-1.0, sklearn-1.1, sklearn-1.5, tensorflow-2.16-cuda11" in message
    assert "conda_file" in message


def test_an_environment_of_a_registry_that_is_not_there_is_refused_with_those_that_are(platform):
    wanted = "azureml://registries/ours/environments/train/versions/1"
    reply = platform.submit("refused", command="true", environmentId=wanted, computeId=platform.cpu)
    message = reply.json()["error"]["message"]
    assert "registry 'ours' does not exist on this twin; there are: azureml" in message


def test_an_environment_of_a_teams_own_registry_is_for_those_who_may_read_it(platform):
    twin = platform.twin
    arm_id = f"{platform.group}/providers/Microsoft.MachineLearningServices/registries/mlr{platform.mark}"
    region = {
        "location": twin.location,
        "acrDetails": [{"systemCreatedAcrAccount": {"acrAccountSku": "Premium"}}],
        "storageAccountDetails": [{"systemCreatedStorageAccount": {"storageAccountType": "Standard_LRS"}}],
    }
    body = {
        "location": twin.location,
        "identity": {"type": "SystemAssigned"},
        "properties": {"regionDetails": [region]},
    }
    platform.settle(twin.call("PUT", f"{arm_id}?api-version=2025-12-01", body))
    data = f"/mferp/managementfrontend{arm_id}/environments/train/versions/1"
    made = {"properties": {"image": IMAGE, "condaFile": "dependencies: [python>=3.11, {pip: [pyyaml]}]"}}
    platform.grant("infra-engineer", REGISTRY_USER, arm_id)
    assert twin.call("PUT", f"{data}?api-version=2021-10-01-dataplanepreview", made).status_code == 201
    wanted = f"azureml://registries/mlr{platform.mark}/environments/train/labels/latest"
    asked = {"command": "true", "environmentId": wanted, "computeId": platform.cpu}
    assert platform.submit("stranger", **asked).status_code == 403
    platform.grant("data-scientist", REGISTRY_USER, arm_id)
    assert platform.submit("member", **asked).status_code == 201
    assert platform.wait("member")["status"] == "Completed"
    reply = platform.submit(
        "refused", **{**asked, "environmentId": wanted.replace("labels/latest", "versions/9")}
    )
    assert "its versions: 1" in reply.json()["error"]["message"]


def test_a_word_for_fidelity_that_is_not_known_is_refused(platform):
    reply = platform.submit(
        "refused", command="true", environmentId=LATEST, computeId=platform.cpu,
        environmentVariables={"TWINLOOP_ENVIRONMENT": "closely"},
    )  # fmt: skip
    assert "'closely' is not known; allowed: near" in reply.json()["error"]["message"]


def test_steps_of_a_pipeline_take_curated_environments_and_are_reused(platform, scientist, tmp_path):
    from azure.ai.ml import load_job

    (tmp_path / "component.yml").write_text(
        "$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json\n"
        f"type: command\nname: curated_{platform.mark}\nversion: '1'\n"
        "outputs: {out: {type: uri_folder}}\n"
        f'environment: {LATEST}\ncommand: python -c "import sklearn" && echo 1 > ${{{{outputs.out}}}}/x\n'
    )
    (tmp_path / "job.yml").write_text(
        "$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json\ntype: pipeline\n"
        "experiment_name: tests\nsettings: {default_compute: azureml:serverless}\n"
        "jobs:\n  one: {type: command, component: component.yml}\n"
    )
    for turn in ("first", "again"):
        job = scientist.jobs.create_or_update(load_job(tmp_path / "job.yml"))
        assert platform.wait(job.name)["status"] == "Completed"
        (step,) = scientist.jobs.list(parent_job_name=job.name)
        assert json.loads(step.properties[NOTE])
        assert ("azureml.isreused" in step.properties) == (turn == "again")


def test_an_image_that_is_python_and_nothing_else_has_no_packages(platform, scientist):
    from azure.ai.ml.entities import Environment

    script = "import importlib.util as u, sys; print(u.find_spec('pandas'), sys.version_info[:2])"
    bare = Environment(image=IMAGE)
    _, details = run(scientist, platform, bare, script, compute="cpu")
    assert platform.log(details).startswith("None (3")


def test_an_image_of_which_nothing_is_known_is_refused_with_what_to_give(platform, scientist):
    from azure.ai.ml.entities import Environment
    from azure.core.exceptions import HttpResponseError

    with pytest.raises(HttpResponseError, match=r"what is in it is not known here.*conda file"):
        run(scientist, platform, Environment(image="pytorch/pytorch:2.4.0"), compute="cpu")


def context(folder: Path, dockerfile: str, **files: str) -> Path:
    folder.mkdir()
    (folder / "Dockerfile").write_text(dockerfile)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def test_a_build_context_that_installs_packages_becomes_an_environment(platform, scientist, tmp_path):
    from azure.ai.ml.entities import BuildContext, Environment

    folder = context(
        tmp_path / "docker",
        f"FROM {IMAGE}\nENV MODE=fast PATH=/opt/x:$PATH\nCOPY requirements.txt .\n"
        "RUN pip install --no-cache-dir -r requirements.txt\n",
        requirements__txt="pandas>=2\nmlflow-skinny\n",
    )
    script = "import os, pandas; print(os.environ['MODE'], pandas.__version__)"
    own = Environment(build=BuildContext(path=str(folder)))
    job, details = run(scientist, platform, own, script, compute="cpu")
    assert details["status"] == "Completed", details
    assert platform.log(details).startswith("fast 2.")
    notes = json.loads(scientist.jobs.get(job.name).properties[NOTE])
    assert "The image is not built: what its Dockerfile installs by pip and conda is here." in notes
    assert any(note.startswith("PATH of the Dockerfile") for note in notes)


def test_a_build_context_that_needs_a_container_is_refused_line_by_line(platform, scientist, tmp_path):
    from azure.ai.ml.entities import BuildContext, Environment
    from azure.core.exceptions import HttpResponseError

    folder = context(tmp_path / "docker", f"FROM {IMAGE}\nRUN apt-get update\nRUN pip install pandas\n")
    with pytest.raises(HttpResponseError, match="Dockerfile line 2: `RUN apt-get update`: system packages"):
        run(scientist, platform, Environment(build=BuildContext(path=str(folder))), compute="cpu")


def test_a_conda_file_with_system_libraries_is_refused_by_name(platform, scientist):
    from azure.ai.ml.entities import Environment
    from azure.core.exceptions import HttpResponseError

    inline = Environment(
        image=IMAGE, conda_file={"dependencies": ["python=3.11", "cudatoolkit=11.8", "numpy"]}
    )
    with pytest.raises(HttpResponseError, match="cudatoolkit: no Python package"):
        run(scientist, platform, inline, compute="cpu")


def test_the_registry_azureml_shows_its_curated_environments_to_anybody(twin_server, scientist):
    from azure.ai.ml import MLClient
    from azure.core.exceptions import HttpResponseError
    from azure.identity import DefaultAzureCredential

    registry = MLClient(DefaultAzureCredential(), registry_name="azureml")
    assert "sklearn-1.5" in {one.name for one in registry.environments.list()}
    latest = registry.environments.get("sklearn-1.5", label="latest")
    assert latest.image == "mcr.microsoft.com/azureml/curated/sklearn-1.5"
    assert latest.tags == {"Python": "3.10", "OS": "Ubuntu 24.04"}
    assert registry.environments.get("sklearn-1.5", version="12").version == "12"
    with pytest.raises(HttpResponseError, match="not known to this twin"):
        registry.environments.get("sklearn-9.9", version="1")
    with pytest.raises(HttpResponseError, match="curated environments only"):
        registry.models.get("phi", version="1")
