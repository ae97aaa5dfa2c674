"""Our providers over gRPC, for an engine in another process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from tests.localazure.conftest import TwinServer
from tests.providers.conftest import SUBSCRIPTION
from twinloop.providers import serve as serving
from twinloop.providers.errors import ProviderError
from twinloop.providers.values import from_struct, to_struct

PROGRAM = """
import pulumi
from pulumi_azure_native import resources, storage

group = resources.ResourceGroup("group", resource_group_name="rg-{tag}")
account = storage.StorageAccount(
    "account",
    account_name="st{tag}",
    resource_group_name=group.name,
    kind="StorageV2",
    sku={{"name": "Standard_LRS"}},
    tags={{"environment": pulumi.get_stack()}},
)
container = storage.BlobContainer(
    "container", account_name=account.name, resource_group_name=group.name, container_name="curated"
)
pulumi.export("id", container.id)
"""


@pytest.fixture
def port() -> Iterator[int]:
    ports, stop = serving.serve(["azure-native"])
    yield ports["azure-native"]
    stop()


@pytest.fixture
def stub(port: int) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        variables = {
            "azure-native:config:subscriptionId": SUBSCRIPTION,
            "azure-native:config:location": "westeurope",
        }
        answer = stub.Configure(provider_pb2.ConfigureRequest(variables=variables, acceptSecrets=True))
        assert answer.supportsPreview
        assert answer.acceptSecrets
        yield stub


def test_a_client_gets_the_same_answers_over_grpc(stub: provider_pb2_grpc.ResourceProviderStub) -> None:
    assert stub.Handshake(provider_pb2.ProviderHandshakeRequest()).accept_secrets
    urn = "urn:pulumi:dev::twinloop::azure-native:resources:ResourceGroup::group"
    checked = stub.Check(
        provider_pb2.CheckRequest(
            urn=urn, news=to_struct({"resourceGroupName": "rg-dev"}), randomSeed=b"seed"
        )
    )
    assert from_struct(checked.inputs).values["location"] == "westeurope"
    planned = stub.Create(provider_pb2.CreateRequest(urn=urn, properties=checked.inputs, preview=True))
    assert planned.id == f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-dev"


def test_a_refusal_arrives_with_its_status_and_words(stub: provider_pb2_grpc.ResourceProviderStub) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        stub.Check(provider_pb2.CheckRequest(urn="urn:pulumi:dev::t::azure-native:compute:Disk::d"))
    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "compute:Disk is not a resource type of this provider" in raised.value.details()


def test_a_half_made_resource_travels_in_the_details_of_the_status(
    stub: provider_pb2_grpc.ResourceProviderStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(*_: object, **__: object) -> None:
        detail = provider_pb2.ErrorResourceInitFailed(id="/the/id", reasons=["no room"])
        raise ProviderError(grpc.StatusCode.UNKNOWN, "no room", detail)

    monkeypatch.setattr("twinloop.providers.azure_native.resources.create", half)
    urn = "urn:pulumi:dev::twinloop::azure-native:resources:ResourceGroup::group"
    with pytest.raises(grpc.RpcError) as raised:
        stub.Create(provider_pb2.CreateRequest(urn=urn, properties=to_struct({"resourceGroupName": "rg"})))
    packed = dict(raised.value.trailing_metadata())["grpc-status-details-bin"]
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status_pb2.Status.FromString(packed).details[0].Unpack(detail)
    assert (detail.id, list(detail.reasons)) == ("/the/id", ["no room"])


def test_the_port_is_the_first_line_and_a_signal_ends_it() -> None:
    command = [sys.executable, "-m", "twinloop.providers.serve", "azure-native"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            from google.protobuf import empty_pb2

            info = provider_pb2_grpc.ResourceProviderStub(channel).GetPluginInfo(
                empty_pb2.Empty(), timeout=10
            )
        assert info.version.startswith("3.")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_a_package_that_is_not_ours_is_named_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert serving.main(["aws"]) == 2
    assert "no provider for aws; there are: azure-native" in capsys.readouterr().err


@pytest.mark.pulumi
@pytest.mark.skipif(shutil.which("pulumi") is None, reason="the official Pulumi CLI is not on PATH")
def test_the_official_cli_brings_a_stack_up_and_down_with_our_provider(
    twin_environment: TwinServer, tmp_path: Path
) -> None:
    tag = uuid.uuid4().hex[:8]
    backend, project = tmp_path / "backend", tmp_path / "program"
    backend.mkdir()
    project.mkdir()
    (project / "__main__.py").write_text(PROGRAM.format(tag=tag))
    (project / "Pulumi.yaml").write_text(
        "name: served\nruntime:\n  name: python\n  options:\n    toolchain: pip\n"
        f"    virtualenv: {Path(sys.prefix)}\n"
    )
    with subprocess.Popen(
        [sys.executable, "-m", "twinloop.providers.serve", "azure-native"], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        environment = {
            **os.environ,
            **twin_environment.env(),
            "PULUMI_DEBUG_PROVIDERS": f"azure-native:{server.stdout.readline().strip()}",
            "PULUMI_BACKEND_URL": f"file://{backend}",
            "PULUMI_CONFIG_PASSPHRASE": "a passphrase",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_HOME": str(tmp_path / "home"),
        }

        def pulumi(*arguments: str) -> str:
            done = subprocess.run(
                ["pulumi", *arguments, "--non-interactive"],
                cwd=project,
                env=environment,
                capture_output=True,
                text=True,
                timeout=200,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        try:
            pulumi("stack", "init", "dev")
            pulumi("config", "set", "azure-native:subscriptionId", twin_environment.subscription)
            pulumi("config", "set", "azure-native:location", "westeurope")
            pulumi("up", "--yes", "--skip-preview")
            assert (
                pulumi("stack", "output", "id")
                .strip()
                .endswith(f"/st{tag}/blobServices/default/containers/curated")
            )
            pulumi("preview", "--expect-no-changes")
            pulumi("refresh", "--yes", "--expect-no-changes")
            pulumi("destroy", "--yes", "--skip-preview")
        finally:
            server.terminate()
    assert (
        twin_environment.call(
            "GET", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-{tag}?api-version=2024-03-01"
        ).status_code
        == 404
    )
