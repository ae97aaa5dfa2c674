"""Chapters of an environment that govern it: the key of its stores, its snapshots, its policies, its bill."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.guarding.encryption import ENCRYPTION
from infra.rights.access import Access, AccessArgs, Principal, ScopeTarget
from infra.rights.governance import (
    COSMOS,
    POLICY,
    encryption_grants,
    guard_grants,
    policies_of,
    policy_grants,
)
from infra.rights.people import machines

if TYPE_CHECKING:
    import pulumi

    from infra.environment import Environment
    from infra.foundation import Foundation
    from infra.guarding.encryption import KeyUse


def key_of(stack: Foundation) -> KeyUse | None:
    """The key that stores are made with, readable before the first of them is; none without the section."""
    settings = stack.settings.encryption
    if settings is None:
        return None
    from infra.guarding.encryption import Encryption, EncryptionArgs

    principals = machines(stack.names, stack.identities.principal_ids)
    if settings.cosmos_principal_id:
        cosmos = settings.cosmos_principal_id
        principals[COSMOS] = Principal(key=cosmos, object_id=cosmos, kind="ServicePrincipal")
    access = Access(
        "key-access",
        AccessArgs(
            grants=encryption_grants(stack.settings),
            principals=principals,
            scopes={"vault": ScopeTarget(id=stack.names.vault_id, resource=stack.vault)},
            own_roles={},
        ),
    )
    return Encryption(
        "encryption",
        EncryptionArgs(
            resource_group=stack.group.name,
            settings=settings,
            vault=stack.vault,
            identity_id=stack.identities.ids[ENCRYPTION],
            client_id=stack.identities.client_ids[ENCRYPTION],
            grants=list(access.assignments.values()),
            protect=stack.settings.protect,
            names=stack.names,
            tags=stack.tags,
        ),
    ).use


def guard(stack: Environment) -> list[pulumi.Resource]:
    """Snapshots that nobody changes, policies that hold whoever writes, and copies of the bill.

    Returns:
        What lies below the lake or the vault: a lock on them waits for it, and goes before it.
    """
    below: list[pulumi.Resource] = list(stack.key.after) if stack.key else []
    settings = stack.settings
    scopes = {"group": ScopeTarget(id=stack.names.resource_group_id, resource=stack.group)}
    if settings.snapshots:
        from infra.estate.snapshots import CONTAINER, Snapshots, SnapshotsArgs

        kept = Snapshots(
            "snapshots",
            SnapshotsArgs(
                resource_group=stack.group.name,
                account_name=stack.names.lake,
                account=stack.lake,
                settings=settings.snapshots,
                protect=settings.protect,
            ),
        )
        below.append(kept)
        scopes["lake-snapshots"] = ScopeTarget(
            id=stack.names.lake_zone_id(CONTAINER), resource=kept.container
        )
    if rows := guard_grants(settings):
        below.append(
            Access(
                "guard-access",
                AccessArgs(grants=rows, principals=stack.principals, scopes=scopes, own_roles={}),
            )
        )
    below += _policies(stack)
    if settings.cost_export:
        from infra.watching.cost_export import CostExport, CostExportArgs

        export = CostExport(
            "cost-export",
            CostExportArgs(
                scope=stack.names.resource_group_id,
                group=stack.group,
                location=stack.location,
                resource_group=stack.group.name,
                account=stack.lake,
                account_id=stack.lake.account_id,
                account_name=stack.names.lake,
                settings=settings.cost_export,
                names=stack.names,
            ),
        )
        below.append(export)
    return below


def _policies(stack: Environment) -> list[pulumi.Resource]:
    settings, policies = stack.settings, policies_of(stack.settings)
    if policies is None:
        return []
    from infra.guarding.guard_rails import GuardRails, GuardRailsArgs

    rows = policy_grants(settings)
    writes = (
        Access(
            "policy-access",
            AccessArgs(
                grants=rows,
                principals=stack.principals,
                scopes={
                    "group": ScopeTarget(id=stack.names.resource_group_id, resource=stack.group),
                    "logs": ScopeTarget(id=stack.names.logs_id, resource=stack.logs),
                },
                own_roles={},
            ),
        )
        if rows
        else None
    )
    GuardRails(
        "policy",
        GuardRailsArgs(
            scope=stack.names.resource_group_id,
            group=stack.group,
            location=stack.location,
            settings=policies,
            parameters={
                "isolationMode": settings.managed_network.isolation_mode,
                "logAnalytics": stack.names.logs_id,
                "allowedRegistryName": settings.shared_names.registry,
                "allowedAssetIds": [f"azureml://registries/{settings.shared_names.registry}/"],
            },
            identity_id=stack.identities.ids.get(POLICY),
            after=[*(writes.assignments.values() if writes else ())],
        ),
    )
    return [writes] if writes else []
