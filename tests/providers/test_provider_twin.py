"""The provider on a real twin where more than one hand is at work: drift, imports, neighbours, refusals."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.localazure.conftest import TwinServer
from tests.providers.conftest import Engine, ProviderError, Resource
from twinloop.providers.azure_native import resources
from twinloop.providers.azure_native.provider import AzureNativeProvider

NONE, SOME = 1, 2
NETWORK, SUBNET, ACCOUNT = "network:VirtualNetwork", "network:Subnet", "storage:StorageAccount"


def an_account(group: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceGroupName": group,
        "accountName": f"st{uuid.uuid4().hex[:10]}",
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "tags": {"environment": "dev"},
        **more,
    }


def changed_elsewhere(twin: TwinServer, resource: Resource, api: str, change: dict[str, Any]) -> None:
    """Somebody works in the portal."""
    path = f"{resource.id}?api-version={api}"
    body = twin.call("GET", path).json()
    for key, value in change.items():
        body[key] = {**body[key], **value} if isinstance(value, dict) else value
    twin.settle(twin.call("PUT", path, body))


def test_a_change_made_elsewhere_is_found_and_put_right(
    engine: Engine, group: str, twin_environment: TwinServer
) -> None:
    inputs = an_account(group, minimumTlsVersion="TLS1_2")
    made = engine.create(ACCOUNT, "drift", inputs)
    changed_elsewhere(twin_environment, made, "2024-01-01", {"properties": {"minimumTlsVersion": "TLS1_0"}})
    seen = engine.read(made)
    assert seen is not None
    assert seen.inputs["minimumTlsVersion"] == "TLS1_0"
    assert list(engine.diff(seen, inputs).detailedDiff) == ["minimumTlsVersion"]
    engine.update(seen, inputs)
    again = engine.read(made)
    assert again is not None
    assert again.inputs == made.inputs


def test_a_tag_added_elsewhere_is_drift_and_a_setting_the_program_does_not_make_is_not(
    engine: Engine, group: str, twin_environment: TwinServer
) -> None:
    made = engine.create(ACCOUNT, "drift2", an_account(group))
    changed_elsewhere(
        twin_environment,
        made,
        "2024-01-01",
        {"tags": {"owner": "somebody"}, "properties": {"allowBlobPublicAccess": True}},
    )
    seen = engine.read(made)
    assert seen is not None
    assert seen.inputs["tags"] == {"environment": "dev", "owner": "somebody"}
    assert "allowBlobPublicAccess" not in seen.inputs
    assert seen.outputs["allowBlobPublicAccess"] is True


def test_what_is_gone_reads_as_gone(engine: Engine, group: str, twin_environment: TwinServer) -> None:
    made = engine.create(ACCOUNT, "gone", an_account(group))
    twin_environment.settle(twin_environment.call("DELETE", f"{made.id}?api-version=2024-01-01"))
    assert engine.read(made) is None


def test_a_create_that_was_cut_off_is_found_by_the_id_of_its_preview(engine: Engine, group: str) -> None:
    inputs = an_account(group)
    planned = engine.preview(ACCOUNT, "cut", inputs)
    assert engine.read_id(planned.urn, planned.id, planned.inputs) is None, "nothing was made yet"
    engine.create(ACCOUNT, "cut", inputs)
    found = engine.read_id(planned.urn, planned.id, planned.inputs)
    assert found is not None
    assert found.inputs == planned.inputs
    assert engine.diff(found, inputs).changes == NONE, "the next up goes on with nothing to do"


def test_an_import_gives_the_inputs_that_make_it(engine: Engine, group: str) -> None:
    inputs = an_account(group, networkRuleSet={"defaultAction": "Deny", "bypass": "AzureServices"})
    made = engine.create(ACCOUNT, "imported", inputs)
    found = engine.read_id(made.urn, made.id)
    assert found is not None
    assert found.inputs["accountName"] == inputs["accountName"]
    assert found.inputs["networkRuleSet"]["defaultAction"] == "Deny"
    assert "primaryEndpoints" not in found.inputs
    assert engine.diff(found, found.inputs).changes == NONE


def test_a_network_keeps_its_subnets_and_shows_no_drift_because_of_them(engine: Engine, group: str) -> None:
    network = {
        "resourceGroupName": group,
        "virtualNetworkName": f"vnet-{uuid.uuid4().hex[:6]}",
        "addressSpace": {"addressPrefixes": ["10.40.0.0/16"]},
    }
    made = engine.create(NETWORK, "net", network)
    name = network["virtualNetworkName"]

    def subnet(index: int) -> Resource:
        return engine.create(
            SUBNET,
            f"s{index}",
            {
                "resourceGroupName": group,
                "virtualNetworkName": name,
                "subnetName": f"snet-{index}",
                "addressPrefix": f"10.40.{index}.0/24",
            },
        )

    with ThreadPoolExecutor(8) as pool:
        subnets = list(pool.map(subnet, range(8)))
    engine.update(made, {**network, "tags": {"a": "b"}})
    assert all(engine.read(each) is not None for each in subnets), "an update of the network keeps them"
    seen = engine.read(made)
    assert seen is not None
    assert seen.outputs == {**made.outputs, "tags": {"a": "b"}}


def test_what_exists_already_is_refused_with_the_command_that_takes_it_over(
    engine: Engine, group: str
) -> None:
    inputs = an_account(group)
    engine.create(ACCOUNT, "first", inputs)
    with pytest.raises(
        ProviderError, match="pulumi import azure-native:storage:StorageAccount second '"
    ) as raised:
        engine.create(ACCOUNT, "second", inputs)
    assert raised.value.code is grpc.StatusCode.ALREADY_EXISTS
    assert "--parent" not in raised.value.message


def test_what_stands_below_a_component_is_taken_over_below_it() -> None:
    urn = "urn:pulumi:dev::twinloop::twinloop:infra:Vault$azure-native:keyvault:Vault::vault"
    command = resources.import_command("azure-native:keyvault:Vault", urn, "/subscriptions/s/vaults/v")
    assert command == (
        "pulumi import azure-native:keyvault:Vault vault '/subscriptions/s/vaults/v' --parent 'NAME=URN' "
        "with the twinloop:infra:Vault above it (pulumi stack --show-urns)"
    )


def test_a_refusal_of_the_cloud_names_the_missing_role(
    engine: Engine, group: str, twin_environment: TwinServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_HEADER", twin_environment.secret("data-scientist"))
    scientist = Engine(AzureNativeProvider()).configure(
        subscriptionId=twin_environment.subscription, location=twin_environment.location
    )
    with pytest.raises(ProviderError, match="AuthorizationFailed") as raised:
        scientist.create(ACCOUNT, "mine", an_account(group))
    assert raised.value.code is grpc.StatusCode.PERMISSION_DENIED


def test_who_am_i_is_told_by_the_token(engine: Engine, twin_environment: TwinServer) -> None:
    found = engine.invoke("azure-native:authorization:getClientConfig", {})
    assert found["objectId"] == twin_environment.object_id("infra-engineer")
    assert found["tenantId"] == twin_environment.tenant
    assert found["subscriptionId"] == twin_environment.subscription


def test_a_resource_is_looked_up_by_its_function(engine: Engine, group: str) -> None:
    made = engine.create(ACCOUNT, "looked-up", an_account(group))
    name = made.inputs["accountName"]
    arguments = {"resourceGroupName": group, "accountName": name}
    found = engine.invoke("azure-native:storage:getStorageAccount", arguments)
    assert (found["id"], found["sku"]["name"]) == (made.id, "Standard_LRS")
    with pytest.raises(ProviderError, match="was not found"):
        engine.invoke("azure-native:storage:getStorageAccount", {**arguments, "accountName": "stnone"})


def test_keys_among_the_outputs_are_secret(engine: Engine, group: str) -> None:
    from pulumi.runtime.proto import provider_pb2

    from twinloop.providers.values import from_struct, to_struct

    urn, inputs = engine.check(
        "applicationinsights:Component",
        "appi",
        {
            "resourceGroupName": group,
            "resourceName": f"appi-{uuid.uuid4().hex[:6]}",
            "kind": "web",
            "applicationType": "web",
        },
    )
    made = engine.provider.Create(provider_pb2.CreateRequest(urn=urn, properties=to_struct(inputs)), None)
    outputs = from_struct(made.properties)
    assert outputs.values["connectionString"]
    assert {"connectionString", "instrumentationKey"} <= outputs.secret


def test_a_dead_twin_is_an_error_that_says_how_to_start_it(
    make_twin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = make_twin()
    for name, value in twin.env().items():
        monkeypatch.setenv(name, value)
    twin.kill()
    engine = Engine(AzureNativeProvider()).configure(subscriptionId=twin.subscription, location="westeurope")
    assert engine.preview(ACCOUNT, "sa", an_account("rg")).id, "a preview needs no cloud"
    with pytest.raises(ProviderError, match="twinloop twin start") as raised:
        engine.create(ACCOUNT, "sa", an_account("rg"))
    assert raised.value.code is grpc.StatusCode.UNAVAILABLE


def test_a_cloud_that_does_not_say_it_is_a_twin_is_refused_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json
    import ssl
    from http.server import BaseHTTPRequestHandler, HTTPServer

    asked: list[str] = []

    class PublicCloud(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.command} {self.path}")
            body = json.dumps({"name": "AzureCloud", "resourceManager": "https://management.example/"})
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body.encode())

        do_PUT = do_GET  # noqa: N815 - the standard library's name

        def log_message(self, *_: object) -> None:
            """Quiet."""

    certificate = _certificate(tmp_path)
    server = HTTPServer(("127.0.0.1", 0), PublicCloud)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        monkeypatch.setenv("NO_PROXY", "localhost")
        engine = Engine(AzureNativeProvider()).configure(
            subscriptionId="s", location="westeurope", metadataHost=f"localhost:{server.server_port}"
        )
        with pytest.raises(ProviderError, match=r"is not a twin .*: refused, nothing was sent"):
            engine.create(ACCOUNT, "sa", an_account("rg"))
    finally:
        server.shutdown()
        server.server_close()
    assert asked == ["GET /metadata/endpoints?api-version=2022-09-01"]


def _certificate(folder: Path) -> Path:
    """A self-signed one for localhost, key and certificate in one file."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "localhost.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
