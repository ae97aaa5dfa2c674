"""Grants that come with guard rails: who writes for a policy, who keeps snapshots, who reads the key.

They are made beside the table of `infra/rights/table.py`, each set where its turn comes: the key must be
readable before the first store is made, and a policy's identity must have its roles before the policy is
assigned.
"""

from __future__ import annotations

from infra.guarding.encryption import ENCRYPTION
from infra.guarding.guard_rails import acting
from infra.rights.table import Grant, Role, on_taken, row
from infra.sections.policies import Policies
from infra.sections.taken import taken_grants
from infra.settings import EnvironmentSettings

POLICY, COSMOS = "policy", "cosmos-db"


# What each role of `checks/catalogue/policies.toml` is given on, and why.
_WRITES = {
    "Monitoring Contributor": row(
        POLICY, Role.MONITORING_CONTRIBUTOR, "group", "a policy makes diagnostic settings that are missing"
    ),
    "Log Analytics Contributor": row(
        POLICY, Role.LOG_CONTRIBUTOR, "logs", "diagnostic settings that a policy makes send their logs here"
    ),
    "Contributor": row(POLICY, Role.CONTRIBUTOR, "group", "a policy puts right what breaks it"),
}
SNAPSHOTS = (
    row(
        "training", Role.BLOB_CONTRIBUTOR, "lake-snapshots", "jobs keep what they trained on; none changes it"
    ),
    row("data-scientists", Role.BLOB_READER, "lake-snapshots", "see what a model was trained on"),
    row("auditors", Role.BLOB_READER, "lake-snapshots", "show what a model was trained on"),
)
# Contributor leaves out what is written below Microsoft.Authorization: assignments of policies too.
CI_POLICY = row("ci-deploy", Role.POLICY_CONTRIBUTOR, "group", "assigns the environment's policies")


def policies_of(settings: EnvironmentSettings) -> Policies | None:
    """The policies that are assigned: on a group that is taken they are its owner's, as locks are."""
    return settings.policies if settings.group is None else None


def policy_grants(settings: EnvironmentSettings) -> tuple[Grant, ...]:
    """What the identity `policy` writes by; nothing where no policy writes."""
    rows = tuple(_WRITES[role] for role in acting(policies_of(settings)))
    return on_taken(rows, taken_grants(settings))


def guard_grants(settings: EnvironmentSettings) -> tuple[Grant, ...]:
    """Rows of people, jobs and CI that come with guard rails."""
    ci = policies_of(settings) is not None and settings.shared.ci_environment is not None
    return (*(SNAPSHOTS if settings.snapshots else ()), *((CI_POLICY,) if ci else ()))


def encryption_grants(settings: EnvironmentSettings) -> tuple[Grant, ...]:
    """Who may wrap and unwrap with the key."""
    encryption = settings.encryption
    if encryption is None:
        return ()
    whom = {ENCRYPTION: "stores are encrypted and read with the key"}
    if "workspace" in encryption.of:
        whom["workspace"] = "the workspace's metadata is encrypted with the key"
    if encryption.cosmos_principal_id:
        whom[COSMOS] = "the workspace's Cosmos DB is encrypted with the key"
    return tuple(row(who, Role.CRYPTO_USER, "vault", reason) for who, reason in whom.items())


def governance_purposes(settings: EnvironmentSettings) -> tuple[str, ...]:
    """Purposes of the identities that guard rails need."""
    policy = (POLICY,) if acting(policies_of(settings)) else ()
    return (*policy, *((ENCRYPTION,) if settings.encryption else ()))


def governance_roles(settings: EnvironmentSettings) -> set[Role]:
    """Roles of all these rows: CI's administrator must be able to assign them."""
    rows = (*policy_grants(settings), *guard_grants(settings), *encryption_grants(settings))
    return {grant.role for grant in rows}
