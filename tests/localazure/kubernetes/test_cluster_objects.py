"""A cluster's objects, through the official Kubernetes client: kept, checked, merged, ended."""

from __future__ import annotations

import json
import time

import pytest
from kubernetes.client.exceptions import ApiException


def quota(namespace: str, **hard: str) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "team", "namespace": namespace},
        "spec": {"hard": hard},
    }


def refusal(error: ApiException) -> dict:
    found = json.loads(error.body)
    assert found["kind"] == "Status"
    return found


def test_a_new_cluster_has_the_namespaces_that_every_cluster_has(cluster):
    names = {one.metadata.name for one in cluster.core().list_namespace().items}
    assert names >= {"default", "kube-system", "kube-public", "kube-node-lease"}


def test_a_namespace_says_its_own_name_in_a_label(cluster, namespace):
    made = cluster.core().read_namespace(namespace)
    assert made.metadata.labels["kubernetes.io/metadata.name"] == namespace
    assert made.status.phase == "Active"


def test_what_is_applied_twice_does_not_change(cluster, namespace):
    first = cluster.apply(quota(namespace, pods="10"))
    again = cluster.apply(quota(namespace, pods="10"))
    assert again.metadata.resourceVersion == first.metadata.resourceVersion


def test_a_field_that_its_manager_drops_is_gone(cluster, namespace):
    cluster.apply(quota(namespace, pods="10", services="3"))
    after = cluster.apply(quota(namespace, pods="10"))
    assert after.spec.hard.to_dict() == {"pods": "10"}


def test_two_managers_of_one_field_are_told_each_other(cluster, namespace):
    cluster.apply(quota(namespace, pods="10"), manager="pulumi")
    with pytest.raises(ApiException) as refused:
        cluster.apply(quota(namespace, pods="20"), manager="kubectl")
    assert refused.value.status == 409
    assert refusal(refused.value)["message"] == (
        'Apply failed with 1 conflict: conflict with "pulumi": .spec.hard.pods'
    )


def test_who_forces_a_field_has_it(cluster, namespace):
    cluster.apply(quota(namespace, pods="10"), manager="pulumi")
    forced = cluster.apply(quota(namespace, pods="20"), manager="kubectl", force_conflicts=True)
    owners = {entry.manager for entry in forced.metadata.managedFields}
    assert (forced.spec.hard.pods, owners) == ("20", {"kubectl"})


def test_managers_that_agree_share_a_field_and_one_may_leave(cluster, namespace):
    cluster.apply(quota(namespace, pods="10", services="1"), manager="a")
    cluster.apply(quota(namespace, pods="10"), manager="b")
    left = cluster.apply(quota(namespace, services="1"), manager="a")
    assert left.spec.hard.to_dict() == {"pods": "10", "services": "1"}


def test_a_dry_run_keeps_nothing(cluster, namespace):
    cluster.apply(quota(namespace, pods="10"), dry_run="All")
    with pytest.raises(ApiException) as missing:
        cluster.core().read_namespaced_resource_quota("team", namespace)
    assert missing.value.status == 404


def test_an_unknown_field_is_refused_by_its_path(cluster, namespace):
    wrong = quota(namespace)
    wrong["spec"] = {"hards": {"pods": "1"}}
    with pytest.raises(ApiException) as refused:
        cluster.apply(wrong)
    assert ".spec.hards: field not declared in schema" in refusal(refused.value)["message"]


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "Bad_Name"}}, "RFC 1123 label"),
        (
            {
                "apiVersion": "v1",
                "kind": "ResourceQuota",
                "metadata": {"name": "q"},
                "spec": {"hard": {"pods": "lots"}},
            },
            "quantities must match",
        ),
        (
            {
                "apiVersion": "v1",
                "kind": "LimitRange",
                "metadata": {"name": "l"},
                "spec": {"limits": [{"type": "Container", "min": {"cpu": "2"}, "max": {"cpu": "500m"}}]},
            },
            "min value 2 is greater than max value 500m",
        ),
        (
            {
                "apiVersion": "scheduling.k8s.io/v1",
                "kind": "PriorityClass",
                "metadata": {"name": "p"},
                "value": 2_000_000_000,
            },
            "maximum allowed value",
        ),
    ],
    ids=lambda given: given["kind"] if isinstance(given, dict) else "",
)  # fmt: skip
def test_what_breaks_a_rule_is_invalid(cluster, namespace, manifest, words):
    if manifest["kind"] in {"ResourceQuota", "LimitRange"}:
        manifest["metadata"]["namespace"] = namespace
    with pytest.raises(ApiException) as refused:
        cluster.apply(manifest)
    assert refused.value.status == 422
    assert words in refusal(refused.value)["message"]


def test_nothing_is_made_in_a_namespace_that_is_not_there(cluster):
    with pytest.raises(ApiException) as refused:
        cluster.apply(quota("nowhere", pods="1"))
    assert refusal(refused.value)["message"] == 'namespaces "nowhere" not found'


def test_a_deleted_namespace_ends_with_everything_in_it(cluster):
    name = cluster.namespace()
    cluster.apply(quota(name, pods="1"))
    cluster.core().delete_namespace(name)
    assert cluster.core().read_namespace(name).status.phase == "Terminating"
    with pytest.raises(ApiException) as refused:
        cluster.apply({**quota(name, pods="1"), "metadata": {"name": "late", "namespace": name}})
    assert "it is being terminated" in refusal(refused.value)["message"]
    for _ in range(100):
        if name not in {one.metadata.name for one in cluster.core().list_namespace().items}:
            break
        time.sleep(0.1)
    again = cluster.core().create_namespace({"metadata": {"name": name}})
    assert cluster.core().list_namespaced_resource_quota(again.metadata.name).items == []


def test_a_role_binding_keeps_its_role(cluster, namespace):
    def binding(role: str) -> dict:
        return {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "readers", "namespace": namespace},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "Group", "name": "g", "apiGroup": "rbac.authorization.k8s.io"}],
        }

    cluster.apply(binding("view"))
    with pytest.raises(ApiException) as refused:
        cluster.apply(binding("edit"))
    assert "cannot change roleRef" in refusal(refused.value)["message"]


def test_patches_of_every_kind_change_what_they_say(cluster, namespace):
    core = cluster.core()
    cluster.apply(quota(namespace, pods="1"))
    merged = core.patch_namespaced_resource_quota("team", namespace, {"spec": {"hard": {"services": "2"}}})
    assert merged.spec.hard == {"pods": "1", "services": "2"}
    operations = [{"op": "remove", "path": "/spec/hard/pods"}]
    assert core.patch_namespaced_resource_quota("team", namespace, operations).spec.hard == {"services": "2"}


def test_a_stale_version_is_not_written_over_a_newer_one(cluster, namespace):
    core = cluster.core()
    cluster.apply(quota(namespace, pods="1"))
    stale = core.read_namespaced_resource_quota("team", namespace)
    core.patch_namespaced_resource_quota("team", namespace, {"spec": {"hard": {"pods": "2"}}})
    with pytest.raises(ApiException) as refused:
        core.replace_namespaced_resource_quota("team", namespace, stale)
    assert refused.value.status == 409
    assert "the object has been modified" in refusal(refused.value)["message"]


def test_lists_are_chosen_by_label(cluster, namespace):
    for name, team in (("a", "red"), ("b", "blue")):
        cluster.core().create_namespaced_config_map(
            namespace, {"metadata": {"name": name, "labels": {"team": team}}, "data": {"k": "v"}}
        )
    found = cluster.core().list_namespaced_config_map(namespace, label_selector="team in (red),team!=blue")
    assert [one.metadata.name for one in found.items] == ["a"]


def test_pods_are_refused_by_name_because_nothing_runs(cluster, namespace):
    with pytest.raises(ApiException) as refused:
        cluster.core().list_namespaced_pod(namespace)
    assert refused.value.status == 501
    assert "not emulated: pods of a cluster" in refusal(refused.value)["message"]


def test_a_kind_of_ones_own_is_served_once_it_is_defined_and_its_objects_go_with_it(cluster):
    schema = {
        "type": "object",
        "properties": {
            "spec": {"type": "object", "required": ["size"], "properties": {"size": {"type": "integer"}}}
        },
    }
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"kind": "Widget", "plural": "widgets"},
            "scope": "Cluster",
            "versions": [
                {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
            ],
        },
    }
    made = cluster.apply(definition)
    assert {one.type: one.status for one in made.status.conditions}["Established"] == "True"
    widget = {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": {"name": "w"},
        "spec": {"size": 1},
    }
    assert cluster.apply(widget).spec.size == 1
    with pytest.raises(ApiException) as refused:
        cluster.apply({**widget, "spec": {"size": 1, "colour": "red"}})
    assert ".spec.colour: field not declared in schema" in refusal(refused.value)["message"]
    client = cluster.dynamic()
    client.resources.get(api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition").delete(
        name="widgets.example.com"
    )
    cluster.apply(definition)
    assert cluster.dynamic().resources.get(api_version="example.com/v1", kind="Widget").get().items == []


def test_azure_mls_instance_types_come_and_go_with_its_extension(cluster, twin_server):
    where = f"{cluster.id}/providers/Microsoft.KubernetesConfiguration/extensions/azureml"
    kind = {
        "apiVersion": "amlarc.azureml.com/v1alpha1",
        "kind": "InstanceType",
        "metadata": {"name": "small"},
    }
    manifest = {**kind, "spec": {"resources": {"limits": {"cpu": "1", "nvidia.com/gpu": 1}}}}
    settings = {"enableTraining": "True", "enableInference": "False"}
    body = {
        "properties": {
            "extensionType": "Microsoft.AzureML.Kubernetes",
            "autoUpgradeMinorVersion": True,
            "configurationSettings": settings,
        }
    }
    twin_server.settle(twin_server.call("PUT", f"{where}?api-version=2023-05-01", body))
    assert cluster.apply(manifest).spec.resources.limits.to_dict() == {"cpu": "1", "nvidia.com/gpu": 1}
    assert cluster.core().read_namespace("azureml").status.phase == "Active"
    twin_server.settle(twin_server.call("DELETE", f"{where}?api-version=2023-05-01"))
    names = {
        one.metadata.name
        for one in cluster.dynamic()
        .resources.get(api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition")
        .get()
        .items
    }
    assert "instancetypes.amlarc.azureml.com" not in names
