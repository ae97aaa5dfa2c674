"""One platform from nothing to a registered model by official clients, and what is when the twin dies."""

import json

import pytest

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]

MODEL = "breast-cancer-classifier"
WORKSPACE = """
import json, sys
from twinloop.loops.workspaces import of_stack
from pathlib import Path
ws = of_stack(Path("Pulumi.dev.yaml"))
"""
CLIENT = (
    WORKSPACE
    + """
from azure.ai.ml import MLClient, load_job
from azure.identity import DefaultAzureCredential
ml = MLClient(DefaultAzureCredential(), ws.subscription, ws.group, ws.name)
"""
)
TRAIN = (
    CLIENT
    + """
import os
job = load_job("pipelines/classical/training.yml")
for step in job.jobs.values():  # a job's process inherits nothing: it is told of the guard
    step.environment_variables = {name: os.environ[name] for name in ("PYTHONPATH", "TWINLOOP_TEST_LOOKUPS")}
job = ml.jobs.create_or_update(job)
ml.jobs.stream(job.name)
job = ml.jobs.get(job.name)
print(json.dumps({"name": job.name, "status": job.status}))
"""
)
DELETE = (
    CLIENT
    + """
from azure.core.exceptions import HttpResponseError
try:
    ml.workspaces.begin_delete(ws.name, delete_dependent_resources=False).wait()
except HttpResponseError as error:
    print(json.dumps({"status": error.status_code, "code": error.error.code, "message": str(error.message)}))
"""
)
ASK_MLCLIENT = CLIENT + "print([job.name for job in ml.jobs.list()])"
ASK_MANAGEMENT = (
    WORKSPACE
    + """
import os
from azure.identity import DefaultAzureCredential
from azure.mgmt.resource.resources import ResourceManagementClient
base = "https://" + os.environ["ARM_METADATA_HOSTNAME"]
groups = ResourceManagementClient(
    DefaultAzureCredential(), ws.subscription, base_url=base, credential_scopes=[base + "/.default"]
)
print([group.name for group in groups.resource_groups.list()])
"""
)
ASK_PROVIDER = (
    WORKSPACE
    + """
from pulumi.runtime.proto import provider_pb2
from twinloop.providers.azure_native.provider import AzureNativeProvider
class Context:
    def abort(self, code, details): raise RuntimeError(f"{code}: {details}")
    def set_code(self, code): pass
    def set_details(self, details): pass
provider = AzureNativeProvider()
provider.Configure(provider_pb2.ConfigureRequest(acceptSecrets=True, acceptResources=True), Context())
token = "azure-native:machinelearningservices:Workspace"
urn = f"urn:pulumi:dev::twinloop::{token}::ml-workspace"
found = provider.Read(provider_pb2.ReadRequest(id=ws.id, urn=urn), Context())
assert found.id, "the workspace was not found"
print(found.id)
"""
)
ASK_MLFLOW = (
    WORKSPACE
    + """
import os, mlflow
base = os.environ["ARM_METADATA_HOSTNAME"]
mlflow.set_tracking_uri(f"azureml://{base}/mlflow/v1.0{ws.id}")
print([experiment.name for experiment in mlflow.search_experiments()])
"""
)
CLIENTS = {
    "MLClient": ASK_MLCLIENT,
    "the management SDK": ASK_MANAGEMENT,
    "our provider": ASK_PROVIDER,
    "MLflow": ASK_MLFLOW,
}


def last_json(done):
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def platform(world):
    """Both stacks brought up on a twin that did not exist before."""
    return {stack: world.succeed("up", "-s", stack) for stack in ("shared", "dev")}


@pytest.fixture(scope="module")
def scientist(world, platform):
    shell = world.shell("data-scientist")
    yield shell
    shell.close()


@pytest.fixture(scope="module")
def trained(world, scientist):
    """The classical pipeline submitted and streamed by the official client alone."""
    return scientist.run(TRAIN)


def test_the_program_declares_the_whole_platform(world, platform):
    assert platform["dev"]["counts"]["create"] > 80
    outputs = world.succeed("stack", "output", "-s", "dev")
    assert outputs["workspaceName"] == "mlw-mlp-dev-weu"
    assert set(outputs["clusterNames"]) == {"cpu", "gpu", "build", "batch"}


def test_the_official_client_uploads_runs_and_streams_the_pipeline(trained):
    assert last_json(trained)["status"] == "Completed"
    assert "Execution Summary" in trained.stdout


def test_metrics_of_each_step_can_be_read(world, trained):
    shown = world.succeed("jobs", "show", last_json(trained)["name"])
    assert [step["status"] for step in shown["steps"]] == ["Completed"] * 4
    assert shown["metrics"]["evaluate"]["metrics"]["test_roc_auc"] > 0.95
    assert shown["metrics"]["train"]["params"]["seed"] == "7"


def test_the_model_is_registered_and_leads_back_to_job_data_and_code(world, trained):
    model = world.succeed("models", "show", MODEL)
    assert model["version"] == "1"
    assert model["lineage"]["job"] == last_json(trained)["name"]
    assert model["lineage"]["data_sha256"].startswith("4a3c7b25bbe2")
    assert model["submittedBy"] == "data-scientist"


def test_the_report_can_be_fetched(world, trained, tmp_path):
    world.succeed(
        "jobs", "download", last_json(trained)["name"], "--output-name", "report", "-p", tmp_path
    )  # fmt: skip
    (report,) = tmp_path.rglob("evaluation.json")
    assert json.loads(report.read_text())["verdict"]["promote"] is True
    assert list(tmp_path.rglob("evaluation.png"))


def test_a_second_up_changes_nothing(world, trained):
    assert set(world.succeed("up", "-s", "dev", "--expect-no-changes")["counts"]) <= {"same", "read"}


def test_a_refresh_after_it_finds_nothing(world, trained):
    assert set(world.succeed("refresh", "-s", "dev", "--expect-no-changes")["counts"]) <= {
        "same", "read", "refresh",
    }  # fmt: skip


def test_a_data_scientist_who_deletes_the_workspace_is_refused_and_told_the_role(world, scientist, trained):
    refused = last_json(scientist.run(DELETE))
    assert (refused["status"], refused["code"]) == (403, "AuthorizationFailed")
    assert "Microsoft.MachineLearningServices/workspaces/delete" in refused["message"]
    assert "Contributor" in refused["message"]
    assert world.succeed("models", "show", MODEL)["version"] == "1"


def test_a_misspelt_wire_and_a_missing_cluster_are_refused_before_anything_is_sent(world, trained):
    jobs = len(world.succeed("jobs", "list"))
    answer, code = world.twinloop("submit", "pipelines/classical/training.yml", "--set", "inputs.sed=3")
    assert (code, "did you mean 'seed'?" in answer["error"]["given"]) == (2, True)
    change = "settings.default_compute=azureml:cpuu"
    answer, code = world.twinloop("submit", "pipelines/classical/training.yml", "--set", change)
    assert code == 3
    assert "no compute 'cpuu'" in answer["error"]["message"]
    assert answer["error"]["allowed"] == "batch, build, ci-mlp-dev-weu-ada-e1c3, cpu, gpu"
    assert "did you mean 'cpu'?" in answer["error"]["next"]
    assert len(world.succeed("jobs", "list")) == jobs


def test_a_running_job_is_cancelled_by_the_command_and_shows_every_state_in_azures_words(
    world, trained, tmp_path
):
    file = tmp_path / "sleep.yml"
    file.write_text(
        "type: command\ncommand: sleep 300\ncompute: azureml:cpu\n"
        "environment: {image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04}\n"
    )
    job = world.succeed("submit", file)["name"]
    assert world.succeed("jobs", "cancel", job)["status"] in {"CancelRequested", "Canceled"}
    answer, code = world.twinloop("jobs", "stream", job)
    assert (code, answer["error"]["message"]) == (1, f"Job {job} canceled.")
    states = {one["name"]: one["status"] for one in world.succeed("jobs", "list")}
    assert states == {job: "Canceled", last_json(trained)["name"]: "Completed"}
    assert world.succeed("jobs", "cancel", job)["status"] == "Canceled", "an end is final"


def test_after_a_restart_all_of_it_is_there_and_goes_again(world, scientist, trained):
    assert world.succeed("twin", "stop") == {"stopped": True}
    world.succeed("twin", "start")
    again = last_json(scientist.run(TRAIN))
    shown = world.succeed("jobs", "show", again["name"])
    reused = {step["name"] for step in shown["steps"] if step["reusedFrom"]}
    assert (shown["status"], reused) == ("Completed", {"prepare", "train"})
    compared = world.succeed("jobs", "compare", last_json(trained)["name"], again["name"])
    first, second = compared["metrics"]["evaluate/test_roc_auc"]
    assert first == second > 0.95
    assert compared["metrics"]["evaluate/gain_roc_auc"] == [None, 0.0], (
        "there was nothing to gain on at first"
    )
    assert compared["params"] == {}, "only those that differ are shown"
    assert world.succeed("models", "show", MODEL)["version"] == "1", "the same model is not registered twice"
    assert set(world.succeed("up", "-s", "dev", "--expect-no-changes")["counts"]) <= {"same", "read"}


@pytest.fixture(scope="module")
def living(world, trained):
    world.succeed("twin", "start")


@pytest.fixture(scope="module")
def dead(world, trained):
    world.succeed("twin", "stop")


@pytest.mark.usefixtures("living")
@pytest.mark.parametrize("client", CLIENTS)
def test_every_client_is_answered_while_the_twin_lives(scientist, client):
    done = scientist.run(CLIENTS[client])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.usefixtures("dead")
@pytest.mark.parametrize("client", CLIENTS)
def test_with_the_twin_dead_every_client_errors(world, scientist, client):
    # in a process of its own: nothing that was asked of the living twin is remembered there
    done = world.python(CLIENTS[client], scientist.environment)
    assert done.returncode != 0, f"{client} was answered by somebody: {done.stdout}"


def test_the_guard_sees_a_foreign_host(world, tmp_path):
    record = tmp_path / "record.txt"
    script = "import socket\ntry: socket.getaddrinfo('host.invalid', 443)\nexcept OSError: pass"
    world.python(script, world.environment | {"TWINLOOP_TEST_LOOKUPS": str(record)})
    assert "'host.invalid'" in record.read_text()


def test_no_foreign_host_was_ever_asked_for(world, trained):
    assert world.foreign_hosts() == []
