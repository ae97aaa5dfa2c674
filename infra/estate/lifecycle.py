"""When blobs move on: rules of a storage account's lifecycle policy, from plain numbers of days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pulumi_azure_native import storage

from infra.sections.core import Tiers


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule; days count from the last change of a blob, or from the making of an old version."""

    name: str
    prefix: str = ""
    cool_after_days: int | None = None
    archive_after_days: int | None = None
    delete_after_days: int | None = None
    version_delete_after_days: int | None = None

    @classmethod
    def of_zone(cls, zone: str, tiers: Tiers) -> Rule:
        """The rule of one zone of the lake: its container is the prefix."""
        return cls(
            name=f"{zone}-tiers",
            prefix=f"{zone}/",
            cool_after_days=tiers.cool_after_days,
            archive_after_days=tiers.archive_after_days,
            delete_after_days=tiers.delete_after_days,
        )


def policy(rules: Iterable[Rule]) -> storage.ManagementPolicySchemaArgs:
    """The policy of an account; a rule that does nothing is left out."""
    return storage.ManagementPolicySchemaArgs(rules=[_rule(rule) for rule in rules if _acts(rule)])


def _acts(rule: Rule) -> bool:
    steps = (
        rule.cool_after_days,
        rule.archive_after_days,
        rule.delete_after_days,
        rule.version_delete_after_days,
    )
    return any(days is not None for days in steps)


def _rule(rule: Rule) -> storage.ManagementPolicyRuleArgs:
    current = storage.ManagementPolicyBaseBlobArgs(
        tier_to_cool=_after_change(rule.cool_after_days),
        tier_to_archive=_after_change(rule.archive_after_days),
        delete=_after_change(rule.delete_after_days),
    )
    old = storage.ManagementPolicyVersionArgs(
        delete=storage.DateAfterCreationArgs(days_after_creation_greater_than=rule.version_delete_after_days)
        if rule.version_delete_after_days is not None
        else None
    )
    return storage.ManagementPolicyRuleArgs(
        name=rule.name,
        type=storage.RuleType.LIFECYCLE,
        enabled=True,
        definition=storage.ManagementPolicyDefinitionArgs(
            filters=storage.ManagementPolicyFilterArgs(
                blob_types=["blockBlob"], prefix_match=[rule.prefix] if rule.prefix else None
            ),
            actions=storage.ManagementPolicyActionArgs(
                base_blob=None if rule.version_delete_after_days is not None else current,
                version=old if rule.version_delete_after_days is not None else None,
            ),
        ),
    )


def _after_change(days: int | None) -> storage.DateAfterModificationArgs | None:
    return (
        None if days is None else storage.DateAfterModificationArgs(days_after_modification_greater_than=days)
    )
