"""From the managed cluster in Azure to what is in it: one kubeconfig without a credential."""

from __future__ import annotations

import base64

import grpc
import pytest
import yaml
from pulumi.runtime.proto import provider_pb2

from tests.localazure.kubernetes.conftest import CLUSTER_ADMIN, make_cluster
from tests.providers.kubernetes.conftest import Engine, Server
from twinloop.providers.azure_native.invokes import KUBECONFIG
from twinloop.providers.azure_native.provider import AzureNativeProvider
from twinloop.providers.errors import ProviderError
from twinloop.providers.values import from_struct, to_struct


@pytest.fixture(scope="module")
def cluster(twin_server):
    made = make_cluster(twin_server, twin_server.make_group())
    assert twin_server.grant("infra-engineer", CLUSTER_ADMIN, made.id).status_code < 300
    return made


@pytest.fixture
def environment(twin_server, monkeypatch):
    for name, value in twin_server.env().items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def kubeconfig_of(cluster):
    parts = cluster.id.split("/")
    arguments = to_struct({"resourceGroupName": parts[4], "resourceName": parts[-1], "format": "exec"})
    request = provider_pb2.InvokeRequest(tok=KUBECONFIG, args=arguments)
    answer = from_struct(getattr(AzureNativeProvider().Invoke(request, None), "return"))
    assert answer.secret == {"kubeconfigs"}
    return base64.b64decode(answer.values["kubeconfigs"][0]["value"]).decode()


def test_the_kubeconfig_of_the_cluster_lets_in_who_has_a_role_and_holds_no_credential(cluster, environment):
    text = kubeconfig_of(cluster)
    (user,) = yaml.safe_load(text)["users"]
    assert list(user["user"]) == ["exec"]
    made = Engine(Server(text, {})).create("core/v1:Namespace", "n", {"metadata": {"name": "team-x"}})
    assert made["id"] == "team-x"


def test_somebody_without_a_right_in_the_cluster_is_refused_in_its_words(cluster, environment, twin_server):
    text = kubeconfig_of(cluster)
    environment.setenv("IDENTITY_HEADER", twin_server.secret("nobody"))
    with pytest.raises(ProviderError) as refused:
        Engine(Server(text, {})).create("core/v1:Namespace", "n", {"metadata": {"name": "team-y"}})
    assert refused.value.code is grpc.StatusCode.PERMISSION_DENIED
    assert 'User "nobody" cannot patch resource "namespaces"' in refused.value.message


def test_what_was_in_a_cluster_that_was_deleted_is_told_and_can_be_forgotten(environment, twin_server):
    gone = make_cluster(twin_server, twin_server.make_group())
    assert twin_server.grant("infra-engineer", CLUSTER_ADMIN, gone.id).status_code < 300
    text = kubeconfig_of(gone)
    made = Engine(Server(text, {})).create("core/v1:Namespace", "n", {"metadata": {"name": "team-z"}})
    twin_server.settle(twin_server.call("DELETE", f"{gone.id}?api-version=2025-09-01"))
    with pytest.raises(ProviderError) as refused:
        Engine(Server(text, {})).delete(made)
    assert refused.value.code is grpc.StatusCode.UNAVAILABLE
    assert "does not exist" in refused.value.message
    assert "PULUMI_K8S_DELETE_UNREACHABLE=true" in refused.value.message
    Engine(Server(text, {}), deleteUnreachable=True).delete(made)


def test_a_cluster_of_the_same_name_begins_empty(environment, twin_server):
    group = twin_server.make_group()
    first = make_cluster(twin_server, group)
    assert twin_server.grant("infra-engineer", CLUSTER_ADMIN, group).status_code < 300
    first.core().create_namespace({"metadata": {"name": "team-a"}})
    twin_server.settle(twin_server.call("DELETE", f"{first.id}?api-version=2025-09-01"))
    assert make_cluster(twin_server, group, first.id.rpartition("/")[2]).id == first.id
    assert "team-a" not in {one.metadata.name for one in first.core().list_namespace().items}
