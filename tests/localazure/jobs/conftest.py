"""A platform to run jobs on, put through ARM as the deployer puts it, and clients of a data scientist."""

from __future__ import annotations

import os
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
DATA_SCIENTIST = "f6c7c914-8db3-469d-8ca1-694a8f32e121"
IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"
ML = "Microsoft.MachineLearningServices"
TERMINAL = {"Completed", "Failed", "Canceled"}


class Platform:
    """A workspace with a cluster whose identity may use its storage, and one whose identity may not."""

    def __init__(self, twin: Any) -> None:
        self.twin = twin
        self.group = twin.make_group()
        self.mark = uuid.uuid4().hex[:8]
        self.storage = self._put(
            "Microsoft.Storage/storageAccounts", f"st{self.mark}", "2024-01-01", self._storage()
        )
        vault = self._put(
            "Microsoft.KeyVault/vaults",
            f"kv-{self.mark}",
            "2024-11-01",
            {
                "properties": {
                    "tenantId": twin.tenant,
                    "sku": {"family": "A", "name": "standard"},
                    "enableRbacAuthorization": True,
                }
            },
        )
        insights = self._put(
            "Microsoft.Insights/components",
            f"appi-{self.mark}",
            "2020-02-02",
            {"kind": "web", "properties": {"Application_Type": "web"}},
        )
        self.identity = self._put(
            "Microsoft.ManagedIdentity/userAssignedIdentities", f"id-cpu-{self.mark}", "2023-01-31", {}
        )
        self.other = self._put(
            "Microsoft.ManagedIdentity/userAssignedIdentities", f"id-no-{self.mark}", "2023-01-31", {}
        )
        links = {"storageAccount": self.storage, "keyVault": vault, "applicationInsights": insights}
        self.workspace = self._put(
            f"{ML}/workspaces",
            f"mlw-{self.mark}",
            "2025-12-01",
            {
                "identity": {"type": "SystemAssigned"},
                "properties": {**links, "systemDatastoresAuthMode": "Identity"},
            },
        )
        self.cpu = self.cluster("cpu", self.identity, 2)
        self.denied = self.cluster("denied", self.other, 1)
        self.grant(self.principal(self.identity), BLOB_CONTRIBUTOR, self.storage)
        self.grant("data-scientist", BLOB_CONTRIBUTOR, self.storage)
        self.grant("data-scientist", DATA_SCIENTIST, self.workspace)
        self.grant(self.principal(self.identity), DATA_SCIENTIST, self.workspace)

    @property
    def name(self) -> str:
        return self.workspace.rpartition("/")[2]

    @property
    def group_name(self) -> str:
        return self.group.rpartition("/")[2]

    def _storage(self) -> dict[str, Any]:
        return {
            "sku": {"name": "Standard_LRS"},
            "kind": "StorageV2",
            "properties": {"allowSharedKeyAccess": False},
        }

    def _put(self, kind: str, name: str, version: str, body: dict[str, Any]) -> str:
        arm_id = f"{self.group}/providers/{kind}/{name}"
        self.settle(
            self.twin.call("PUT", f"{arm_id}?api-version={version}", {"location": self.twin.location, **body})
        )
        return arm_id

    def settle(self, reply: Any) -> None:
        assert reply.status_code in (200, 201, 202), reply.text
        done = self.twin.settle(reply)
        assert done.status_code in (200, 201, 204), done.text

    def settle_delete(self, reply: Any) -> None:
        assert reply.status_code in (200, 202, 204), reply.text
        self.twin.settle(reply)

    def cluster(self, name: str, identity: str, nodes: int) -> str:
        arm_id = f"{self.workspace}/computes/{name}"
        inner = {"vmSize": "Standard_F4s_v2", "scaleSettings": {"minNodeCount": 0, "maxNodeCount": nodes}}
        body = {
            "location": self.twin.location,
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
            "properties": {"computeType": "AmlCompute", "properties": inner},
        }
        self.settle(self.twin.call("PUT", f"{arm_id}?api-version=2025-12-01", body))
        return arm_id

    def principal(self, identity: str) -> str:
        return self.twin.call("GET", f"{identity}?api-version=2023-01-31").json()["properties"]["principalId"]

    def identity_name(self, identity: str) -> str:
        return identity.rpartition("/")[2]

    def grant(self, who: str, role: str, scope: str) -> None:
        reply = self.twin.grant(who, role, scope)
        assert reply.status_code in (200, 201), reply.text

    def environment(self, name: str, conda: str | None = None) -> str:
        arm_id = f"{self.workspace}/environments/{name}/versions/1"
        body = {"properties": {"image": IMAGE, **({"condaFile": conda} if conda else {})}}
        reply = self.call("PUT", f"{arm_id}?api-version=2023-04-01-preview", body)
        assert reply.status_code in (200, 201), reply.text
        return arm_id

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        return self.twin.call(method, path, body, persona="data-scientist", **more)

    def submit(self, name: str, **properties: Any) -> Any:
        body = {"properties": {"jobType": "Command", "experimentName": "tests", **properties}}
        return self.call("PUT", f"{self.workspace}/jobs/{name}?api-version=2025-01-01-preview", body)

    def history(self, path: str) -> Any:
        reply = self.call("GET", f"/history/v1.0{self.workspace}/runs/{path}?api-version=v1.0")
        assert reply.status_code == 200, reply.text
        return reply.json()

    def wait(self, name: str, *wanted: str, seconds: float = 60.0) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while True:
            details = self.history(f"{name}/details")
            if details["status"] in (wanted or TERMINAL):
                return details
            assert details["status"] not in TERMINAL, details
            assert time.monotonic() < deadline, f"{name} is still {details['status']}"
            time.sleep(0.05)

    def cancel(self, name: str) -> Any:
        return self.call("POST", f"{self.workspace}/jobs/{name}/cancel?api-version=2023-04-01-preview")

    def log(self, details: dict[str, Any], name: str = "user_logs/std_log.txt") -> str:
        return self.twin.client.get(details["logFiles"][name]).text


@pytest.fixture(scope="session")
def platform(twin_server: Any) -> Platform:
    return Platform(twin_server)


@pytest.fixture(scope="session")
def environment(platform: Platform) -> str:
    """An environment that the project's own interpreter satisfies."""
    return platform.environment("here", "dependencies: [python>=3.11, pip, {pip: [pyyaml]}]")


def _ask_again_which_cloud() -> None:
    """azureml-mlflow asks once, when it is imported: for another test, and another twin, as it may be."""
    cloud = sys.modules.get("azureml.mlflow._common._cloud.cloud")
    if cloud is not None:
        cloud.KNOWN_CLOUDS.clear()
        cloud.KNOWN_CLOUDS.update(cloud.get_known_clouds())


@pytest.fixture
def scientist(twin_server: Any, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Any:
    """MLClient as a data scientist's shell has it."""
    for key in [key for key in os.environ if "proxy" in key.lower()]:
        monkeypatch.delenv(key)
    for key, value in twin_server.env("data-scientist").items():
        monkeypatch.setenv(key, value)
    _ask_again_which_cloud()
    from azure.ai.ml import MLClient
    from azure.identity import DefaultAzureCredential

    return MLClient(DefaultAzureCredential(), twin_server.subscription, platform.group_name, platform.name)


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "src"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def platform_of(twin_server: Any) -> Any:
    """Makes a twin with a platform at a folder, for tests that kill it."""

    def make(home: Path) -> tuple[Any, Platform]:
        server = type(twin_server)(home)
        return server, Platform(server)

    return make
