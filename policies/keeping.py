"""What must not be lost, and what must be noticed: protection, logs, budgets and tags."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from checks.catalogue.resource_types import resource_types
from checks.plan import Resource
from policies import kinds
from policies.levels import NOT_IN_REHEARSAL
from policies.reading import is_known, value_at
from policies.rules import Breach, Demand, Planned, Rule, name_of

_STATEFUL = (kinds.ML_WORKSPACE, kinds.ML_REGISTRY, kinds.STORAGE, kinds.VAULT)
_LOGGED = (kinds.ML_WORKSPACE, kinds.ML_REGISTRY, kinds.VAULT, kinds.IMAGES, kinds.BLOBS)
_LOCKED = (kinds.ML_WORKSPACE, kinds.STORAGE, kinds.VAULT)
TAGS = ("workload", "environment", "owner", "costCentre", "managedBy")
_GROUP = re.compile(r"/subscriptions/[^/]+(/resourcegroups/[^/]+)?/?", re.IGNORECASE)
_LEAST_DAYS = 90  # CIS Controls v8, 8.10: retain audit logs for at least 90 days


def _protected(resource: Resource) -> Iterator[Breach]:
    if not resource.protect:
        yield Breach(
            what=f"{name_of(resource)} is not protected: one edit of the program deletes it",
            fix="twinloop:protect: true in the stack's settings",
        )


def _without_lock(planned: Planned) -> Iterator[Breach]:
    yield from _without(planned, _LOCKED, kinds.LOCK, "scope", "delete lock", "twinloop:protect: true")


def _without_logs(planned: Planned) -> Iterator[Breach]:
    fix = "name it among the sources of Diagnostics (infra/watching/observability.py) in the composition"
    yield from _without(planned, _LOGGED, kinds.DIAGNOSTICS, "resourceUri", "diagnostic setting", fix)


def _without(  # noqa: PLR0917 - one row of a table: what needs what, found by which property
    planned: Planned, needing: tuple[str, ...], type_: str, path: str, word: str, fix: str
) -> Iterator[Breach]:
    """Resources that nothing of a type is about.

    Their ids are known to the cloud only until they are made; that something depends on them is known before.
    """
    found = planned.of(type_)
    needed = {urn for one in found for urn in one.depends_on}
    targets = {str(value_at(one.inputs, path)).lower() for one in found}
    for resource in planned.of(*needing):
        if resource.urn not in needed and (resource.id or "-").lower() not in targets:
            yield Breach(urn=resource.urn, what=f"{name_of(resource)} has no {word}", fix=fix)


def _whole_group(lock: Resource) -> Iterator[Breach]:
    scope = str(lock.inputs.get("scope") or "")
    if is_known(scope) and _GROUP.fullmatch(scope):
        yield Breach(
            what=f"{name_of(lock)} locks all of {scope}",
            fix="lock the single resources that must stay (infra/guarding/locks.py)",
        )


def _without_budget(planned: Planned) -> Iterator[Breach]:
    if planned.resources and not planned.of(kinds.BUDGET):
        yield Breach(
            what="the stack has no budget",
            fix="amount, start and contacts under twinloop:budget of the stack's settings",
        )


def _nobody_told(budget: Resource) -> Iterator[Breach]:
    notices = budget.inputs.get("notifications")
    if isinstance(notices, str):
        return
    told = [
        notice
        for notice in (notices or {}).values()
        if isinstance(notice, Mapping)
        and (notice.get("contactEmails") or notice.get("contactGroups") or notice.get("contactRoles"))
    ]
    if not told:
        yield Breach(
            what=f"{name_of(budget)} tells nobody when it is spent",
            fix="contacts, actualPercent and forecastPercent under twinloop:budget",
        )


def _untagged(resource: Resource) -> Iterator[Breach]:
    if not resource.type.startswith("azure-native:"):
        return
    row = resource_types().get(resource.type)
    tags = resource.inputs.get("tags")
    if row is None or "tags" not in row.envelope or isinstance(tags, str):
        return
    missing = [tag for tag in TAGS if not (tags or {}).get(tag)]
    if missing:
        yield Breach(
            what=f"{name_of(resource)} lacks the tags {', '.join(missing)}",
            fix="tags=infra.tagging.tags(settings) where the program declares it",
        )


def _short_memory(logs: Resource) -> Iterator[Breach]:
    days = logs.inputs.get("retentionInDays")
    if is_known(days) and (not isinstance(days, int | float) or days < _LEAST_DAYS):
        yield Breach(
            what=f"{name_of(logs)} keeps logs for {'30 (left out)' if days is None else f'{days:g}'} days; "
            f"allowed: {_LEAST_DAYS} and more",
            fix=f"retentionDays: {_LEAST_DAYS} under twinloop:logs",
        )


RULES = (
    Rule(
        name="vault-keeps-what-is-deleted",
        title="What is deleted from a vault, and the vault itself, can be had back.",
        why="whoever may delete a key could end all data that is encrypted by it, for good",
        source="Azure security baseline for Key Vault, BR-1 and DP-8; "
        "Azure Policy 0b60c0b2-2dc2-4e1c-b5c9-abbed971de53",
        advisory_in=NOT_IN_REHEARSAL,  # with it, an environment that is rebuilt waits for the vault's name
        demands=(
            Demand(
                type=kinds.VAULT,
                path="properties.enablePurgeProtection",
                allowed=(True,),
                default=False,
                fix="purgeProtection: true under twinloop:vault (one-way)",
            ),
            Demand(
                type=kinds.VAULT,
                path="properties.enableSoftDelete",
                allowed=(True,),
                default=True,
                fix="enableSoftDelete True in infra/vault.py",
            ),
        ),
    ),
    Rule(
        name="blobs-can-be-had-back",
        title="Deleted blobs and containers can be had back for a while.",
        why="a clean-up job with the wrong path is the commonest way to lose data",
        source="Azure security baseline for Storage, BR-1: Ensure regular automated backups",
        demands=tuple(
            Demand(
                type=kinds.BLOBS,
                path=path,
                allowed=(True,),
                default=False,
                fix="softDeleteDays under twinloop:storage and twinloop:lake",
            )
            for path in ("deleteRetentionPolicy.enabled", "containerDeleteRetentionPolicy.enabled")
        ),
    ),
    Rule(
        name="state-is-protected",
        title="In production, what holds data cannot be deleted by an edit of the program.",
        why="a renamed resource is a deleted one, and what was in it is gone",
        source="Pulumi: resource option protect; Microsoft cloud security benchmark v1, BR-1",
        types=_STATEFUL,
        check=_protected,
        advisory_in=NOT_IN_REHEARSAL,
    ),
    Rule(
        name="state-is-locked",
        title="In production, what holds data has a delete lock.",
        why="Pulumi's protection knows nothing of a hand at the portal",
        source="Azure Resource Manager: Lock your resources to protect your infrastructure",
        whole=_without_lock,
        advisory_in=NOT_IN_REHEARSAL,
    ),
    Rule(
        name="no-lock-on-a-group",
        title="No lock is on a resource group or a subscription.",
        why="with its group locked, a workspace's clusters cannot scale down any more",
        source="Azure Machine Learning: Create compute clusters, resource locks",
        types=(kinds.LOCK,),
        check=_whole_group,
        advisory_in=frozenset(),
    ),
    Rule(
        name="logs-are-sent",
        title="Workspaces, registries, vaults and blob stores send their logs.",
        why="what nobody wrote down cannot be explained afterwards",
        source="Azure security baseline for Azure Machine Learning, LT-4: Enable logging for security "
        "investigation; Azure Policy afe0c3be-ba3b-4544-ba52-0c99672a8ad6",
        whole=_without_logs,
    ),
    Rule(
        name="logs-are-kept",
        title="Logs are kept for 90 days.",
        why="an intruder is found after weeks, and the first traces are the ones that tell how",
        source="CIS Controls v8, 8.10: Retain audit logs; Microsoft cloud security benchmark v1, LT-6",
        types=(kinds.LOGS,),
        check=_short_memory,
        advisory_in=NOT_IN_REHEARSAL,
    ),
    Rule(
        name="stack-has-a-budget",
        title="Every stack has a budget.",
        why="nobody notices a forgotten GPU before the bill",
        source="Azure Cost Management: Create and manage budgets; Azure Machine Learning: Manage and "
        "optimize costs",
        whole=_without_budget,
    ),
    Rule(
        name="budget-tells-somebody",
        title="A budget tells somebody when it is spent.",
        why="a budget without a reader is a number",
        source="Azure Cost Management: Create and manage budgets",
        types=(kinds.BUDGET,),
        check=_nobody_told,
        advisory_in=frozenset(),
    ),
    Rule(
        name="everything-is-tagged",
        title="Whatever can carry tags says whose it is and what it belongs to.",
        why="without them no bill can be split, and nobody knows whom to ask before deleting",
        source="Cloud Adoption Framework: Define your tagging strategy; Microsoft cloud "
        "security benchmark v1, AM-1",
        check=_untagged,
    ),
)
