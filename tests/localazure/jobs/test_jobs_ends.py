"""How jobs end other than by themselves: cancelled, out of time, without the right or an environment."""

from __future__ import annotations

import subprocess
import uuid


def unique(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:6]}"


def runs(pid: int) -> bool:
    """Whether a process runs; one that ended and was not yet collected by its parent does not."""
    shown = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return bool(shown.strip()) and not shown.startswith("Z")


def test_a_running_job_is_cancelled_with_everything_it_started(platform, environment, tmp_path):
    name, pids = unique("cancel"), tmp_path / "pids"
    command = f"sleep 300 & echo $! > {pids}; echo started; wait"
    platform.submit(name, command=command, environmentId=environment, computeId=platform.cpu)
    platform.wait(name, "Running")
    while not pids.exists() or not pids.read_text().strip():
        platform.history(f"{name}/details")
    assert platform.cancel(name).status_code in (200, 202)
    assert platform.wait(name)["status"] == "Canceled"
    assert not runs(int(pids.read_text()))


def test_a_job_in_the_queue_is_cancelled_and_the_next_one_runs(platform, environment):
    names = [unique("queue") for _ in range(3)]
    hold = platform.cluster(unique("one"), platform.identity, 1)
    for name in names[:2]:
        platform.submit(name, command="sleep 60", environmentId=environment, computeId=hold)
    platform.submit(names[2], command="true", environmentId=environment, computeId=hold)
    platform.wait(names[0], "Running")
    assert platform.history(f"{names[1]}/details")["status"] == "Queued"
    nodes = platform.twin.call("GET", f"{hold}?api-version=2025-12-01").json()["properties"]["properties"]
    assert nodes["nodeStateCounts"]["runningNodeCount"] == 1
    platform.cancel(names[1])
    assert platform.wait(names[1])["status"] == "Canceled"
    platform.cancel(names[0])
    assert platform.wait(names[2])["status"] == "Completed"


def test_a_job_that_runs_longer_than_its_limit_is_ended(platform, environment):
    name = unique("slow")
    limits = {"jobLimitsType": "Command", "timeout": "PT1S"}
    platform.submit(
        name, command="sleep 300", environmentId=environment, computeId=platform.cpu, limits=limits
    )
    details = platform.wait(name)
    assert details["status"] == "Failed"
    assert "longer than its limit of 1 s" in details["error"]["error"]["message"]


def test_a_job_whose_cluster_may_not_write_the_storage_fails_with_the_role_it_lacks(platform, environment):
    name = unique("denied")
    platform.submit(
        name,
        command="touch ${{outputs.o}}/x",
        outputs={"o": {"jobOutputType": "uri_folder"}},
        environmentId=environment,
        computeId=platform.denied,
    )
    details = platform.wait(name)
    assert details["status"] == "Failed"
    message = details["error"]["error"]["message"]
    assert "may not write" in message
    assert "Storage Blob Data Contributor" in message
    assert platform.identity_name(platform.other) in message


def test_an_environment_that_cannot_be_built_fails_the_job_with_the_resolvers_words(platform):
    environment = platform.environment(
        "impossible", "dependencies: [python>=3.11, {pip: ['pyyaml==99.0.1']}]"
    )
    name = unique("noenv")
    platform.submit(name, command="true", environmentId=environment, computeId=platform.cpu)
    details = platform.wait(name, seconds=120)
    assert details["status"] == "Failed"
    message = details["error"]["error"]["message"]
    assert "environment impossible:1 cannot be built" in message
    assert "pyyaml==99.0.1" in message.lower()


def test_data_that_is_not_there_fails_the_job_with_its_place(platform, environment):
    name = unique("nodata")
    data = {"jobInputType": "uri_file", "uri": "azureml://datastores/workspaceblobstore/paths/not/there.csv"}
    platform.submit(
        name, command="true", inputs={"d": data}, environmentId=environment, computeId=platform.cpu
    )
    details = platform.wait(name)
    assert "not/there.csv" in details["error"]["error"]["message"]


def test_a_store_without_data_fails_the_job_in_words(platform, environment):
    name = unique("emptystore")
    datastore = name.replace("-", "_")
    container = f"{platform.storage}/blobServices/default/containers/{name}"
    reply = platform.twin.call("PUT", f"{container}?api-version=2024-01-01", {"properties": {}})
    assert reply.status_code in (200, 201), reply.text
    store = {
        "datastoreType": "AzureBlob",
        "accountName": platform.storage.rpartition("/")[2],
        "containerName": name,
        "credentials": {"credentialsType": "None"},
    }
    address = f"{platform.workspace}/datastores/{datastore}?api-version=2025-12-01"
    reply = platform.twin.call("PUT", address, {"properties": store})
    assert reply.status_code in (200, 201), reply.text
    data = {"jobInputType": "uri_folder", "uri": f"azureml://datastores/{datastore}/paths/"}
    platform.submit(
        name, command="true", inputs={"d": data}, environmentId=environment, computeId=platform.cpu
    )
    assert (
        f"container '{name}' of '{store['accountName']}' is empty"
        in (platform.wait(name)["error"]["error"]["message"])
    )


def test_processes_of_a_distributed_job_know_their_rank(platform, environment):
    name = unique("ranks")
    platform.submit(
        name,
        command="echo rank $RANK of $WORLD_SIZE on node $NODE_RANK at $MASTER_ADDR",
        environmentId=environment,
        computeId=platform.cpu,
        resources={"instanceCount": 2},
        distribution={"distributionType": "PyTorch", "processCountPerInstance": 2},
    )
    details = platform.wait(name)
    assert details["status"] == "Completed", details
    logs = [platform.log(details, f"user_logs/std_log_process_{rank}.txt") for rank in range(4)]
    assert logs == [f"rank {rank} of 4 on node {rank // 2} at 127.0.0.1\n" for rank in range(4)]


def test_a_job_has_no_secret_in_its_arguments_and_none_that_outlives_it(platform, environment, twin_server):
    name = unique("secret")
    platform.submit(name, command="echo $IDENTITY_HEADER", environmentId=environment, computeId=platform.cpu)
    details = platform.wait(name)
    secret = platform.log(details).strip()
    assert len(secret) > 20
    url = f"{twin_server.http_base}/msi/token?api-version=2019-08-01&resource=https://management.azure.com"
    assert twin_server.client.get(url, headers={"X-IDENTITY-HEADER": secret}).status_code in (400, 401, 403)


def test_a_job_without_a_cluster_runs_serverless_as_its_submitter(platform, environment):
    name = unique("serverless")
    output = {"o": {"jobOutputType": "uri_folder"}}
    platform.submit(name, command="echo hi > ${{outputs.o}}/x", outputs=output, environmentId=environment)
    details = platform.wait(name)
    assert (details["status"], details["target"]) == ("Completed", "serverless")


def test_a_cluster_is_not_deleted_under_a_job(platform, environment):
    name, cluster = unique("busy"), unique("tmp")
    arm_id = platform.cluster(cluster, platform.identity, 1)
    platform.submit(name, command="sleep 60", environmentId=environment, computeId=arm_id)
    platform.wait(name, "Running")
    delete = f"{arm_id}?api-version=2025-12-01&underlyingResourceAction=Delete"
    refused = platform.twin.call("DELETE", delete)
    assert refused.status_code == 409
    assert "runs jobs on 1 nodes" in refused.text
    platform.cancel(name)
    platform.wait(name)
    platform.settle_delete(platform.twin.call("DELETE", delete))


def test_a_finished_job_is_deleted_and_a_running_one_is_not(platform, environment):
    name = unique("gone")
    platform.submit(name, command="sleep 60", environmentId=environment, computeId=platform.cpu)
    platform.wait(name, "Running")
    path = f"{platform.workspace}/jobs/{name}?api-version=2023-04-01-preview"
    assert platform.call("DELETE", path).status_code == 409
    platform.cancel(name)
    platform.wait(name)
    assert platform.call("DELETE", path).status_code == 200
    assert platform.call("GET", path).status_code == 404
