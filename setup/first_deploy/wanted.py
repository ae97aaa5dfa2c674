"""What must be there before the first `up`, in order, as plain data computed from the settings."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from checks.catalogue.resource_types import by_arm_type, resource_types
from checks.catalogue.roles import role_named
from infra.naming import Names
from infra.own_roles import role_definition_id
from infra.settings import Settings
from setup.first_deploy import deployer
from setup.first_deploy.roles import prepared

CONTAINER = "pulumi-state"
KEY = "pulumi"
DAYS = 30  # of soft delete: a month to notice that a state was deleted


@dataclass(frozen=True, kw_only=True)
class Deployer:
    """Who will run `pulumi up`."""

    object_id: str
    kind: str = "User"
    """User, Group or ServicePrincipal, as Azure spells them."""
    name: str = "the deployer"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One resource that must be there."""

    what: str
    id: str
    body: Mapping[str, Any] = field(repr=False)
    ask: str
    """Whom to ask for it, where the caller may not make it."""
    command: str
    """What that person types."""

    @property
    def api_version(self) -> str:
        """As the table of resource types has it."""
        if "/providers/" not in self.id:
            return by_arm_type()["microsoft.resources/resourcegroups"].api_version
        parts = self.id.split("/providers/")[-1].split("/")
        arm_type = "/".join([parts[0], *parts[1::2]])
        return by_arm_type()[arm_type.lower()].api_version


def namespaces() -> list[str]:
    """Resource providers that every subscription of the platform must have registered."""
    found = {row.arm_type.partition("/")[0] for row in resource_types().values()}
    # Authorization and Resources are part of every subscription and cannot be registered
    return sorted(found - {"Microsoft.Authorization", "Microsoft.Resources"})


def home(shared: Settings) -> Names:
    """Names of the stack of Pulumi's own: beside the shared stack, in its subscription."""
    return Names(
        workload=shared.workload,
        environment="pulumi",
        location=shared.azure.location,
        subscription_id=shared.azure.subscription_id,
    )


def wanted(shared: Settings, stacks: Iterable[Settings], who: Deployer) -> list[Wanted]:
    """Everything but the registrations of providers, in an order in which it can be made."""
    every = list(stacks)
    return [
        *_state(home(shared), shared),
        *_secrets(home(shared), shared),
        *_rights(every, home(shared), who),
    ]


def _state(names: Names, shared: Settings) -> Iterator[Wanted]:
    location, owner = shared.azure.location, f"a Contributor of subscription {names.subscription_id}"
    group, account = names.resource_group, names.physical("storage")
    tags = {"owner": shared.owner, "cost-centre": shared.cost_centre, "purpose": "pulumi"}
    base = f"{names.resource_group_id}/providers/Microsoft.Storage/storageAccounts/{account}"
    yield Wanted(
        what=f"resource group {group}",
        id=names.resource_group_id,
        body={"location": location, "tags": tags},
        ask=owner,
        command=f"az group create --subscription {names.subscription_id} -n {group} -l {location}",
    )
    yield Wanted(
        what=f"storage account {account}, for state",
        id=base,
        body={
            "location": location,
            "tags": tags,
            "kind": "StorageV2",
            "sku": {"name": "Standard_ZRS"},
            "properties": {
                "minimumTlsVersion": "TLS1_2",
                "supportsHttpsTrafficOnly": True,
                "allowBlobPublicAccess": False,
                "allowSharedKeyAccess": False,
            },
        },
        ask=owner,
        command=(
            f"az storage account create --subscription {names.subscription_id} -g {group}"
            f" -n {account} -l {location} --kind StorageV2 --sku Standard_ZRS"
            " --min-tls-version TLS1_2 --https-only true"
            " --allow-blob-public-access false --allow-shared-key-access false"
        ),
    )
    retention = {"enabled": True, "days": DAYS}
    yield Wanted(
        what=f"versions and {DAYS} days of soft delete of its blobs",
        id=f"{base}/blobServices/default",
        body={
            "properties": {
                "isVersioningEnabled": True,
                "deleteRetentionPolicy": retention,
                "containerDeleteRetentionPolicy": retention,
            }
        },
        ask=owner,
        command=(
            f"az storage account blob-service-properties update --subscription {names.subscription_id}"
            f" -g {group} -n {account} --enable-versioning true"
            f" --enable-delete-retention true --delete-retention-days {DAYS}"
            f" --enable-container-delete-retention true --container-delete-retention-days {DAYS}"
        ),
    )
    yield Wanted(
        what=f"container {CONTAINER}",
        id=state_id(names),
        body={"properties": {"publicAccess": "None"}},
        ask=owner,
        command=(
            f"az storage container-rm create --subscription {names.subscription_id} -g {group}"
            f" --storage-account {account} -n {CONTAINER}"
        ),
    )
    yield _lock(base, f"storage account {account}", names)


def _lock(scope: str, what: str, names: Names) -> Wanted:
    return Wanted(
        what=f"delete lock on {what}",
        id=f"{scope}/providers/Microsoft.Authorization/locks/keep",
        body={"properties": {"level": "CanNotDelete", "notes": "Pulumi's state, or the key of its secrets"}},
        ask=f"an Owner or User Access Administrator of subscription {names.subscription_id}",
        command=f"az lock create -n keep --lock-type CanNotDelete --resource {scope}",
    )


def state_id(names: Names) -> str:
    """ARM id of the container that holds the states."""
    return names.arm_id(
        "azure-native:storage:BlobContainer", accountName=names.physical("storage"), containerName=CONTAINER
    )


def key_id(names: Names) -> str:
    """ARM id of the key that the secrets in the states are encrypted with."""
    return names.arm_id("azure-native:keyvault:Key", vaultName=names.vault, keyName=KEY)


def _secrets(names: Names, shared: Settings) -> Iterator[Wanted]:
    owner, group = f"a Contributor of subscription {names.subscription_id}", names.resource_group
    yield Wanted(
        what=f"key vault {names.vault}, for the key of secrets",
        id=names.vault_id,
        body={
            "location": shared.azure.location,
            "tags": {"owner": shared.owner, "cost-centre": shared.cost_centre, "purpose": "pulumi"},
            "properties": {
                "tenantId": shared.azure.tenant_id,
                "sku": {"family": "A", "name": "standard"},
                "enableRbacAuthorization": True,
                "enablePurgeProtection": True,  # without the key no secret of any state can be read again
                "softDeleteRetentionInDays": 90,
            },
        },
        ask=owner,
        command=(
            f"az keyvault create --subscription {names.subscription_id} -g {group} -n {names.vault}"
            f" -l {shared.azure.location} --enable-rbac-authorization true --enable-purge-protection true"
        ),
    )
    yield Wanted(
        what=f"key {KEY}",
        id=key_id(names),
        body={"properties": {"kty": "RSA", "keySize": 3072, "keyOps": ["encrypt", "decrypt"]}},
        ask=f"a Key Vault Crypto Officer of {names.vault}",
        command=(
            f"az keyvault key create --vault-name {names.vault} -n {KEY}"
            " --kty RSA --size 3072 --ops encrypt decrypt"
        ),
    )
    yield _lock(names.vault_id, f"key vault {names.vault}", names)


def _own_roles(stacks: list[Settings]) -> Iterator[Wanted]:
    for role in (role for settings in stacks for role in prepared(settings)):
        name = role.body["properties"]["roleName"]
        yield _definition(role.id, f"role {name}", role.body)


def _definition(role_id: str, what: str, body: Mapping[str, Any]) -> Wanted:
    return Wanted(
        what=what,
        id=role_id,
        body=body,
        ask=f"an Owner or User Access Administrator of subscription {role_id.split('/')[2]}",
        command=f"az rest --method put --url '{role_id}?api-version=2022-04-01' --body {_quoted(body)}",
    )


def _rights(stacks: list[Settings], names: Names, who: Deployer) -> Iterator[Wanted]:
    yield from _own_roles(stacks)
    yield from on_state(names, who)
    condition = deployer.assignable(stacks)
    limited = role_named("Role Based Access Control Administrator")
    for subscription in dict.fromkeys(settings.azure.subscription_id for settings in stacks):
        scope, guid = f"/subscriptions/{subscription}", deployer.role_guid(subscription)
        yield _definition(
            role_definition_id(scope, guid),
            f"role {deployer.ROLE} in subscription {subscription}",
            deployer.role_definition(subscription),
        )
        where = f"subscription {subscription}"
        yield _assignment(Right(deployer.ROLE, guid, scope, where), who)
        yield _assignment(
            Right(limited.name, limited.guid, scope, f"{where}, our roles only", condition), who
        )


def on_state(names: Names, who: Deployer, *, writes: bool = True) -> Iterator[Wanted]:
    """Read the states, write them too where that is asked for, and decrypt what is secret in them."""
    blobs = "Storage Blob Data Contributor" if writes else "Storage Blob Data Reader"
    for role, scope, where in (
        (blobs, state_id(names), "the container of states"),
        ("Key Vault Crypto User", key_id(names), "the key of secrets"),
    ):
        yield _assignment(Right(role, role_named(role).guid, scope, where), who)


@dataclass(frozen=True)
class Right:
    """A role on a scope, with the condition that limits it."""

    role: str
    guid: str
    scope: str
    where: str
    condition: str = ""


def _assignment(right: Right, who: Deployer) -> Wanted:
    subscription = right.scope.split("/")[2]
    roles = f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions"
    name = uuid5(NAMESPACE_URL, f"{right.scope}|{who.object_id}|{right.guid}".lower())
    properties = {
        "principalId": who.object_id,
        "principalType": who.kind,
        "roleDefinitionId": f"{roles}/{right.guid}",
    }
    words = ""
    if right.condition:
        properties |= {"condition": right.condition, "conditionVersion": "2.0"}
        words = f" --condition {shlex.quote(right.condition)} --condition-version 2.0"
    return Wanted(
        what=f"{right.role} on {right.where}, for {who.name}",
        id=f"{right.scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
        body={"properties": properties},
        ask=f"an Owner or User Access Administrator of subscription {subscription}",
        command=(
            f"az role assignment create --name {name} --assignee-object-id {who.object_id}"
            f" --assignee-principal-type {who.kind} --role {right.guid} --scope {right.scope}{words}"
        ),
    )


def _quoted(body: Mapping[str, Any]) -> str:
    return shlex.quote(json.dumps(body, separators=(",", ":")))
