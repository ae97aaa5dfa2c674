"""Both packages served to an engine of another process: each connection is a provider of its own."""

from __future__ import annotations

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from tests.providers.kubernetes.conftest import KUBELOGIN, kubeconfig
from twinloop.providers.serve import PACKAGES, serve
from twinloop.providers.values import from_struct, to_struct

URN = "urn:pulumi:dev::twinloop::kubernetes:core/v1:ConfigMap::c"


@pytest.fixture
def ports():
    made, stop = serve(list(PACKAGES))
    yield made
    stop()


def connected(port):
    channel = grpc.insecure_channel(f"127.0.0.1:{port}", [("grpc.use_local_subchannel_pool", 1)])
    return channel, provider_pb2_grpc.ResourceProviderStub(channel)


def configured(stub, namespace):
    config = to_struct({"kubeconfig": kubeconfig("https://localhost:1", KUBELOGIN), "namespace": namespace})
    stub.Configure(provider_pb2.ConfigureRequest(args=config, acceptSecrets=True), timeout=30)


def checked_namespace(stub):
    inputs = to_struct({"metadata": {"name": "c"}, "data": {"a": "b"}})
    answer = stub.Check(provider_pb2.CheckRequest(urn=URN, news=inputs), timeout=30)
    return from_struct(answer.inputs).values["metadata"]["namespace"]


def test_two_providers_of_one_program_do_not_take_each_others_configuration(ports):
    (first, one), (second, other) = connected(ports["kubernetes"]), connected(ports["kubernetes"])
    with first, second:
        configured(one, "team-a")
        configured(other, "team-b")
        assert (checked_namespace(one), checked_namespace(other)) == ("team-a", "team-b")


def test_a_refusal_reaches_the_engine_with_its_words(ports):
    channel, stub = connected(ports["kubernetes"])
    with channel, pytest.raises(grpc.RpcError) as refused:
        stub.Invoke(provider_pb2.InvokeRequest(tok="kubernetes:helm:template"), timeout=30)
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "kubernetes:helm:template" in refused.value.details()
