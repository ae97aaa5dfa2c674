import json
import signal

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from tests.stacks.checkouts import SUBSCRIPTION
from twinloop.providers.values import from_struct, to_struct

URN = "urn:pulumi:dev::shop::azure-native:resources:ResourceGroup::group"


@pytest.fixture
def served(checkout):
    """The command in a process of its own, and what it said on stdout."""
    started = []

    def start(*words):
        process = checkout.popen("providers", "serve", *words)
        started.append(process)
        lines = [process.stdout.readline()]
        while words and "--json" in words and not lines[-1].startswith("}"):
            lines.append(process.stdout.readline())
        return process, "".join(lines)

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_client_of_the_protocol_makes_reads_and_deletes_a_resource(served):
    _, said = served("-s", "dev", "--json")
    port = json.loads(said)["result"]["ports"]["azure-native"]
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        variables = {"azure-native:config:subscriptionId": SUBSCRIPTION}
        stub.Configure(provider_pb2.ConfigureRequest(variables=variables, acceptSecrets=True), timeout=30)
        inputs = to_struct({"resourceGroupName": "rg-served", "location": "westeurope"})
        made = stub.Create(provider_pb2.CreateRequest(urn=URN, properties=inputs), timeout=30)
        assert made.id == f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-served"
        read = stub.Read(provider_pb2.ReadRequest(urn=URN, id=made.id), timeout=30)
        assert from_struct(read.properties).values["name"] == "rg-served"
        stub.Delete(provider_pb2.DeleteRequest(urn=URN, id=made.id, properties=made.properties), timeout=30)
        assert stub.Read(provider_pb2.ReadRequest(urn=URN, id=made.id), timeout=30).id == ""


def test_it_acts_as_the_persona_that_was_named(served):
    _, said = served("-s", "dev", "--as", "auditor", "--json")
    port = json.loads(said)["result"]["ports"]["azure-native"]
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        variables = {"azure-native:config:subscriptionId": SUBSCRIPTION}
        stub.Configure(provider_pb2.ConfigureRequest(variables=variables, acceptSecrets=True), timeout=30)
        inputs = to_struct({"resourceGroupName": "rg-served", "location": "westeurope"})
        with pytest.raises(grpc.RpcError) as refused:
            stub.Create(provider_pb2.CreateRequest(urn=URN, properties=inputs), timeout=30)
        assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED


def test_the_line_to_paste_comes_at_once_and_a_signal_ends_it_well(served):
    process, said = served("-s", "dev")
    name, _, value = said.strip().removeprefix("export ").partition("=")
    assert name == "PULUMI_DEBUG_PROVIDERS"
    assert [one.partition(":")[0] for one in value.split(",")] == ["azure-native", "kubernetes"]
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
