"""Life of objects under the embedded kubernetes provider, on the twin and on a real kube-apiserver."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from kubernetes.dynamic.discovery import Discoverer

from tests.providers.kubernetes.conftest import Engine
from twinloop.providers.errors import ProviderError


def quota(namespace: str, **hard: str) -> dict:
    return {"metadata": {"name": "team", "namespace": namespace}, "spec": {"hard": hard}}


@pytest.fixture
def namespace(own_namespace):
    return own_namespace()["id"]


def test_an_object_without_a_name_gets_one_as_the_official_provider_gives_it(own_namespace):
    made = own_namespace()
    assert made["inputs"]["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    logical, _, suffix = made["id"].rpartition("-")
    assert (made["urn"].endswith(logical), len(suffix)) == (True, 8)


def test_outputs_carry_what_the_official_provider_notes(engine, namespace):
    made = engine.create("core/v1:ResourceQuota", "q", quota(namespace, pods="3"))
    assert made["id"] == f"{namespace}/team"
    outputs = made["outputs"]
    assert outputs["__initialApiVersion"] == "v1"
    assert outputs["__inputs"]["spec"] == {"hard": {"pods": "3"}}
    assert outputs["__fieldManager"].startswith("pulumi-kubernetes-")
    managers = {entry["manager"] for entry in outputs["metadata"]["managedFields"]}
    assert outputs["__fieldManager"] in managers


def test_the_same_inputs_are_no_change_and_a_refresh_finds_none(engine, namespace):
    given = quota(namespace, pods="3", **{"requests.cpu": "0.5"})
    made = engine.create("core/v1:ResourceQuota", "q", given)
    read = engine.read(made)
    assert read["inputs"] == made["inputs"]
    assert not engine.diff(read, given).diffs


def test_an_update_keeps_its_manager_and_takes_dropped_fields_away(engine, namespace):
    made = engine.create("core/v1:ResourceQuota", "q", quota(namespace, pods="3", services="1"))
    wanted = quota(namespace, pods="4")
    found = engine.diff(made, wanted).detailedDiff
    assert set(found) == {"spec.hard.pods", "spec.hard.services"}
    after = engine.update(made, wanted)
    assert after["outputs"]["spec"]["hard"] == {"pods": "4"}
    assert after["outputs"]["__fieldManager"] == made["outputs"]["__fieldManager"]


def test_drift_is_read_into_the_inputs(engine, server, namespace):
    made = engine.create("core/v1:ResourceQuota", "q", quota(namespace, pods="3"))
    by_hand = Engine(server)
    by_hand.create(
        "core/v1:ResourceQuota",
        "other",
        {
            "metadata": {
                "name": "team",
                "namespace": namespace,
                "annotations": {"pulumi.com/patchForce": "true"},
            },
            "spec": {"hard": {"pods": "9"}},
        },
    )
    read = engine.read(made)
    assert read["inputs"]["spec"] == {"hard": {"pods": "9"}}
    assert list(engine.diff(read, quota(namespace, pods="3")).detailedDiff) == ["spec.hard.pods"]


def test_a_conflict_names_the_other_manager_and_the_field(engine, server, namespace):
    made = engine.create("core/v1:ResourceQuota", "q", quota(namespace, pods="3"))
    with pytest.raises(ProviderError) as refused:
        Engine(server).create("core/v1:ResourceQuota", "other", quota(namespace, pods="9"))
    assert refused.value.code is grpc.StatusCode.ABORTED
    manager = made["outputs"]["__fieldManager"]
    assert f"manager '{manager}' has .spec.hard.pods" in refused.value.message


@pytest.mark.parametrize("change", [{"name": "other"}, {"namespace": "default"}])
def test_another_name_or_namespace_is_another_object(engine, namespace, change):
    made = engine.create("core/v1:ResourceQuota", "q", quota(namespace, pods="3"))
    wanted = quota(namespace, pods="3")
    wanted["metadata"] |= change
    answer = engine.diff(made, wanted)
    assert list(answer.replaces) == ["metadata"]
    assert not answer.deleteBeforeReplace


def test_a_binding_to_another_role_is_replaced_in_place(engine, namespace):
    def binding(role: str) -> dict:
        return {
            "metadata": {"name": "team", "namespace": namespace},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "Group", "name": "g", "apiGroup": "rbac.authorization.k8s.io"}],
        }

    made = engine.create("rbac.authorization.k8s.io/v1:RoleBinding", "b", binding("view"))
    answer = engine.diff(made, binding("edit"))
    assert (list(answer.replaces), answer.deleteBeforeReplace) == (["roleRef"], True)


def test_what_is_deleted_is_gone_and_deleting_it_again_is_as_good(engine, namespace):
    made = engine.create("core/v1:ResourceQuota", "q", quota(namespace, pods="3"))
    engine.delete(made)
    assert engine.read(made) is None
    engine.delete(made)


def test_a_deleted_namespace_is_waited_for(engine, server, own_namespace):
    if server.real:
        pytest.skip("ending a namespace is the work of a controller manager; only an API server runs here")
    made = own_namespace()
    engine.delete(made)
    assert engine.read(made) is None


def definition_of(engine, group):
    schema = {"type": "object", "x_kubernetes_preserve_unknown_fields": True}
    return engine.create(
        "apiextensions.k8s.io/v1:CustomResourceDefinition",
        "widgets",
        {
            "metadata": {"name": f"widgets.{group}"},
            "spec": {
                "group": group,
                "scope": "Cluster",
                "names": {"kind": "Widget", "plural": "widgets"},
                "versions": [
                    {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
                ],
            },
        },
    )


def test_custom_resources_follow_their_definition(engine, own_namespace):
    group = f"{own_namespace()['id']}.example.com"
    definition = definition_of(engine, group)
    made = engine.create(f"{group}/v1:Widget", "w", {"metadata": {"name": "w"}, "spec": {"size": 3}})
    assert (made["id"], made["outputs"]["spec"]) == ("w", {"size": 3})
    assert not engine.diff(engine.read(made), {"metadata": {"name": "w"}, "spec": {"size": 3}}).diffs
    assert engine.read(definition)["inputs"] == definition["inputs"]
    engine.delete(made)
    engine.delete(definition)


def test_objects_of_a_kind_that_an_extension_brought_are_made_side_by_side(
    engine, server, own_namespace, monkeypatch
):
    group = f"{own_namespace()['id']}.example.com"
    other = Engine(server)
    definition = definition_of(other, group)  # `engine` has looked before at what is served, and not since
    looking, forgotten, found = threading.Event(), threading.Event(), threading.Event()
    load, groups = Discoverer._load_server_info, Discoverer.default_groups

    def forget(self):  # all that was known is forgotten by now
        if looking.is_set():
            forgotten.set()
            found.wait(0.3)
        load(self)

    def look(self, **how):  # while it is looked again, the other one begins, and forgets if nobody holds it
        looking.set()
        forgotten.wait(0.3)
        return groups(self, **how)

    monkeypatch.setattr(Discoverer, "_load_server_info", forget)
    monkeypatch.setattr(Discoverer, "default_groups", look)

    def create(name):
        assert name == "first" or looking.wait(10)
        try:
            return engine.create(
                f"{group}/v1:Widget", name, {"metadata": {"name": name}, "spec": {"size": 1}}
            )
        finally:
            found.set()

    with ThreadPoolExecutor(2) as threads:
        made = list(threads.map(create, ("first", "second")))
    assert [one["id"] for one in made] == ["first", "second"]
    for one in made:
        engine.delete(one)
    other.delete(definition)


RULE = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
NAMES = {"ports": [{"port": 53, "protocol": "UDP"}]}
POD = {
    "metadata": {"labels": {"a": "b"}},
    "spec": {"containers": [{"name": "c", "image": "i", "resources": {"limits": {"memory": "1Gi"}}}]},
}
EVERY_KIND = [
    ("scheduling.k8s.io/v1:PriorityClass", {"value": 1000, "globalDefault": False, "description": "jobs"}),
    ("rbac.authorization.k8s.io/v1:ClusterRole", {"rules": [RULE]}),
    ("rbac.authorization.k8s.io/v1:Role", {"rules": [RULE]}),
    (
        "networking.k8s.io/v1:NetworkPolicy",
        {"spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "egress": [NAMES]}},
    ),
    (
        "core/v1:LimitRange",
        {
            "spec": {
                "limits": [{"type": "Container", "default": {"cpu": "1"}, "defaultRequest": {"cpu": "0.5"}}]
            }
        },
    ),
    ("core/v1:ConfigMap", {"data": {"key": "value"}}),
    ("core/v1:Secret", {"stringData": {"key": "value"}}),
    ("core/v1:ServiceAccount", {}),
    (
        "apps/v1:Deployment",
        {"spec": {"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": POD}},
    ),
]


@pytest.mark.parametrize(
    ("token", "inputs"),
    EVERY_KIND,
    ids=lambda given: given.rpartition(":")[2] if isinstance(given, str) else "",
)
def test_every_kind_that_is_declared_is_made_and_read_back_without_a_difference(
    engine, namespace, token, inputs
):
    cluster_wide = token.endswith(("PriorityClass", "ClusterRole"))
    meta = {**inputs.get("metadata", {}), **({} if cluster_wide else {"namespace": namespace})}
    given = {**inputs, "metadata": meta}
    made = engine.create(token, f"thing-{namespace[-8:]}", given)
    read = engine.read(made)
    assert not engine.diff(read, given).diffs
    if not token.startswith("apps/"):  # what owns pods is ended by a controller, which an API server has not
        engine.delete(made)


def test_what_the_cluster_refuses_is_told_with_its_own_words(engine):
    with pytest.raises(ProviderError) as refused:
        engine.create("core/v1:ResourceQuota", "q", quota("not-there", pods="3"))
    assert 'namespaces "not-there" not found' in refused.value.message


def test_a_kind_that_is_not_served_says_what_must_come_first(engine):
    with pytest.raises(ProviderError) as refused:
        engine.create("nothing.example.com/v1:Nothing", "n", {"metadata": {"name": "n"}})
    assert "its CustomResourceDefinition must be there first" in refused.value.message
