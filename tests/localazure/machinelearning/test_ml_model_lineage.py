"""A model that a job wrote: its files are found through the job's outputs, and it keeps the job's name."""

from __future__ import annotations

import pytest

from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.resources import put_resource
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs.records import Job, jobs
from twinloop.localazure.seed import parse
from twinloop.localazure.services.machinelearning.asset_checks import model
from twinloop.localazure.storage.blobs import blobs

GROUP = "/subscriptions/5ab50000-0000-4000-8000-000000000001/resourceGroups/rg"
WORKSPACE = ArmId(f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw")
ACCOUNT = ArmId(f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stmlw")
STORE = f"azureml://subscriptions/{WORKSPACE.subscription}/resourcegroups/rg/workspaces/mlw/datastores/workspaceblobstore"


@pytest.fixture
def twin(tmp_path):
    made = Twin(
        tmp_path, seed=parse({"tenantId": "7a1e0000-0000-4000-8000-00000000aaaa"}), base="https://localhost:1"
    )
    put_resource(made, ACCOUNT, {"location": "westeurope", "kind": "StorageV2", "properties": {}})
    put_resource(made, f"{ACCOUNT}/blobServices/default/containers/data", {"properties": {}})
    store = {"datastoreType": "AzureBlob", "accountName": "stmlw", "containerName": "data"}
    put_resource(made, WORKSPACE.child("datastores", "workspaceblobstore"), {"properties": store})
    outputs = {"model": {"uri": f"{STORE}/paths/azureml/train/model/", "type": "uri_folder"}}
    jobs(made).add(
        Job(
            workspace=WORKSPACE.text,
            name="train",
            kind="Command",
            experiment="e",
            principal={},
            outputs=outputs,
        )
    )
    yield made
    made.store.close()


def test_the_output_of_a_job_becomes_the_place_that_it_wrote_and_the_job_is_kept(twin):
    blobs(twin).put_bytes("stmlw", "data", "azureml/train/model/MLmodel", b"flavors: {}")
    found = model(twin, WORKSPACE, {"modelUri": "azureml://jobs/train/outputs/model/paths/"})
    assert (found["modelUri"], found["jobName"]) == (f"{STORE}/paths/azureml/train/model/", "train")


def test_an_output_that_the_job_did_not_write_is_refused(twin):
    with pytest.raises(InvalidRequest, match="Nothing is stored at"):
        model(twin, WORKSPACE, {"modelUri": "azureml://jobs/train/outputs/model/paths/"})


def test_an_output_that_the_job_does_not_have_is_refused_with_those_it_has(twin):
    with pytest.raises(InvalidRequest, match=r"has no output 'weights' \(it has: model\)"):
        model(twin, WORKSPACE, {"modelUri": "azureml://jobs/train/outputs/weights/paths/"})


def test_a_model_cannot_claim_a_job_that_does_not_exist(twin):
    blobs(twin).put_bytes("stmlw", "data", "weights", b"1")
    with pytest.raises(InvalidRequest, match="the job 'imagined' does not exist"):
        model(twin, WORKSPACE, {"modelUri": f"{STORE}/paths/weights", "jobName": "imagined"})
