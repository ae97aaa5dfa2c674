"""A real twin process on free ports, with a seed, for tests that speak to it as a user's client does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

TENANT = "7a1e0000-0000-4000-8000-00000000aaaa"
SUBSCRIPTION = "5ab50000-0000-4000-8000-000000000001"
OTHER_SUBSCRIPTION = "5ab50000-0000-4000-8000-000000000002"
LOCATION = "westeurope"
GROUPS = {
    name: f"96000000-0000-4000-8000-00000000000{n}"
    for n, name in enumerate(("dataScientists", "mlEngineers", "platformAdmins", "auditors"))
}


def _persona(name: str, *groups: str, kind: str = "User") -> dict[str, Any]:
    object_id = str(uuid.uuid5(uuid.UUID(TENANT), name))
    return {"name": name, "objectId": object_id, "kind": kind, "groups": [GROUPS[g] for g in groups]}


def seed() -> dict[str, Any]:
    personas = [
        _persona("infra-engineer", kind="ServicePrincipal"),
        _persona("data-scientist", "dataScientists"),
        _persona("ml-engineer", "mlEngineers"),
        _persona("platform-admin", "platformAdmins"),
        _persona("auditor", "auditors"),
        _persona("nobody"),  # never granted anything, by any test
        _persona("visitor"),
    ]
    owner = personas[0]["objectId"]
    return {
        "tenantId": TENANT,
        "subscriptions": [
            {"id": SUBSCRIPTION, "name": "twin-dev"},
            {"id": OTHER_SUBSCRIPTION, "name": "twin-prod"},
        ],
        "locations": [LOCATION, "northeurope"],
        "quotas": [
            {
                "subscriptionId": SUBSCRIPTION,
                "location": LOCATION,
                "family": "standardDSv2Family",
                "limit": 48,
            },
            {
                "subscriptionId": SUBSCRIPTION,
                "location": LOCATION,
                "family": "standardDDSv4Family",
                "limit": 48,
            },
            {"subscriptionId": SUBSCRIPTION, "location": LOCATION, "family": "lowPriority", "limit": 48},
            # machines of Kubernetes: a quota of its own
            {
                "subscriptionId": SUBSCRIPTION,
                "location": LOCATION,
                "family": "vm/standardESv3Family",
                "limit": 16,
            },
            # for clusters that only have to be there, however many tests share the twin
            {
                "subscriptionId": SUBSCRIPTION,
                "location": LOCATION,
                "family": "standardFSv2Family",
                "limit": 9999,
            },
        ],
        "groups": [{"name": name, "objectId": oid} for name, oid in GROUPS.items()],
        "personas": personas,
        "assignments": [
            {"principalId": owner, "role": "Owner", "scope": f"/subscriptions/{s}"}
            for s in (SUBSCRIPTION, OTHER_SUBSCRIPTION)
        ],
    }


class TwinServer:
    """A twin process and the ways to speak to it."""

    tenant, subscription, other_subscription, location, groups = (
        TENANT,
        SUBSCRIPTION,
        OTHER_SUBSCRIPTION,
        LOCATION,
        GROUPS,
    )

    def __init__(self, home: Path, *options: str, doc: dict[str, Any] | None = None) -> None:
        self.home = home
        self.options = options
        home.mkdir(parents=True, exist_ok=True)
        (home / "seed.json").write_text(json.dumps(doc or seed()))
        self._tokens: dict[tuple[str, str], str] = {}
        self._client: httpx.Client | None = None
        self.process: subprocess.Popen[bytes]
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "twinloop.localazure", "--home", str(self.home), *self.options]
        clean = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
        self.process = subprocess.Popen(command, env=clean, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 30
        while True:
            if self.process.poll() is not None:
                assert self.process.stderr is not None
                pytest.fail(
                    f"the twin ended with {self.process.returncode}: {self.process.stderr.read().decode()}"
                )
            if (self.home / "twin.json").exists():
                self.info = json.loads((self.home / "twin.json").read_text())
                if self.info["pid"] == self.process.pid:
                    return
            if time.monotonic() > deadline:
                self.kill()
                pytest.fail("the twin did not begin to serve in 30 s")
            time.sleep(0.02)

    def stop(self) -> int:
        """SIGTERM, as `twinloop twin stop` does."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """kill -9."""
        return self._end(signal.SIGKILL)

    def _end(self, number: int) -> int:
        if self._client is not None:
            self._client.close()
            self._client = None
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(20)
        if self.process.stderr is not None:
            self.process.stderr.close()
        return code

    def restart(self) -> None:
        self.stop()
        self.start()

    @property
    def base(self) -> str:
        return f"https://localhost:{self.info['httpsPort']}"

    @property
    def http_base(self) -> str:
        return f"http://127.0.0.1:{self.info['httpPort']}"

    @property
    def ca_bundle(self) -> Path:
        return self.home / "ca-bundle.pem"

    @property
    def admin_key(self) -> str:
        return (self.home / "twin.key").read_text().strip()

    def object_id(self, persona: str) -> str:
        return str(uuid.uuid5(uuid.UUID(TENANT), persona))

    def secret(self, persona: str) -> str:
        return json.loads((self.home / "personas.json").read_text())[persona]

    @property
    def client(self) -> httpx.Client:
        if self._client is None:
            import ssl

            context = ssl.create_default_context(cafile=str(self.home / "ca.pem"))
            self._client = httpx.Client(base_url=self.base, verify=context, trust_env=False, timeout=30)
        return self._client

    def token(self, persona: str = "infra-engineer", resource: str = "https://management.azure.com") -> str:
        """A token as a client with a managed identity gets it; kept for the test session."""
        known = self._tokens.get((persona, resource))
        if known is None:
            url = f"{self.http_base}/msi/token?api-version=2019-08-01&resource={resource}"
            reply = self.client.get(url, headers={"X-IDENTITY-HEADER": self.secret(persona)})
            assert reply.status_code == 200, reply.text
            known = self._tokens[persona, resource] = reply.json()["access_token"]
        return known

    def env(self, persona: str = "infra-engineer") -> dict[str, str]:
        """What a shell of this persona has set."""
        return {
            "ARM_CLOUD_METADATA_URL": f"{self.base}/metadata/endpoints?api-version=2019-05-01",
            "AZUREML_CURRENT_CLOUD": "LocalCloud",
            "REQUESTS_CA_BUNDLE": str(self.ca_bundle),
            "SSL_CERT_FILE": str(self.ca_bundle),
            "IDENTITY_ENDPOINT": f"{self.http_base}/msi/token",
            "IDENTITY_HEADER": self.secret(persona),
            "REGISTRY_DISCOVERY_ENDPOINT_URL": f"{self.base}/",
            "ARM_METADATA_HOSTNAME": self.base.removeprefix("https://"),
            "ARM_SUBSCRIPTION_ID": SUBSCRIPTION,
            "ARM_TENANT_ID": TENANT,
            "ARM_USE_MSI": "true",
            "ARM_DISABLE_INSTANCE_DISCOVERY": "true",
            "NO_PROXY": "localhost,127.0.0.1",
            "no_proxy": "localhost,127.0.0.1",
            "AZUREML_RUN_POLLING_INTERVAL_MIN": "1",
            "AZUREML_RUN_POLLING_INTERVAL_MAX": "1",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }

    def call(
        self, method: str, path: str, body: Any = None, *, persona: str = "infra-engineer", **more: Any
    ) -> httpx.Response:
        """One authorised request; `path` with its query."""
        headers = {"Authorization": f"Bearer {self.token(persona)}", **more.pop("headers", {})}
        return self.client.request(method, path, json=body, headers=headers, **more)

    def settle(self, reply: httpx.Response) -> httpx.Response:
        """Follow a long-running answer to its end."""
        assert reply.status_code < 300, reply.text
        url = reply.headers.get("azure-asyncoperation") or reply.headers.get("location")
        deadline = time.monotonic() + 30
        while url:
            status = self.call("GET", url)
            if status.status_code != 202 and status.json().get("status") != "InProgress":
                return status
            assert time.monotonic() < deadline, f"{url} did not end: {status.text}"
            time.sleep(0.03)
        return reply

    def make_group(self, name: str | None = None) -> str:
        """A new resource group; its id."""
        arm_id = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name or 'rg-' + uuid.uuid4().hex[:8]}"
        reply = self.call("PUT", f"{arm_id}?api-version=2024-03-01", {"location": LOCATION})
        assert reply.status_code in (200, 201), reply.text
        return arm_id

    def grant(self, persona_or_id: str, role_guid: str, scope: str) -> httpx.Response:
        """A role assignment; the principal is a persona's name or an object id."""
        principal = persona_or_id if persona_or_id.count("-") == 4 else self.object_id(persona_or_id)
        role = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role_guid}"
        name = uuid.uuid5(uuid.NAMESPACE_URL, f"{principal}{role_guid}{scope}")
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}?api-version=2022-04-01"
        return self.call("PUT", path, {"properties": {"principalId": principal, "roleDefinitionId": role}})

    def advance(self, seconds: float) -> None:
        """Move the clock of a twin started with --manual-clock."""
        headers = {"Authorization": f"Bearer {self.admin_key}"}
        reply = self.client.post("/_twin/clock", json={"advanceSeconds": seconds}, headers=headers)
        assert reply.status_code == 200, reply.text


class StaticToken:
    """A credential for SDK clients that have no need to fetch one."""

    def __init__(self, server: TwinServer, persona: str) -> None:
        self._server, self._persona = server, persona

    def get_token(self, *scopes: str, **_: Any) -> Any:
        from azure.core.credentials import AccessToken

        resource = scopes[0].removesuffix("/.default")
        return AccessToken(self._server.token(self._persona, resource), int(time.time()) + 3000)


@pytest.fixture
def sdk(twin_server: TwinServer) -> Callable[..., Any]:
    """Makes an official management client: `sdk(StorageManagementClient, persona="data-scientist")`."""

    def make(kind: Any, persona: str = "infra-engineer", **more: Any) -> Any:
        return kind(
            StaticToken(twin_server, persona),
            twin_server.subscription,
            base_url=twin_server.base,
            credential_scopes=[f"{twin_server.base}/.default"],
            connection_verify=str(twin_server.ca_bundle),
            **more,
        )

    return make


@pytest.fixture(scope="session")
def twin_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwinServer]:
    """One twin for the whole session: use names of your own in it."""
    server = TwinServer(tmp_path_factory.mktemp("twin"))
    yield server
    server.stop()


@pytest.fixture
def make_twin(tmp_path: Path) -> Iterator[Callable[..., TwinServer]]:
    """Twins of a test's own, to restart, kill or move the clock of: `make_twin("--manual-clock")`."""
    made: list[TwinServer] = []

    def make(*options: str, home: str = "home", doc: dict[str, Any] | None = None) -> TwinServer:
        made.append(TwinServer(tmp_path / home, *options, doc=doc))
        return made[-1]

    yield make
    for server in made:
        server.kill()


API_VERSIONS = {
    "group": "2024-03-01",
    "identity": "2023-01-31",
    "net": "2024-05-01",
    "storage": "2024-01-01",
    "vault": "2024-11-01",
    "images": "2023-01-01-preview",
    "log": "2023-09-01",
    "lock": "2020-05-01",
}


@pytest.fixture
def group(twin_server):
    return twin_server.make_group()


@pytest.fixture
def put(twin_server, group):
    def do(path: str, body: Any, version: str, **more: Any) -> Any:
        where = path if path.startswith("/") else f"{group}/{path}"
        reply = twin_server.call(
            "PUT", f"{where}?api-version={API_VERSIONS.get(version, version)}", body, **more
        )
        if reply.status_code < 300:
            twin_server.settle(reply)
        return reply

    return do


def refused(reply: Any, status: int, code: str, *words: str) -> None:
    assert reply.status_code == status, reply.text
    error = reply.json()["error"]
    assert error["code"] == code, error
    for word in words:
        assert word in error["message"], error["message"]
    assert reply.headers["x-ms-error-code"] == code
