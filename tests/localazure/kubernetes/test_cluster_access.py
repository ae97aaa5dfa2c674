"""Who gets into a cluster: Entra tokens for AKS only; by the cluster's own bindings or roles in Azure."""

from __future__ import annotations

import json

import kubernetes
import pytest
from kubernetes.client.exceptions import ApiException

from tests.localazure.kubernetes.conftest import make_cluster

RBAC = "rbac.authorization.k8s.io"
RBAC_READER = "7f6c6a51-bcf8-42ba-9220-52d62157d7db"  # Azure Kubernetes Service RBAC Reader


def refused(call, *arguments):
    with pytest.raises(ApiException) as error:
        call(*arguments)
    return error.value.status, json.loads(error.value.body)["message"]


def test_a_token_for_arm_is_not_one_for_the_cluster(cluster):
    core = kubernetes.client.CoreV1Api(cluster.api(resource="https://management.azure.com"))
    status, words = refused(core.list_namespace)
    assert status == 401
    assert "AKS takes tokens for 6dae42f8-4368-4678-94ff-3960e28e3630" in words


def test_nobody_gets_in_without_a_role(cluster):
    status, words = refused(cluster.core("nobody").list_namespace)
    assert status == 403
    assert words.startswith(
        'namespaces is forbidden: User "nobody" cannot list resource "namespaces" in API group "" at the '
        "cluster scope"
    )
    assert "Update role assignment to allow access" in words


def test_a_reader_by_a_role_in_azure_sees_objects_but_no_secrets_and_changes_nothing(cluster, twin_server):
    mine = cluster.namespace()
    assert twin_server.grant("auditor", RBAC_READER, cluster.id).status_code < 300
    core = cluster.core("auditor")
    assert core.list_namespaced_config_map(mine).items == []
    assert refused(core.create_namespaced_config_map, mine, {"metadata": {"name": "c"}})[0] == 403
    status, words = refused(core.list_namespaced_secret, mine)
    assert (status, "secrets is forbidden" in words) == (403, True)


def test_a_binding_to_an_entra_group_lets_its_members_in_and_only_there(cluster, twin_server):
    mine, other = cluster.namespace(), cluster.namespace()
    cluster.apply(
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "team", "namespace": mine},
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "edit"},
            "subjects": [{"kind": "Group", "apiGroup": RBAC, "name": twin_server.groups["dataScientists"]}],
        }
    )
    core = cluster.core("data-scientist")
    assert core.create_namespaced_config_map(mine, {"metadata": {"name": "c"}}).metadata.name == "c"
    assert refused(core.create_namespaced_config_map, other, {"metadata": {"name": "c"}})[0] == 403
    quota = {"metadata": {"name": "q"}, "spec": {"hard": {"pods": "999"}}}
    assert refused(core.create_namespaced_resource_quota, mine, quota)[0] == 403
    assert refused(cluster.core("ml-engineer").list_namespaced_config_map, mine)[0] == 403


def test_the_clusters_admin_group_may_do_everything_without_a_role_in_azure(twin_server):
    cluster = make_cluster(
        twin_server,
        twin_server.make_group(),
        enableAzureRBAC=False,
        adminGroupObjectIDs=[twin_server.groups["platformAdmins"]],
    )
    assert cluster.core("platform-admin").create_namespace({"metadata": {"name": "n"}}).metadata.name == "n"
    status, words = refused(cluster.core("infra-engineer").list_namespace)  # Owner in Azure, nobody in here
    assert (status, "Azure" in words) == (403, False)


def test_everybody_may_ask_what_he_may(cluster):
    api = kubernetes.client.AuthorizationV1Api(cluster.api("nobody"))
    wanted = {"spec": {"resourceAttributes": {"verb": "list", "resource": "namespaces"}}}
    assert api.create_self_subject_access_review(wanted).status.allowed is False


def test_a_cluster_that_is_not_there_does_not_answer(cluster):
    cluster_of_nobody = type(cluster)(cluster.twin, f"{cluster.id}-not")
    status, words = refused(cluster_of_nobody.core().list_namespace)
    assert (status, "does not exist" in words) == (503, True)
