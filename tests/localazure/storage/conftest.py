"""A storage account with containers on a real twin, and the official clients that speak to it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.filedatalake import DataLakeServiceClient

READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
SUFFIX = "core.local"
STORAGE = "https://storage.azure.com"


class PersonaCredential:
    """A persona's token, as azure-identity would bring it."""

    def __init__(self, twin: Any, persona: str) -> None:
        self.twin, self.persona = twin, persona

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        resource = scopes[0].removesuffix("/.default")
        return AccessToken(self.twin.token(self.persona, resource), int(datetime.now(UTC).timestamp()) + 3600)


@dataclass(frozen=True)
class StorageAccount:
    """An account on a twin."""

    twin: Any
    id: str
    name: str

    def url(self, service: str = "blob", *, secure: bool = True) -> str:
        base = self.twin.base if secure else self.twin.http_base
        return f"{base}/{self.name}.{service}.{SUFFIX}"

    def blob_service(self, persona: str = "data-scientist", **more: Any) -> BlobServiceClient:
        return BlobServiceClient(
            self.url(), PersonaCredential(self.twin, persona), connection_verify=str(self.twin.ca_bundle),
            retry_total=0, **more,
        )  # fmt: skip

    def lake_service(self, persona: str = "data-scientist") -> DataLakeServiceClient:
        return DataLakeServiceClient(
            self.url("dfs"), PersonaCredential(self.twin, persona), retry_total=0,
            connection_verify=str(self.twin.ca_bundle),
        )  # fmt: skip

    def container(self, name: str, persona: str = "data-scientist", **more: Any) -> ContainerClient:
        return self.blob_service(persona, **more).get_container_client(name)

    def container_id(self, name: str) -> str:
        return f"{self.id}/blobServices/default/containers/{name}"


def make_account(twin: Any, *, hns: bool = False, containers: tuple[str, ...] = ("data",)) -> StorageAccount:
    """A new account in a new group, whose data the data scientist may write and the auditor may read."""
    name = "st" + uuid.uuid4().hex[:12]
    account = StorageAccount(
        twin, f"{twin.make_group()}/providers/Microsoft.Storage/storageAccounts/{name}", name
    )
    body = {
        "location": twin.location,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": {"allowSharedKeyAccess": False, "isHnsEnabled": hns},
    }
    twin.settle(twin.call("PUT", f"{account.id}?api-version=2024-01-01", body))
    for container in containers:
        reply = twin.call(
            "PUT", f"{account.container_id(container)}?api-version=2024-01-01", {"properties": {}}
        )
        assert reply.status_code in (200, 201), reply.text
    assert twin.grant("data-scientist", CONTRIBUTOR, account.id).status_code == 201
    assert twin.grant("auditor", READER, account.id).status_code == 201
    return account


@pytest.fixture(scope="session")
def account(twin_server: Any) -> StorageAccount:
    """One account for the session: use blob names of your own."""
    return make_account(twin_server, containers=("data", "other"))


@pytest.fixture(scope="session")
def lake(twin_server: Any) -> StorageAccount:
    """An account with a hierarchical namespace."""
    return make_account(twin_server, hns=True, containers=("curated",))


@pytest.fixture
def make_storage() -> Callable[..., StorageAccount]:
    """Accounts of a test's own."""
    return make_account


@pytest.fixture
def blob_name() -> str:
    return f"t/{uuid.uuid4().hex}"
