"""What goes over the wire and how refusals come back; a scripted service below azure-core's real pipeline."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import grpc
import pytest
import requests
import urllib3
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from pulumi.runtime.proto import provider_pb2
from requests.adapters import HTTPAdapter

from tests.providers.conftest import SUBSCRIPTION, Engine, ProviderError
from twinloop.providers.azure_native.arm import Arm, pipeline
from twinloop.providers.azure_native.cloud import Cloud, Settings
from twinloop.providers.azure_native.provider import AzureNativeProvider
from twinloop.providers.values import from_struct, to_struct

BASE = "https://arm.example.test"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
NETWORK = {
    "resourceGroupName": "rg",
    "virtualNetworkName": "vnet",
    "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
}
NETWORK_ID = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet"

Answer = tuple[int, dict[str, Any] | None, dict[str, str]]


def answer(status: int, body: dict[str, Any] | None = None, **headers: str) -> Answer:
    return status, body, {name.replace("_", "-"): value for name, value in headers.items()}


def refusal(status: int, code: str, message: str = "words", **headers: str) -> Answer:
    return answer(status, {"error": {"code": code, "message": message}}, **headers)


class Service(HTTPAdapter):
    """Answers from a script and keeps what was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.script: list[Answer | Callable[[], Answer]] = []
        self.asked: list[tuple[str, str, dict[str, Any] | None]] = []
        self.headers: list[dict[str, str]] = []

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        body = json.loads(request.body) if request.body else None
        self.asked.append((request.method or "", (request.url or "").removeprefix(BASE), body))
        self.headers.append(dict(request.headers))
        assert self.script, f"nothing left to answer {request.method} {request.url}"
        entry = self.script.pop(0)
        status, content, headers = entry() if callable(entry) else entry
        content_type = {"content-type": "application/json", "x-ms-request-id": "r-1"}
        raw = urllib3.HTTPResponse(
            io.BytesIO(b"" if content is None else json.dumps(content).encode()),
            headers={**content_type, **headers},
            status=status,
            preload_content=False,
        )
        return self.build_response(request, raw)

    def close(self) -> None:
        """Nothing is open."""


class Quick(RequestsTransport):
    """Notes how long a retry would wait."""

    def sleep(self, duration: float) -> None:
        waited.append(duration)


waited: list[float] = []


class Token:
    def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken("token", int(time.time()) + 3600)


@pytest.fixture
def service() -> Service:
    waited.clear()
    return Service()


@pytest.fixture
def scripted(service: Service) -> Engine:
    session = requests.Session()
    session.mount("https://", service)

    def connect(_: Settings) -> tuple[Cloud, Any]:
        cloud = Cloud(BASE, "https://arm.example.test")
        return cloud, pipeline(cloud, Token(), Quick(session=session, session_owner=False))

    passed = [0.0]

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        passed[0] += seconds
        return False

    def open_arm(settings: Settings) -> Arm:
        return Arm(settings, connect, wait, clock=lambda: passed[0])

    return Engine(AzureNativeProvider(open_arm)).configure(subscriptionId=SUBSCRIPTION, location="westeurope")


def a_network(**properties: Any) -> dict[str, Any]:
    return {
        "id": NETWORK_ID,
        "name": "vnet",
        "type": "Microsoft.Network/virtualNetworks",
        "location": "westeurope",
        "properties": {"provisioningState": "Succeeded", **properties},
    }


def test_inputs_go_into_url_query_envelope_and_properties(scripted: Engine, service: Service) -> None:
    service.script = [refusal(404, "ResourceNotFound"), answer(201, {"id": "x", "properties": {}})]
    scripted.create(
        "machinelearningservices:Datastore",
        "raw",
        {
            "resourceGroupName": "rg",
            "workspaceName": "mlw",
            "name": "raw",
            "skipValidation": True,
            "properties": {"datastoreType": "AzureBlob", "credentials": {"credentialsType": "None"}},
        },
    )
    method, url, body = service.asked[1]
    assert method == "PUT"
    assert urlsplit(url).path == (
        f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw/datastores/raw"
    )
    assert parse_qs(urlsplit(url).query) == {"api-version": ["2025-12-01"], "skipValidation": ["true"]}
    assert body == {"properties": {"datastoreType": "AzureBlob", "credentials": {"credentialsType": "None"}}}


def test_names_that_azure_native_made_friendlier_are_the_services_own_on_the_wire(
    scripted: Engine, service: Service
) -> None:
    service.script = [refusal(404, "ResourceNotFound"), answer(200, {"id": "x", "properties": {}})]
    scripted.create(
        "storage:StorageAccount",
        "sa",
        {
            "resourceGroupName": "rg",
            "accountName": "stmlpdev",
            "kind": "StorageV2",
            "sku": {"name": "Standard_LRS"},
            "tags": {"a": "b"},
            "enableHttpsTrafficOnly": True,
            "identity": {"type": "UserAssigned", "userAssignedIdentities": ["/subscriptions/s/id"]},
            "networkRuleSet": {
                "defaultAction": "Deny",
                "ipRules": [{"iPAddressOrRange": "1.2.3.4"}],
                "virtualNetworkRules": [{"virtualNetworkResourceId": "/subscriptions/s/subnet"}],
            },
            "encryption": {"keyVaultProperties": {"keyName": "k", "keyVaultUri": "u"}},
        },
    )
    assert service.asked[1][2] == {
        "location": "westeurope",
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "tags": {"a": "b"},
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/subscriptions/s/id": {}}},
        "properties": {
            "supportsHttpsTrafficOnly": True,
            "networkAcls": {
                "defaultAction": "Deny",
                "ipRules": [{"value": "1.2.3.4"}],
                "virtualNetworkRules": [{"id": "/subscriptions/s/subnet"}],
            },
            "encryption": {"keyvaultproperties": {"keyname": "k", "keyvaulturi": "u"}},
        },
    }


def test_elements_with_properties_of_their_own_are_nested_and_lifted(
    scripted: Engine, service: Service
) -> None:
    rule = {"name": "deny", "properties": {"priority": 100, "access": "Deny"}}
    body = {
        "id": f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg",
        "properties": {"securityRules": [rule], "defaultSecurityRules": [rule]},
    }
    service.script = [refusal(404, "ResourceNotFound"), answer(200, body)]
    given = {
        "name": "deny",
        "priority": 100,
        "access": "Deny",
        "direction": "Inbound",
        "protocol": "*",
    }
    made = scripted.create(
        "network:NetworkSecurityGroup",
        "nsg",
        {"resourceGroupName": "rg", "networkSecurityGroupName": "nsg", "securityRules": [given]},
    )
    sent = service.asked[1][2]
    assert sent is not None
    assert sent["properties"]["securityRules"][0]["properties"]["direction"] == "Inbound"
    assert made.outputs["securityRules"] == [{"name": "deny", "priority": 100, "access": "Deny"}]
    assert made.outputs["defaultSecurityRules"] == made.outputs["securityRules"]


def test_an_operation_is_polled_at_the_pace_the_service_names(scripted: Engine, service: Service) -> None:
    poll = f"{BASE}/operations/1?api-version=2024-05-01"
    service.script = [
        refusal(404, "ResourceNotFound"),
        answer(201, a_network(), azure_asyncoperation=poll),
        answer(200, {"status": "InProgress"}, retry_after="1", retry_after_ms="50"),
        answer(200, {"status": "InProgress"}, retry_after="7"),
        answer(200, {"status": "Succeeded"}),
        answer(200, a_network(resourceGuid="g")),
    ]
    made = scripted.create("network:VirtualNetwork", "net", NETWORK)
    assert [method for method, _, _ in service.asked] == ["GET", "PUT", "GET", "GET", "GET", "GET"]
    assert waited == [0.05, 7.0]
    assert made.outputs["resourceGuid"] == "g"


def test_a_location_is_polled_until_a_delete_is_done(scripted: Engine, service: Service) -> None:
    urn, _ = scripted.check("network:VirtualNetwork", "net", NETWORK)
    service.script = [
        answer(202, None, location=f"{BASE}/results/1"),
        answer(202, None, location=f"{BASE}/results/1", retry_after_ms="20"),
        answer(202, None, location=f"{BASE}/results/1", retry_after_ms="30"),
        answer(204),
    ]
    scripted.provider.Delete(provider_pb2.DeleteRequest(urn=urn, id=NETWORK_ID), None)
    assert waited == [0.02, 0.03]


def test_an_answer_without_an_operation_is_the_end(scripted: Engine, service: Service) -> None:
    service.script = [refusal(404, "ResourceNotFound"), answer(201, {"id": NETWORK_ID, "properties": {}})]
    scripted.create("network:VirtualNetwork", "net", NETWORK)
    assert [method for method, _, _ in service.asked] == ["GET", "PUT"]


def test_a_body_that_is_still_being_made_is_read_until_it_is(scripted: Engine, service: Service) -> None:
    service.script = [
        refusal(404, "ResourceNotFound"),
        answer(201, a_network(provisioningState="Creating")),
        answer(200, a_network(provisioningState="Creating"), retry_after_ms="10"),
        answer(200, a_network()),
    ]
    made = scripted.create("network:VirtualNetwork", "net", NETWORK)
    assert made.outputs["provisioningState"] == "Succeeded"


def test_a_failed_operation_keeps_the_resource_and_says_why(scripted: Engine, service: Service) -> None:
    failed = {"status": "Failed", "error": {"code": "OutOfSpace", "message": "no room left"}}
    service.script = [
        refusal(404, "ResourceNotFound"),
        answer(201, a_network(), azure_asyncoperation=f"{BASE}/operations/1", retry_after_ms="1"),
        answer(200, failed),
        answer(200, a_network(provisioningState="Failed")),
    ]
    with pytest.raises(ProviderError, match="OutOfSpace: no room left") as raised:
        scripted.create("network:VirtualNetwork", "net", NETWORK)
    detail = raised.value.init_failed
    assert detail is not None
    assert detail.id == NETWORK_ID
    assert from_struct(detail.properties).values["provisioningState"] == "Failed"
    assert from_struct(detail.inputs).values["virtualNetworkName"] == "vnet"


@pytest.mark.parametrize("code", ["AnotherOperationInProgress", "PrincipalNotFound"])
def test_a_refusal_that_passes_by_itself_is_tried_again(
    scripted: Engine, service: Service, code: str
) -> None:
    service.script = [
        refusal(404, "ResourceNotFound"),
        refusal(409 if code.startswith("Another") else 400, code),
        refusal(409 if code.startswith("Another") else 400, code),
        answer(200, a_network()),
    ]
    scripted.create("network:VirtualNetwork", "net", NETWORK)
    assert waited == [0.5, 1.0], "each wait twice the last"


def test_a_refusal_that_stays_is_told_in_the_end(scripted: Engine, service: Service) -> None:
    service.script = [refusal(404, "ResourceNotFound"), *[refusal(400, "PrincipalNotFound")] * 50]
    with pytest.raises(ProviderError, match="PrincipalNotFound"):
        scripted.create("network:VirtualNetwork", "net", NETWORK)
    assert 60 < sum(waited) <= 120


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_is_asked_again_after_the_time_it_names(
    scripted: Engine, service: Service, status: int
) -> None:
    service.script = [
        refusal(404, "ResourceNotFound"),
        refusal(status, "Busy", retry_after="3"),
        answer(200, a_network()),
    ]
    scripted.create("network:VirtualNetwork", "net", NETWORK)
    assert waited == [3.0]


def test_a_refusal_carries_code_words_resource_and_request_id(scripted: Engine, service: Service) -> None:
    service.script = [refusal(404, "ResourceNotFound"), refusal(409, "SubnetsOverlap", "10.0 and 10.0")]
    with pytest.raises(ProviderError) as raised:
        scripted.create("network:VirtualNetwork", "net", NETWORK)
    assert raised.value.code is grpc.StatusCode.FAILED_PRECONDITION
    for part in ("409", "SubnetsOverlap", "10.0 and 10.0", NETWORK_ID, "r-1"):
        assert part in raised.value.message


def test_what_exists_is_not_taken_over_silently(scripted: Engine, service: Service) -> None:
    service.script = [answer(200, a_network())]
    with pytest.raises(ProviderError, match="pulumi import azure-native:network:VirtualNetwork") as raised:
        scripted.create("network:VirtualNetwork", "net", NETWORK)
    assert raised.value.code is grpc.StatusCode.ALREADY_EXISTS
    assert [method for method, _, _ in service.asked] == ["GET"], "nothing was written"


def test_an_update_keeps_the_subnets_that_are_resources_of_their_own(
    scripted: Engine, service: Service
) -> None:
    subnets = [{"name": "training", "properties": {"addressPrefix": "10.0.1.0/24"}}]
    service.script = [
        refusal(404, "ResourceNotFound"),
        answer(200, a_network()),
        answer(200, a_network(subnets=subnets)),
        answer(200, a_network(subnets=subnets)),
    ]
    made = scripted.create("network:VirtualNetwork", "net", NETWORK)
    updated = scripted.update(made, {**NETWORK, "tags": {"a": "b"}})
    sent = service.asked[3][2]
    assert sent is not None
    assert sent["properties"]["subnets"] == subnets
    assert "subnets" not in updated.outputs, "they would change with every subnet"


def test_a_create_that_takes_longer_than_its_timeout_ends(scripted: Engine, service: Service) -> None:
    poll = f"{BASE}/operations/1"
    service.script = [
        refusal(404, "ResourceNotFound"),
        answer(201, a_network(), azure_asyncoperation=poll, retry_after="40"),
        *[answer(200, {"status": "InProgress"}, retry_after="40")] * 9,
    ]
    urn, checked = scripted.check("network:VirtualNetwork", "net", NETWORK)
    request = provider_pb2.CreateRequest(urn=urn, properties=to_struct(checked), timeout=60)
    with pytest.raises(ProviderError, match="not done after 60 s") as raised:
        scripted.provider.Create(request, None)
    assert raised.value.code is grpc.StatusCode.DEADLINE_EXCEEDED


def test_a_cancelled_wait_ends_at_once(service: Service) -> None:
    session = requests.Session()
    session.mount("https://", service)
    cloud = Cloud(BASE, BASE)
    arm = Arm(
        Settings(), lambda _: (cloud, pipeline(cloud, Token(), Quick(session=session, session_owner=False)))
    )
    arm.cancel()
    service.script = [
        answer(201, a_network(), azure_asyncoperation=f"{BASE}/o"),
        answer(200, {"status": "InProgress"}, retry_after="60"),
    ]
    with pytest.raises(ProviderError, match="cancelled"):
        arm.put(NETWORK_ID, "2024-05-01", {})


def test_requests_carry_the_identity_and_no_secret_is_in_the_address(
    scripted: Engine, service: Service
) -> None:
    service.script = [answer(200, a_network())]
    found = scripted.invoke(
        "azure-native:network:getVirtualNetwork", {"resourceGroupName": "rg", "virtualNetworkName": "vnet"}
    )
    assert found["provisioningState"] == "Succeeded"
    assert service.headers[0]["Authorization"] == "Bearer token"
    assert "token" not in service.asked[0][1]


def test_a_wrong_settings_cloud_is_refused_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ARM_METADATA_HOSTNAME", "IDENTITY_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    engine = Engine(AzureNativeProvider()).configure(subscriptionId=SUBSCRIPTION, location="westeurope")
    with pytest.raises(
        ProviderError, match=r"metadataHost .* is not set; this provider speaks to a twin only"
    ):
        engine.create("network:VirtualNetwork", "net", NETWORK)
