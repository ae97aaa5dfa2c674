"""Finds the resources behind a storage address: the account by its global name, the container below it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.resources import put_resource, resource
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.storage.errors import AccountNotFound, ContainerNotFound, InvalidHeader

ACCOUNTS = "arm/microsoft.storage/storageaccounts"
CONTAINERS = f"{ACCOUNTS}/blobservices/containers"
CONTAINER_NAME = re.compile(r"(?=.{3,63}\Z)[a-z0-9](-?[a-z0-9])*")


@dataclass(frozen=True)
class Account:
    """A storage account as its data plane needs to know it."""

    id: ArmId
    name: str
    is_hierarchical: bool
    shared_key_allowed: bool

    def container(self, name: str) -> ArmId:
        """ARM id of a container, whether or not it exists: the scope of what is done in it."""
        return ArmId(f"{self.id.text}/blobServices/default/containers/{name}")


def find_account(twin: Twin, name: str) -> Account:
    """The account of that name; names are global, so one is enough.

    Raises:
        AccountNotFound: no resource has that name.
    """
    version = twin.store.version(ACCOUNTS)
    seen, known = twin.services.get("storage-accounts", (-1, {}))
    if seen != version:
        known = {
            account.name: account for account in map(_account, (doc for _, doc in twin.store.list(ACCOUNTS)))
        }
        twin.services["storage-accounts"] = (version, known)
    found: Account | None = known.get(name.lower())
    if found is None:
        raise AccountNotFound(name)
    return found


def container_id(twin: Twin, account: str, container: str) -> ArmId:
    """ARM id of a container that exists.

    Raises:
        AccountNotFound: no such account.
        ContainerNotFound: no such container in it.
    """
    scope = find_account(twin, account).container(container)
    if twin.store.get(CONTAINERS, scope.key) is None:
        raise ContainerNotFound(account, container)
    return scope


def containers(twin: Twin, account: Account) -> list[str]:
    """Names of the account's containers, in order."""
    prefix = f"{account.container('').key}/"
    return sorted(key.rpartition("/")[2] for key in twin.store.keys(CONTAINERS, prefix))


def ensure_container(twin: Twin, account: str, container: str) -> None:
    """Make a container's ARM resource if it is missing.

    Raises:
        AccountNotFound: no such account.
        InvalidHeader: Azure would refuse the name.
    """
    scope = find_account(twin, account).container(check_container_name(container))
    if resource(twin, scope) is None:
        put_resource(twin, scope, {"properties": {}})


def check_container_name(name: str) -> str:
    """The name, if Azure takes it.

    Raises:
        InvalidHeader: it does not.
    """
    if not CONTAINER_NAME.fullmatch(name):
        allowed = (
            "3 to 63 lower-case letters, digits and single hyphens, starting with a letter or "
            "digit, e.g. azureml-data"
        )
        raise InvalidHeader("container name", name, allowed, code="InvalidResourceName")
    return name


def _account(doc: dict[str, Any]) -> Account:
    properties = doc["body"].get("properties") or {}
    arm_id = ArmId(doc["id"])
    return Account(
        id=arm_id,
        name=arm_id.name.lower(),
        is_hierarchical=bool(properties.get("isHnsEnabled")),
        shared_key_allowed=properties.get("allowSharedKeyAccess") is not False,
    )
