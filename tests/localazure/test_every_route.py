"""What holds for each operation that the twin knows: no stranger gets in, and nobody without a role."""

from __future__ import annotations

import re
import ssl
import uuid
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

# Open to everybody, as Azure's own discovery is; what opens by a link or a secret of its own is in here too.
PUBLIC = {
    "/metadata/endpoints",
    "/metadata/identity/oauth2/token",
    "/msi/token",
    "/{tenant}/.well-known/openid-configuration",
    "/{tenant}/v2.0/.well-known/openid-configuration",
    "/{tenant}/discovery/keys",
    "/{tenant}/discovery/v2.0/keys",
    "/{tenant}/oauth2/token",
    "/{tenant}/oauth2/v2.0/token",
    "/discovery/workspaces/{workspaceId}",
    "/studio/open",
    "/studio/static/{name}",
    "/_joblogs/{home}/{run}/{name:path}",
    "/_twin/status",
    "/_twin/emulates",
}
# What any token of the tenant may ask in Azure: names, the words of roles, its rights, its operations.
ANY_TOKEN = (
    "/tenants",
    "/checkNameAvailability",
    "/permissions",
    "/roleDefinitions",
    "/roleDefinitions/{guid}",
    "/policyDefinitions",  # the built-in ones alone, which are the same in every tenant
    "/policyDefinitions/{name}",
    "/operationResults/{operationId}",
    "/operationStatuses/{operationId}",
    "/registrymanagement/v1.0/registries/{registryName}/discovery",
    "/registrymanagement/v1.0/registries/azureml/discovery",  # Microsoft's is everybody's
    "/registries/azureml/environments",
    "/registries/azureml/environments/{name}",
    "/registries/azureml/environments/{name}/versions",
    "/registries/azureml/environments/{name}/versions/{version}",
)
VERSION = re.compile(r"20\d\d-\d\d-\d\d(?:-preview)?")
BODIES = {
    "a list": b"[]",
    "null": b"null",
    "a text": b'"x"',
    "not JSON": b"{",
    "not UTF-8": b"\xff\xfe\xfd",
    "not a number": b'{"properties": NaN}',
    "nested without end": b"[" * 100_000,
    "wrong kinds": b'{"properties": [], "identity": [], "tags": 5, "sku": "x", "location": {}, "name": []}',
    "wrong kinds inside": b'{"properties": {"name": 5, "type": [], "destination": 1}, "paths": [1]}',
    "a number for a list": b'{"values": 7, "paths": 7, "runId": [], "type": {}}',
    "half a character": b'{"properties": {"description": "\\ud800"}, "tags": {"\\udfff": "\\ud800"}}',
}


@pytest.fixture(scope="module")
def group_name(twin_server):
    return twin_server.make_group().rpartition("/")[2]


@pytest.fixture(scope="module")
def account(twin_server, group_name):
    name = f"st{uuid.uuid4().hex[:12]}"
    group = f"/subscriptions/{twin_server.subscription}/resourceGroups/{group_name}"
    place = f"{group}/providers/Microsoft.Storage/storageAccounts/{name}"
    body = {
        "location": twin_server.location,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": {"isHnsEnabled": True},
    }
    twin_server.settle(twin_server.call("PUT", f"{place}?api-version=2024-01-01", body))
    return name


@pytest.fixture(scope="module")
def operations(twin_server, account, group_name):
    """Every operation with an address that reaches it."""
    known = {
        "subscriptionId": twin_server.subscription,
        "resourceGroupName": group_name,
        "scope": f"subscriptions/{twin_server.subscription}",
        "resourceUri": f"subscriptions/{twin_server.subscription}",
        "tenant": twin_server.tenant,
        "location": twin_server.location,
        "account": account,
        "version": "v1.0",
        "rest": "2.0/mlflow/runs/search",
        "suffix": "core.local",
    }
    rows = twin_server.client.get("/_twin/emulates").json()["operations"]
    for row in rows:
        row["url"] = re.sub(r"\{(\w+)(:path)?\}", lambda found: known.get(found[1], "some1"), row["path"])
    return rows


def guarded(operations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in operations if row["auth"] != "none"]


def ask(twin: Any, row: dict[str, Any], headers: dict[str, str], **more: Any) -> httpx.Response:
    """One call, with an api-version that the operation has."""
    version = row.setdefault("version", "2024-10-01")
    url = f"{row['url']}?api-version={version}"
    reply = twin.client.request(row["method"], url, headers=headers, **more)
    if reply.headers.get("x-ms-error-code") == "NoRegisteredProviderFound":
        known = [one for one in VERSION.findall(reply.json()["error"]["message"]) if one != version]
        assert known, reply.text
        row["version"] = known[0]
        return ask(twin, row, headers, **more)
    return reply


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def accepted(twin: Any, rows: list[dict[str, Any]], headers: dict[str, str], *refusals: int) -> list[str]:
    """The operations that answer with anything but a refusal (or that there is no such operation there)."""
    answers = [(row, ask(twin, row, headers).status_code) for row in rows]
    return [f"{row['method']} {row['path']}: {code}" for row, code in answers if code not in (*refusals, 501)]


def test_only_discovery_and_what_opens_by_its_own_secret_is_open_to_everybody(operations):
    assert {row["path"] for row in operations if row["auth"] == "none"} == PUBLIC


def test_no_operation_answers_without_a_token(twin_server, operations):
    assert accepted(twin_server, guarded(operations), {}, 401) == []


def test_no_operation_answers_a_token_that_someone_else_signed(twin_server, operations):
    claims = jwt.decode(twin_server.token(), options={"verify_signature": False})
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged = jwt.encode(claims, key, algorithm="RS256")
    assert accepted(twin_server, guarded(operations), bearer(forged), 401) == []


def test_no_operation_answers_a_token_without_a_signature(twin_server, operations):
    claims = jwt.decode(twin_server.token(), options={"verify_signature": False})
    unsigned = jwt.encode(claims, None, algorithm="none")
    assert accepted(twin_server, guarded(operations), bearer(unsigned), 401) == []


def test_no_operation_answers_a_token_for_another_service(twin_server, operations):
    vault = twin_server.token("infra-engineer", "https://vault.azure.net")
    assert accepted(twin_server, guarded(operations), bearer(vault), 401) == []


def test_arm_refuses_a_token_for_storage_and_names_the_audience(twin_server):
    token = twin_server.token("infra-engineer", "https://storage.azure.com")
    reply = twin_server.client.get("/subscriptions?api-version=2022-12-01", headers=bearer(token))
    assert reply.status_code == 401
    assert reply.json()["error"]["code"] == "InvalidAuthenticationTokenAudience"
    assert "https://storage.azure.com" in reply.json()["error"]["message"]


def test_no_operation_answers_somebody_who_has_no_role(twin_server, operations):
    arm, storage, clusters, learning = (
        bearer(twin_server.token("nobody", audience))
        for audience in (
            "https://management.azure.com",
            "https://storage.azure.com",
            "6dae42f8-4368-4678-94ff-3960e28e3630",  # AKS' API servers
            "https://ml.azure.com",
        )
    )
    of_service = {"storage": storage, "kubernetes": clusters, "serving": learning}
    inside = []
    for row in guarded(operations):
        if row["path"].startswith("/_twin/") or row["path"].endswith(ANY_TOKEN):
            continue
        reply = ask(twin_server, row, of_service.get(row["service"], arm))
        empty = row["method"] == "GET" and reply.status_code == 200 and not reply.json()["value"]
        if reply.status_code not in (403, 404, 501, 503) and not empty:  # 503: there is no such cluster
            inside.append(f"{row['method']} {row['path']}: {reply.status_code} {reply.text[:80]}")
    assert inside == []


def test_the_twin_s_own_operations_take_no_token_of_the_cloud(twin_server, operations):
    own = [row for row in guarded(operations) if row["path"].startswith("/_twin/")]
    assert own
    assert accepted(twin_server, own, bearer(twin_server.token()), 401) == []


@pytest.mark.parametrize("kind", BODIES)
def test_a_malformed_body_is_the_caller_s_mistake_and_never_a_defect(twin_server, operations, kind):
    broken = []
    for row in operations:
        if row["method"] in ("PUT", "POST", "PATCH") and row["service"] != "storage":
            reply = ask(twin_server, row, bearer(twin_server.token()), content=BODIES[kind])
            if reply.status_code == 500:
                broken.append(f"{row['method']} {row['path']}: {reply.text}")
    assert broken == []


def test_a_body_beyond_all_measure_is_refused_before_it_is_read_to_its_end(twin_server):
    path = f"/subscriptions/{twin_server.subscription}/resourceGroups/rg-huge?api-version=2024-03-01"
    try:
        reply = twin_server.call(
            "PUT", path, {"location": "westeurope", "tags": {"a": "x" * 17 * 1024 * 1024}}
        )
        assert reply.status_code == 413
    except httpx.WriteError:  # the twin hung up while the client still sent
        pass
    assert twin_server.call("GET", path).status_code == 404


@pytest.mark.parametrize("secure", [True, False])
def test_a_page_whose_name_was_pointed_at_this_machine_is_not_answered(twin_server, secure):
    base = twin_server.base if secure else twin_server.http_base
    reply = twin_server.client.get(f"{base}/_twin/status", headers={"Host": "evil.example:8080"})
    assert reply.status_code == 421
    assert "serving" not in reply.text


def test_no_answer_lets_a_page_of_another_origin_read_it(twin_server):
    origin = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    for method in ("GET", "OPTIONS"):
        for path in ("/_twin/status", "/metadata/endpoints?api-version=2022-09-01", "/msi/token"):
            reply = twin_server.client.request(method, f"{twin_server.http_base}{path}", headers=origin)
            assert not [name for name in reply.headers if name.startswith("access-control")]


def test_the_twin_listens_on_this_machine_s_own_address_only(twin_server):
    ports = {twin_server.info["httpsPort"], twin_server.info["httpPort"]}
    bound = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if not Path(table).exists():
            pytest.skip("no /proc here")
        lines = Path(table).read_text("ascii").splitlines()[1:]
        for fields in map(str.split, lines):
            address, _, port = fields[1].rpartition(":")
            if fields[3] == "0A" and int(port, 16) in ports:
                bound.add(address)
    assert bound == {"0100007F"}


def test_the_https_port_speaks_no_outdated_tls(twin_server):
    old = ssl.create_default_context(cafile=str(twin_server.home / "ca.pem"))
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(httpx.ConnectError), httpx.Client(verify=old, trust_env=False) as client:
        client.get(f"{twin_server.base}/_twin/status")
