"""As whom a job runs: the cluster's identity; on serverless compute the submitter, or the workspace's."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import asdict
from typing import Any

from twinloop.localazure.core.directory import SECRETS
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.resources import resource
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs.records import Job, principal_of
from twinloop.localazure.jobs.steps import SERVERLESS, Step

TOKENS = "mljobtoken"  # principal of a running job's tracking token -> the job's key


class NoIdentity(Exception):
    """A cluster or workspace without an identity; the message says what to declare."""


def identity_of(twin: Twin, job: Job, step: Step) -> Principal:
    """The principal whose rights the job has.

    On serverless compute that is the submitter (Azure's default, "user credential passthrough"), and with
    `identity: managed` the user-assigned identity of the workspace.

    Raises:
        NoIdentity: the cluster, or the workspace, has no identity.
    """
    if step.identity == "UserIdentity":
        return principal_of(job)
    if step.compute == SERVERLESS:
        return workspace_identity(twin, job.workspace) if step.identity == "Managed" else principal_of(job)
    doc = resource(twin, ArmId(step.compute)) or {}
    for holder in (*_assigned(twin, doc), doc):
        if found := twin.directory.find(str(holder.get("principalId", ""))):
            return found
    if user := _assigned_user(doc):
        return twin.directory.find(user) or principal_of(job)
    name = step.compute.rpartition("/")[2]
    raise NoIdentity(
        f"cluster '{name}' has no identity, so its jobs may read and write nothing; give it a user-assigned "
        "identity (identity.userAssignedIdentities) that has a data role on the storage"
    )


def workspace_identity(twin: Twin, workspace: str) -> Principal:
    """The user-assigned identity of a workspace: the primary one, else the first.

    Raises:
        NoIdentity: it has none.
    """
    doc = resource(twin, ArmId(workspace)) or {}
    primary = ((doc.get("body") or {}).get("properties") or {}).get("primaryUserAssignedIdentity")
    for holder in (resource(twin, ArmId(primary or "/")) or {}, *_assigned(twin, doc)):
        if found := twin.directory.find(str(holder.get("principalId", ""))):
            return found
    raise NoIdentity(
        f"identity: managed on serverless compute is the workspace's user-assigned identity, and workspace "
        f"'{ArmId(workspace).name}' has none; leave identity out (the job then runs as its submitter), "
        "or name a cluster that has an identity"
    )


def _assigned_user(doc: dict[str, Any]) -> str:
    """Object id of whom a compute instance is for: with single sign-on and no identity, it acts as them."""
    kind = ((doc.get("body") or {}).get("properties") or {}).get("computeType")
    if kind != "ComputeInstance":
        return ""
    settings = (doc["body"]["properties"].get("properties") or {}).get(
        "personalComputeInstanceSettings"
    ) or {}
    return str((settings.get("assignedUser") or {}).get("objectId") or doc["createdBy"]["id"])


def _assigned(twin: Twin, doc: dict[str, Any]) -> list[dict[str, Any]]:
    """The user-assigned identities that a resource has."""
    assigned = ((doc.get("body") or {}).get("identity") or {}).get("userAssignedIdentities") or {}
    return [resource(twin, ArmId(arm_id)) or {} for arm_id in assigned]


def secret_digest(secret: str) -> str:
    """What is kept of a secret, so that it can be ended after a restart."""
    return hashlib.sha256(secret.encode()).hexdigest()


def tracking_principal(job: Job) -> Principal:
    """Who a running job's tracking token names: the run itself, which no role assignment names."""
    return Principal(str(uuid.uuid5(uuid.NAMESPACE_URL, job.key)), "ServicePrincipal", f"run {job.name}")


def open_tracking(twin: Twin, job: Job, seconds: float) -> str:
    """A token for the run's own metrics, good while it runs."""
    principal = tracking_principal(job)
    twin.store.put(TOKENS, principal.id, {"job": job.key})
    return twin.tokens.issue(principal, f"{twin.base}/", seconds)


def run_of(twin: Twin, principal: Principal) -> str:
    """Key of the running job that this principal stands for; empty if it is anybody else."""
    doc = twin.store.get(TOKENS, principal.id)
    return str(doc["job"]) if doc else ""


def close(twin: Twin, job: Job) -> None:
    """End what a job's process was given to prove itself with."""
    with twin.store.transaction():
        twin.store.delete(TOKENS, tracking_principal(job).id)
        if job.process and (digest := job.process.get("secret")):
            twin.store.delete(SECRETS, digest)


def submitter(principal: Principal) -> dict[str, object]:
    """A principal as JSON."""
    return {**asdict(principal), "groups": list(principal.groups)}
