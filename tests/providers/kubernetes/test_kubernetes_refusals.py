"""What the embedded kubernetes provider refuses; nothing is sent to a stranger's cluster."""

from __future__ import annotations

import json

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2

from tests.providers.kubernetes.conftest import KUBELOGIN, Engine, Server, kubeconfig
from twinloop.providers.errors import ProviderError
from twinloop.providers.kubernetes.provider import KubernetesProvider
from twinloop.providers.values import UNKNOWN, from_struct, to_struct

NAMESPACE = "core/v1:Namespace"


@pytest.fixture(autouse=True)
def no_twin_in_the_shell(monkeypatch):
    for name in ("ARM_METADATA_HOSTNAME", "TWINLOOP_KUBERNETES_ALLOW", "PULUMI_K8S_DELETE_UNREACHABLE"):
        monkeypatch.delenv(name, raising=False)


def engine_of(server, user=KUBELOGIN, **settings):
    return Engine(Server(kubeconfig(server, user), {}), **settings)


GONE = "https://127.0.0.1:9"  # nothing listens there


def made(name="n"):
    return {
        "urn": f"urn:pulumi:dev::twinloop::kubernetes:{NAMESPACE}::{name}",
        "id": name,
        "inputs": {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}},
        "outputs": {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}},
    }


@pytest.mark.parametrize(
    "server",
    [
        "https://aks-prod.hcp.westeurope.azmk8s.io:443",
        "https://localhost:6443/kubernetes/a/b/c",
        "https://evil.example.com/kubernetes/a/b/c",
    ],
)
def test_a_cluster_that_is_not_the_twins_is_not_spoken_to(server, monkeypatch):
    monkeypatch.setenv("ARM_METADATA_HOSTNAME", "localhost:1")
    with pytest.raises(ProviderError) as refused:
        engine_of(server).create(NAMESPACE, "n", {"metadata": {"name": "n"}})
    assert refused.value.code is grpc.StatusCode.FAILED_PRECONDITION
    assert "refused, nothing was sent" in refused.value.message


def test_an_allowed_server_must_be_of_this_machine(monkeypatch):
    monkeypatch.setenv("TWINLOOP_KUBERNETES_ALLOW", "cluster.example.com:443")
    with pytest.raises(ProviderError, match="refused, nothing was sent"):
        engine_of("https://cluster.example.com:443").read(made())


def test_a_cluster_that_is_gone_is_told_with_the_way_to_forget_it(monkeypatch):
    monkeypatch.setenv("TWINLOOP_KUBERNETES_ALLOW", "127.0.0.1:9")
    with pytest.raises(ProviderError) as refused:
        engine_of(GONE, {"token": "t"}).delete(made())
    assert refused.value.code is grpc.StatusCode.UNAVAILABLE
    assert "PULUMI_K8S_DELETE_UNREACHABLE=true" in refused.value.message


def test_objects_of_a_cluster_that_is_gone_are_forgotten_where_that_is_said(monkeypatch):
    monkeypatch.setenv("TWINLOOP_KUBERNETES_ALLOW", "127.0.0.1:9")
    engine = engine_of(GONE, {"token": "t"}, deleteUnreachable=True)
    engine.delete(made())
    assert engine.read(made()) is None


@pytest.mark.parametrize(
    ("token", "inputs", "reason"),
    [
        ("core/v1:ResourceQuota", {"spec": {"hards": {}}}, "field not declared in schema"),
        ("core/v1:Namespace", {"metadata": {"name": "Bad_Name"}}, "RFC 1123 label"),
        ("core/v1:ConfigMap", {"metadata": {"generateName": "x-"}}, "not supported with server-side apply"),
        ("core/v1:ResourceQuota", {"spec": {"hard": {"cpu": "many"}}}, "quantities must match"),
    ],
)
def test_what_an_api_server_would_refuse_is_refused_before_anything_is_sent(token, inputs, reason):
    urn = f"urn:pulumi:dev::twinloop::kubernetes:{token}::x"
    answer = KubernetesProvider().Check(provider_pb2.CheckRequest(urn=urn, news=to_struct(inputs)), None)
    assert reason in "; ".join(one.reason for one in answer.failures)


@pytest.mark.parametrize(
    "token",
    ["kubernetes:helm.sh/v3:Release", "kubernetes:core/v1:NamespacePatch", "kubernetes:yaml:ConfigFile"],
)
def test_charts_patches_and_files_are_refused_by_name(token):
    request = provider_pb2.CheckRequest(urn=f"urn:pulumi:dev::twinloop::{token}::x", news=to_struct({}))
    with pytest.raises(ProviderError, match=token):
        KubernetesProvider().Check(request, None)


def test_functions_are_refused_by_name():
    with pytest.raises(ProviderError, match="kubernetes:yaml:decode"):
        KubernetesProvider().Invoke(provider_pb2.InvokeRequest(tok="kubernetes:yaml:decode"), None)


def test_client_side_apply_and_unknown_settings_are_refused():
    wrong = to_struct({"enableServerSideApply": False})
    with pytest.raises(ProviderError, match="applies on the server only"):
        KubernetesProvider().Configure(provider_pb2.ConfigureRequest(args=wrong), None)
    answer = KubernetesProvider().CheckConfig(
        provider_pb2.CheckRequest(news=to_struct({"renderYamlToDirectory": "x"})), None
    )
    assert [one.property for one in answer.failures] == ["renderYamlToDirectory"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "cannot be read as YAML"),
        ("kind: Config\n", "has no clusters"),
        ("/no/such/file", "No such file"),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_says_why_without_its_content(text, words, monkeypatch):
    monkeypatch.setenv("ARM_METADATA_HOSTNAME", "localhost:1")
    text = text if text.startswith("/") else f"{text}\n"
    with pytest.raises(ProviderError) as refused:
        Engine(Server(text, {})).read(made())
    assert words in refused.value.message


def test_another_server_replaces_everything_and_another_way_to_sign_in_nothing():
    def config(server, login):
        user = json.loads(json.dumps(KUBELOGIN))
        user["exec"]["args"][2] = login
        return to_struct({"kubeconfig": kubeconfig(server, user)})

    def replaces(new):
        request = provider_pb2.DiffRequest(old_inputs=config("https://a", "azurecli"), news=new)
        return list(KubernetesProvider().DiffConfig(request, None).replaces)

    assert replaces(config("https://b", "azurecli")) == ["kubeconfig"]
    assert replaces(config("https://a", "msi")) == []


def test_a_preview_asks_no_cluster_and_leaves_open_what_only_that_knows():
    urn = f"urn:pulumi:dev::twinloop::kubernetes:{NAMESPACE}::n"
    inputs = to_struct({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}})
    answer = KubernetesProvider().Create(
        provider_pb2.CreateRequest(urn=urn, properties=inputs, preview=True), None
    )
    meta = from_struct(answer.properties).values["metadata"]
    assert (meta["name"], meta["uid"]) == ("n", UNKNOWN)


def test_what_is_secret_is_never_written_in_clear():
    urn = "urn:pulumi:dev::twinloop::kubernetes:core/v1:Secret::s"
    inputs = to_struct(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"k": "hidden"}},
        ["stringData"],
    )
    answer = KubernetesProvider().Create(
        provider_pb2.CreateRequest(urn=urn, properties=inputs, preview=True), None
    )
    assert from_struct(answer.properties).secret == {"stringData"}
