"""What is in the Kubernetes cluster: valid for its API server, bound to Entra, closed at first."""

from __future__ import annotations

import base64

import kubernetes_validate
import pytest
import yaml

from checks.kubernetes.manifests import manifest_problems
from infra.clusters import inside as cluster_inside
from infra.clusters import manifests as cluster_manifests
from infra.sections.inside import Inside
from tests.infra.conftest import KUBECONFIG, declared, settings_of

FURNISHED = ("staging", "prod")
CUSTOM = {"amlarc.azureml.com/v1alpha1"}  # of Azure ML's extension: no schema of Kubernetes' own


def objects(stack):
    return [
        resource.inputs for resource in declared(stack).declared if resource.typ.startswith("kubernetes:")
    ]


def of_kind(stack, kind):
    return [one for one in objects(stack) if one["kind"] == kind]


@pytest.mark.parametrize("stack", FURNISHED)
def test_every_manifest_is_strictly_valid_for_the_clusters_version(stack):
    version = f"{settings_of(stack).kubernetes.version}.0"
    for manifest in objects(stack):
        if manifest["apiVersion"] not in CUSTOM:
            kubernetes_validate.validate(manifest, version, strict=True)
            assert not manifest_problems(manifest), manifest


@pytest.mark.parametrize("stack", ["shared", "dev"])
def test_a_stack_without_a_cluster_declares_nothing_in_one(stack):
    assert not objects(stack)


@pytest.mark.parametrize("stack", FURNISHED)
def test_every_namespace_has_a_share_limits_and_denies_all_traffic_first(stack):
    for namespace in of_kind(stack, "Namespace"):
        name = namespace["metadata"]["name"]
        inside = [one for one in objects(stack) if one["metadata"].get("namespace") == name]
        kinds = [one["kind"] for one in inside]
        assert kinds.count("ResourceQuota") == kinds.count("LimitRange") == 1
        deny = next(one for one in inside if one["metadata"]["name"] == "deny-everything")
        assert deny["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
        assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] in {
            "baseline",
            "restricted",
        }


@pytest.mark.parametrize("stack", FURNISHED)
def test_rights_are_bound_to_groups_of_entra_and_to_nobody_by_name(stack):
    known = set(settings_of(stack).access.groups.model_dump().values())
    for binding in (*of_kind(stack, "RoleBinding"), *of_kind(stack, "ClusterRoleBinding")):
        assert {subject["kind"] for subject in binding["subjects"]} == {"Group"}
        assert {subject["name"] for subject in binding["subjects"]} <= known


@pytest.mark.parametrize("stack", FURNISHED)
def test_sizes_of_pods_fit_into_the_namespace_and_name_a_pool_of_the_cluster(stack):
    settings = settings_of(stack).kubernetes
    team = next(one for one in settings.inside.namespaces if one.name == settings.attach.namespace)
    pools = {pool.name for pool in settings.pools}
    for size in of_kind(stack, "InstanceType"):
        assert size["spec"]["nodeSelector"]["pool"] in pools
    for kind in settings.attach.instance_types:
        assert kind.cpu <= team.container.most.cpu
        assert kind.memory_gib <= team.container.most.memory_gib
        assert kind.gpus <= team.quota.gpus


@pytest.mark.parametrize("stack", FURNISHED)
def test_sizes_come_after_the_extension_and_the_attachment_after_its_namespace(stack):
    engine = declared(stack)
    namespace = settings_of(stack).kubernetes.attach.namespace
    attached = settings_of(stack).kubernetes.attach.name
    assert "kubernetes-extension" in engine.waits_for("inside-size-cpu-small")
    assert f"inside-{namespace}" in engine.waits_for(f"kubernetes-{attached}")


@pytest.mark.parametrize("stack", FURNISHED)
def test_a_priority_that_changes_is_made_anew_because_no_api_server_changes_it(stack):
    request = declared(stack).request("inside-priority-serving")
    assert list(request.replaceOnChanges) == ["value", "preemptionPolicy"]
    assert request.deleteBeforeReplace


def test_no_credential_is_in_the_kubeconfig_that_the_program_uses():
    document = yaml.safe_load(cluster_inside.signed_in_by("workloadidentity", KUBECONFIG))
    (user,) = document["users"]
    assert list(user["user"]) == ["exec"]
    assert user["user"]["exec"]["args"] == ["get-token", "--login", "workloadidentity"]
    assert yaml.safe_load(base64.b64decode(KUBECONFIG))["clusters"] == document["clusters"]


@pytest.mark.parametrize("stack", FURNISHED)
def test_the_provider_gets_its_kubeconfig_as_a_secret(stack):
    (provider,) = [one for one in declared(stack).declared if one.typ == "pulumi:providers:kubernetes"]
    assert provider.inputs["kubeconfig"]["4dabf18193072939515e22adb298388d"]


@pytest.mark.parametrize(
    ("amount", "written"), [(2, "2"), (0.5, "500m"), (1.25, "1250m"), (0.001, "1m"), (3.0, "3")]
)
def test_cores_are_written_as_the_api_server_writes_them(amount, written):
    assert cluster_manifests.cores(amount) == written


@pytest.mark.parametrize(("amount", "written"), [(4, "4Gi"), (1.5, "1536Mi"), (0.25, "256Mi")])
def test_memory_is_written_as_the_api_server_writes_it(amount, written):
    assert cluster_manifests.gibibytes(amount) == written


def test_tags_that_labels_do_not_take_are_left_out():
    tags = {"workload": "mlp", "owner": "ml-platform@example.com", "costCentre": "CC-1"}
    assert cluster_inside.labels(tags) == {"workload": "mlp", "costCentre": "CC-1"}


SMALL = {"cpu": 1, "memoryGib": 1}
TEAM = {
    "name": "team-a",
    "owner": "a-team",
    "quota": {"cpu": 8, "memoryGib": 32},
    "container": {"request": SMALL, "limit": SMALL, "most": {"cpu": 4, "memoryGib": 16}},
}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"namespaces": [{**TEAM, "name": "kube-team"}]}, "belong to the cluster"),
        ({"namespaces": [{**TEAM, "name": "default"}]}, "belong to the cluster"),
        ({"namespaces": [{**TEAM, "name": "Team_A"}]}, "pattern"),
        ({"namespaces": [TEAM, TEAM]}, "each name of namespaces once"),
        ({"namespaces": [{**TEAM, "quota": {"cpu": 2, "memoryGib": 32}}]}, "could ever start"),
        (
            {
                "namespaces": [
                    {**TEAM, "container": {**TEAM["container"], "request": {"cpu": 2, "memoryGib": 1}}}
                ]
            },
            "request at most limit",
        ),
        (
            {"namespaces": [{**TEAM, "waysOut": [{"to": "10.1.2.3/16", "ports": [1], "reason": "r" * 10}]}]},
            "host bits",
        ),
        (
            {"namespaces": [{**TEAM, "access": [{"who": "everybody", "role": "edit", "reason": "r" * 10}]}]},
            "GUID",
        ),
        (
            {
                "namespaces": [
                    {**TEAM, "access": [{"who": "auditors", "role": "cluster-admin", "reason": "r" * 10}]}
                ]
            },
            "'view', 'edit' or 'admin'",
        ),
        (
            {"namespaces": [TEAM], "priorities": [{"name": "system-x", "value": 1, "reason": "r" * 10}]},
            "Kubernetes' own",
        ),
        (
            {"namespaces": [TEAM], "priorities": [{"name": "x", "value": 2_000_000_000, "reason": "r" * 10}]},
            "less than or equal to 1000000000",
        ),
    ],
)  # fmt: skip
def test_what_a_cluster_could_not_take_is_refused_in_the_settings(wrong, words):
    with pytest.raises(ValueError, match=words):
        Inside.model_validate(wrong)


def test_a_namespace_that_azure_ml_attaches_to_must_be_among_those_that_are_made():
    kubernetes = settings_of("staging").kubernetes
    given = kubernetes.model_dump(by_alias=True)
    given["attach"]["namespace"] = "elsewhere"
    with pytest.raises(ValueError, match="Azure ML attaches to a namespace that is there"):
        type(kubernetes).model_validate(given)


def test_a_way_out_leads_to_its_network_and_ports_only():
    team = Inside.model_validate(
        {
            "namespaces": [
                {**TEAM, "waysOut": [{"to": "10.9.0.0/24", "ports": [5432], "reason": "features are read"}]}
            ]
        }
    ).namespaces[0]
    found = dict(cluster_manifests.policies(team, azureml=False, pods="10.244.0.0/16"))
    assert found["to-10-9-0-0-24"]["spec"]["egress"] == [
        {"to": [{"ipBlock": {"cidr": "10.9.0.0/24"}}], "ports": [{"port": 5432, "protocol": "TCP"}]}
    ]
    assert "azureml" not in found
