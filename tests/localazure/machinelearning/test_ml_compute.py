"""Clusters: what Azure takes, what their sizes claim of the quota, who may make them."""

from __future__ import annotations

import pytest

KEYS = ("vmSize", "vmPriority")


def test_the_client_makes_changes_reads_and_deletes_a_cluster(workspace, name):
    client = workspace.client("infra-engineer")
    made = client.run(
        "c = client.compute.begin_create_or_update(AmlCompute(name=n, size='Standard_DS3_v2', "
        "min_instances=0, max_instances=2, "
        "idle_time_before_scale_down=60)).result(); result = [c.name, c.size, "
        "c.max_instances, c.provisioning_state]",
        n=name,
    )
    assert made == [name, "Standard_DS3_v2", 2, "Succeeded"]
    changed = client.run(
        "c = client.compute.get(n); c.max_instances = 3; result = "
        "client.compute.begin_update(c).result().max_instances",
        n=name,
    )
    assert changed == 3
    listed = client.run("result = [c.name for c in client.compute.list()]")
    assert name in listed
    assert client.run("result = list(client.compute.list_nodes(n))", n=name) == []
    client.run("client.compute.begin_delete(n).wait()", n=name)
    assert workspace.call("GET", f"/computes/{name}").status_code == 404


def test_a_data_scientist_may_not_make_a_cluster_but_sees_them(workspace, name):
    reply = workspace.cluster(name, persona="data-scientist")
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "AuthorizationFailed")
    assert workspace.call("GET", "/computes", persona="data-scientist").status_code == 200


def test_the_size_of_a_cluster_is_fixed(workspace, name):
    workspace.twin.settle(workspace.cluster(name))
    reply = workspace.cluster(name, size="Standard_DS2_v2")
    assert 400 <= reply.status_code < 500
    assert "vmSize" in reply.json()["error"]["message"]
    assert (
        workspace.call("GET", f"/computes/{name}").json()["properties"]["properties"]["vmSize"]
        == "Standard_DS3_v2"
    )


def test_limits_change_in_place(workspace, name):
    workspace.twin.settle(workspace.cluster(name, most=1))
    workspace.twin.settle(workspace.cluster(name, most=2))
    scale = workspace.call("GET", f"/computes/{name}").json()["properties"]["properties"]["scaleSettings"]
    assert (scale["minNodeCount"], scale["maxNodeCount"]) == (0, 2)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"size": "Standard_Imaginary_v9"}, "not a known size"),
        ({"least": 3, "most": 2}, "0 <= min <= max"),
        ({"priority": "Free"}, "Dedicated, LowPriority"),
    ],
)
def test_what_azure_would_refuse_is_refused_with_what_is_allowed(workspace, name, options, words):
    reply = workspace.cluster(name, **options)
    assert reply.status_code == 400
    assert words in reply.json()["error"]["message"]


def test_a_compute_of_another_kind_is_refused_by_name(workspace, name):
    body = {
        "location": "westeurope",
        "properties": {"computeType": "DataFactory"},
    }
    reply = workspace.call("PUT", f"/computes/{name}", body)
    assert reply.status_code == 501
    assert "DataFactory" in reply.text


def test_starting_a_cluster_is_refused_by_name(workspace, name):
    workspace.twin.settle(workspace.cluster(name))
    reply = workspace.call("POST", f"/computes/{name}/start")
    assert reply.status_code == 501
    assert "start" in reply.json()["error"]["message"]


def test_a_cluster_above_the_quota_is_refused_with_the_sum_and_what_is_left(make_twin, new_workspace):
    workspace = new_workspace(make_twin())  # 48 cores of the family
    workspace.twin.settle(workspace.cluster("first", most=8))
    reply = workspace.cluster("second", most=5)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "ClusterCoreQuotaReached")
    for words in ("20 cores of 'standardDSv2Family'", "quota is 48", "first (32)", "Lower maxNodeCount to 4"):
        assert words in reply.json()["error"]["message"]
    workspace.twin.settle(workspace.cluster("second", most=4))
    assert workspace.cluster("second", most=5).status_code == 400
    workspace.twin.settle(workspace.cluster("first", most=1))
    workspace.twin.settle(workspace.cluster("second", most=5))
    usages = workspace.client("infra-engineer").run(
        "result = [u.__dict__ for u in client.compute.list_usage()]"
    )
    found = {usage["name"]["value"]: (usage["currentValue"], usage["limit"]) for usage in usages}
    assert found["standarddsv2family"] == (24, 48)


def test_low_priority_nodes_are_counted_apart(make_twin, new_workspace):
    workspace = new_workspace(make_twin())
    workspace.twin.settle(workspace.cluster("dedicated", most=12))
    workspace.twin.settle(workspace.cluster("cheap", most=12, priority="LowPriority"))
    assert workspace.cluster("cheaper", most=1, priority="LowPriority").status_code == 400


def test_the_client_lists_sizes(workspace):
    sizes = workspace.client("infra-engineer").run(
        "result = [s.name for s in client.compute.list_sizes(location='westeurope')]"
    )
    assert "Standard_DS3_v2" in sizes
