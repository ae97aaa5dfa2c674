"""Containers on the data plane: each is an ARM resource, made and removed as one."""

from __future__ import annotations

from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.resources import delete_resource, put_resource, resource
from twinloop.localazure.storage.accounts import check_container_name, container_id
from twinloop.localazure.storage.call import Call, metadata_headers
from twinloop.localazure.storage.errors import StorageError
from twinloop.localazure.storage.immutability import keeps_something


def create_container(call: Call) -> Reply:
    """Create Container."""
    scope = call.account.container(check_container_name(call.container))
    if resource(call.twin, scope) is not None:
        raise StorageError(
            409, "ContainerAlreadyExists", f"The specified container already exists: '{call.container}'."
        )
    put_resource(call.twin, scope, {"properties": {"metadata": call.metadata()}})
    return Reply(201, None, _state())


def get_container(call: Call) -> Reply:
    """Get Container Properties."""
    doc = resource(call.twin, container_id(call.twin, call.account.name, call.container))
    metadata = (doc or {}).get("body", {}).get("properties", {}).get("metadata") or {}
    leased = {"x-ms-lease-status": "unlocked", "x-ms-lease-state": "available"}
    return Reply(200, None, _state() | leased | metadata_headers(metadata))


def delete_container(call: Call) -> Reply:
    """Delete Container, with all that is in it."""
    container = container_id(call.twin, call.account.name, call.container)
    if keeps_something(call.twin, container):
        raise StorageError(
            409,
            "ContainerProtectedFromDeletion",
            f"The container '{call.container}' holds blobs that its immutability policy keeps.",
        )
    delete_resource(call.twin, container)
    return Reply(202)


def _state() -> dict[str, str]:
    return {"etag": '"0x8D0000000000000"'}
