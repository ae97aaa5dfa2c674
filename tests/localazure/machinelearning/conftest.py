"""An Azure ML workspace on a real twin, and Azure ML's own client in a process with the twin's variables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

API = "2025-12-01"
ROLES = {
    "data scientist": "f6c7c914-8db3-469d-8ca1-694a8f32e121",
    "blob contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "blob reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
}

# Runs in a process of its own: azure-ai-ml resolves its cloud when imported, so its variables come first.
_CHILD = """
import json, sys, traceback
from azure.ai.ml import MLClient, Input, Output, command, dsl, load_component
from azure.ai.ml import entities
from azure.ai.ml.entities import *
from azure.ai.ml.constants import AssetTypes
from azure.identity import DefaultAzureCredential
subscription, group, workspace = sys.argv[1:4]
client = MLClient(DefaultAzureCredential(), subscription, group, workspace or None)
scope = {name: value for name, value in globals().items()}
out = sys.stdout
sys.stdout = sys.stderr
for line in sys.stdin:
    call = json.loads(line)
    names = dict(scope, **call["names"])
    try:
        exec(call["code"], names)
        answer = {"result": names.get("result")}
    except BaseException as error:
        answer = {"error": type(error).__name__, "message": str(error), "trace": traceback.format_exc()}
    out.write(json.dumps(answer, default=str) + "\\n")
    out.flush()
"""


class ClientError(Exception):
    """What the client raised, with its type's name and words."""

    def __init__(self, kind: str, message: str, trace: str) -> None:
        super().__init__(f"{kind}: {message}\n{trace}")
        self.kind, self.message = kind, message


class Client:
    """MLClient as one persona; `run` executes lines that leave their answer in `result`."""

    def __init__(self, workspace: Workspace, persona: str) -> None:
        environment = {
            k: v for k, v in os.environ.items() if "proxy" not in k.lower() and not k.startswith("AZURE_")
        }
        twin = workspace.twin
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CHILD, twin.subscription, workspace.group, workspace.name],
            env=environment | twin.env(persona),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip

    def run(self, code: str, **names: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"code": code, "names": names}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the client's process ended with {self._process.wait(5)}"
        answer = json.loads(line)
        if "error" in answer:
            raise ClientError(answer["error"], answer["message"], answer["trace"])
        return answer["result"]

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


@dataclass
class Workspace:
    """A workspace on a twin, with what it stands on."""

    twin: Any
    group_id: str
    name: str
    account: str
    identity: str
    clients: dict[str, Client] = field(default_factory=dict)

    @property
    def group(self) -> str:
        return self.group_id.rpartition("/")[2]

    @property
    def id(self) -> str:
        return f"{self.group_id}/providers/Microsoft.MachineLearningServices/workspaces/{self.name}"

    @property
    def storage_id(self) -> str:
        return f"{self.group_id}/providers/Microsoft.Storage/storageAccounts/{self.account}"

    def call(
        self,
        method: str,
        path: str = "",
        body: Any = None,
        *,
        api: str = API,
        persona: str = "infra-engineer",
        query: str = "",
    ) -> Any:
        return self.twin.call(method, f"{self.id}{path}?api-version={api}{query}", body, persona=persona)

    def client(self, persona: str = "data-scientist") -> Client:
        if persona not in self.clients:
            self.clients[persona] = Client(self, persona)
        return self.clients[persona]

    def close(self) -> None:
        for client in self.clients.values():
            client.close()
        self.clients.clear()

    def cluster(
        self,
        name: str,
        *,
        most: int = 2,
        size: str = "Standard_DS3_v2",
        priority: str = "Dedicated",
        persona: str = "infra-engineer",
        **more: Any,
    ) -> Any:
        body = cluster_body(most=most, size=size, priority=priority, **more)
        return self.call("PUT", f"/computes/{name}", body, persona=persona)


def cluster_body(
    *, most: int = 2, least: int = 0, size: str = "Standard_DS3_v2", priority: str = "Dedicated"
) -> dict[str, Any]:
    scale = {"minNodeCount": least, "maxNodeCount": most, "nodeIdleTimeBeforeScaleDown": "PT120S"}
    inner = {"vmSize": size, "vmPriority": priority, "scaleSettings": scale}
    return {"location": "westeurope", "properties": {"computeType": "AmlCompute", "properties": inner}}


def put(twin: Any, arm_id: str, api: str, body: dict[str, Any]) -> Any:
    reply = twin.call("PUT", f"{arm_id}?api-version={api}", body)
    assert reply.status_code < 300, reply.text
    twin.settle(reply)
    return reply


def make_workspace(
    twin: Any,
    *,
    arm_id: str = "",
    mode: str = "Identity",
    grant_identity: bool = True,
    **properties: Any,
) -> Workspace:
    """A new workspace in a new group, with identity-based datastores and the grants that dev gives."""
    tag, location = uuid.uuid4().hex[:10], {"location": twin.location}
    group = arm_id.partition("/providers/")[0] or twin.make_group()
    if arm_id:
        put(twin, group, "2024-03-01", location)
    provider = f"{group}/providers"
    identity = f"{provider}/Microsoft.ManagedIdentity/userAssignedIdentities/id-{tag}"
    storage = f"{provider}/Microsoft.Storage/storageAccounts/st{tag}"
    vault = f"{provider}/Microsoft.KeyVault/vaults/kv-{tag}"
    insights = f"{provider}/Microsoft.Insights/components/appi-{tag}"
    logs = f"{provider}/Microsoft.OperationalInsights/workspaces/log-{tag}"
    principal = put(twin, identity, "2023-01-31", location).json()["properties"]["principalId"]
    account = {
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": {"allowSharedKeyAccess": mode == "AccessKey"},
    }
    put(twin, storage, "2024-01-01", location | account)
    vault_body = {
        "properties": {
            "tenantId": twin.tenant,
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
        }
    }
    put(twin, vault, "2024-11-01", location | vault_body)
    put(twin, logs, "2023-09-01", location | {"properties": {"sku": {"name": "PerGB2018"}}})
    web = {"kind": "web", "properties": {"Application_Type": "web", "WorkspaceResourceId": logs}}
    put(twin, insights, "2020-02-02", location | web)
    if grant_identity:
        assert twin.grant(principal, ROLES["blob contributor"], storage).status_code == 201
    name = arm_id.rpartition("/")[2] or f"mlw-{tag}"
    workspace = Workspace(twin, group, name, f"st{tag}", identity)
    body = {
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
        "kind": "Default",
        "properties": {
            "storageAccount": storage, "keyVault": vault, "applicationInsights": insights,
            "primaryUserAssignedIdentity": identity, "systemDatastoresAuthMode": mode, **properties,
        },
    }  # fmt: skip
    put(twin, workspace.id, API, location | body)
    for role, scope in (("data scientist", workspace.id), ("blob contributor", storage), ("reader", group)):
        assert twin.grant("data-scientist", ROLES[role], scope).status_code == 201
    for role, scope in (("reader", workspace.id), ("blob reader", storage)):
        assert twin.grant("auditor", ROLES[role], scope).status_code == 201
    return workspace


@pytest.fixture(scope="session")
def workspace(twin_server: Any) -> Iterator[Workspace]:
    """One workspace for the session: use names of your own in it."""
    made = make_workspace(twin_server)
    yield made
    made.close()


@pytest.fixture
def new_workspace(twin_server: Any) -> Iterator[Callable[..., Workspace]]:
    """Workspaces of a test's own, on the session's twin or on one given."""
    made: list[Workspace] = []

    def make(twin: Any = None, **options: Any) -> Workspace:
        made.append(make_workspace(twin or twin_server, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def name() -> str:
    """A name that no other test has."""
    return f"t{uuid.uuid4().hex[:10]}"
