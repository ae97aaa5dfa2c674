"""Serverless compute: sizes, tiers, quotas, queues, identities, and what the workspace says of its nodes."""

from __future__ import annotations

import time
import uuid

import pytest

from twinloop.localazure.jobs.serverless import NODES

BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"


def unique(stem):
    return f"{stem}-{uuid.uuid4().hex[:8]}"


def refusal(platform, **more):
    reply = platform.submit(unique("refused"), command="true", **more)
    assert reply.status_code == 400, reply.text
    return reply.json()["error"]["message"]


def words(platform, details):
    return platform.log(details, "system_logs/lifecycler/lifecycler.log")


@pytest.mark.parametrize("compute", [None, "serverless", "azureml:serverless"])
def test_no_cluster_and_the_word_for_none_are_serverless_of_a_size_with_quota(platform, environment, compute):
    name = unique("free")
    platform.submit(name, command="true", environmentId=environment, computeId=compute)
    details = platform.wait(name)
    assert (details["status"], details["target"]) == ("Completed", "serverless")
    assert "Serverless compute: 1 x Standard_DS3_v2, dedicated on Azure" in words(platform, details)


def test_the_client_submits_serverless_with_size_count_and_tier(platform, environment, scientist):
    from azure.ai.ml import command

    job = scientist.jobs.create_or_update(
        command(
            command="true", environment="here:1", experiment_name="tests", instance_type="Standard_D4s_v3",
            queue_settings=None,
        )
    )  # fmt: skip
    details = platform.wait(job.name)
    assert "1 x Standard_D4s_v3, dedicated" in words(platform, details)


def test_a_spot_job_counts_as_low_priority(platform, environment):
    name = unique("spot")
    platform.submit(
        name, command="true", environmentId=environment, queueSettings={"jobTier": "Spot"},
        resources={"instanceType": "standard_ds3_v2"},
    )  # fmt: skip
    assert "Standard_DS3_v2, low priority" in words(platform, platform.wait(name))


def test_an_unknown_size_is_refused_with_those_that_are_known(platform, environment):
    said = refusal(platform, environmentId=environment, resources={"instanceType": "Standard_X99"})
    assert "'Standard_X99' is not known; known are" in said
    assert "Standard_DS3_v2" in said


def test_an_unknown_tier_is_refused(platform, environment):
    said = refusal(platform, environmentId=environment, queueSettings={"jobTier": "Premium"})
    assert "'Premium' is not emulated; allowed: Standard (dedicated), Spot" in said


def test_more_nodes_than_the_quota_are_refused_with_how_many_would_fit(platform, environment):
    said = refusal(
        platform, environmentId=environment, distribution={"distributionType": "PyTorch"},
        resources={"instanceType": "Standard_DS5_v2", "instanceCount": 9},
    )  # fmt: skip
    assert (
        "9 serverless nodes of Standard_DS5_v2 are 144 cores of 'standardDSv2Family'; the quota is 48" in said
    )
    assert "lower resources.instance_count to" in said


def test_without_a_quota_the_machine_says_how_many_nodes_it_runs(platform, environment):
    said = refusal(
        platform, environmentId=environment, distribution={"distributionType": "PyTorch"},
        resources={"instanceType": "Standard_E8s_v3", "instanceCount": NODES + 1},
    )  # fmt: skip
    assert f"runs {NODES} serverless nodes at once at most" in said


def test_room_that_other_jobs_use_is_waited_for(platform, environment):
    big = {"instanceType": "Standard_DS5_v2", "instanceCount": 1}  # 16 of 48 cores
    names = [unique(f"wave{turn}") for turn in range(4)]
    for name in names:
        platform.submit(name, command="sleep 30", environmentId=environment, resources=big)
    deadline = time.monotonic() + 20
    while (states := [platform.history(f"{name}/details")["status"] for name in names]).count("Running") < 2:
        assert time.monotonic() < deadline, states
        time.sleep(0.1)
    assert "Queued" in states
    place = f"/subscriptions/{platform.twin.subscription}/providers/Microsoft.MachineLearningServices"
    usages = platform.twin.call("GET", f"{place}/locations/westeurope/usages?api-version=2025-12-01").json()
    (row,) = (one for one in usages["value"] if one["name"]["value"] == "standarddsv2family")
    assert row["currentValue"] >= 2 * 16
    for name in names:
        platform.cancel(name)
    assert {platform.wait(name)["status"] for name in names} == {"Canceled"}


def test_a_managed_identity_needs_one_on_the_workspace(platform, environment):
    said = refusal(platform, environmentId=environment, identity={"identityType": "Managed"})
    assert f"workspace '{platform.name}' has none" in said
    assert "runs as its submitter" in said


def test_a_managed_identity_is_the_workspaces_and_has_its_rights_not_the_submitters(platform_of, tmp_path):
    server, own = platform_of(tmp_path / "home")
    try:
        body = server.call("GET", f"{own.workspace}?api-version=2025-12-01").json()
        body["identity"] = {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": {own.other: {}}}
        body["properties"] = {
            key: body["properties"][key]
            for key in ("storageAccount", "keyVault", "applicationInsights", "systemDatastoresAuthMode")
        } | {"primaryUserAssignedIdentity": own.other,
             "serverlessComputeSettings": {"serverlessComputeNoPublicIP": True}}  # fmt: skip
        put = {key: body[key] for key in ("location", "identity", "properties")}
        own.settle(server.call("PUT", f"{own.workspace}?api-version=2025-12-01", put))
        environment = own.environment("here", "dependencies: [python>=3.11]")
        output = {"o": {"jobOutputType": "uri_folder"}}
        asked = {"command": "echo 1 > ${{outputs.o}}/x", "outputs": output, "environmentId": environment}
        own.submit("managed", **asked, identity={"identityType": "Managed"})
        details = own.wait("managed")
        assert details["status"] == "Failed"
        assert own.identity_name(own.other) in details["error"]["error"]["message"]
        own.submit("passed", **asked)
        passed = own.wait("passed")
        assert passed["status"] == "Completed"
        assert "dedicated, without public addresses on Azure" in words(own, passed)

        gone = f"{own.group}/providers/Microsoft.Network/virtualNetworks/v/subnets/s"
        put["properties"]["serverlessComputeSettings"] = {"serverlessComputeCustomSubnet": gone}
        reply = server.call("PUT", f"{own.workspace}?api-version=2025-12-01", put)
        if reply.status_code < 300:  # a twin that looks at the subnet itself refuses it there
            server.settle(reply)
            assert "which does not exist" in refusal(own, environmentId=environment)
    finally:
        server.stop()
