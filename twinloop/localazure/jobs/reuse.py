"""Whether an earlier run may answer for a step: the same code on the same data in the same environment."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from checks.environments.curated import asked
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs.asset_lookup import asset_properties
from twinloop.localazure.jobs.data import DataFailed, JobData
from twinloop.localazure.jobs.records import Job, jobs
from twinloop.localazure.jobs.states import COMPLETED
from twinloop.localazure.jobs.steps import Step

KIND = "mlreuse"  # workspace and fingerprint -> the run that can be reused, with the digests of its outputs


def fingerprint(twin: Twin, step: Step, uris: dict[str, str], data: JobData) -> str:
    """A hash of everything that decides what a step does; empty if its data cannot be read to tell.

    Args:
        twin: the twin.
        step: the step.
        uris: where its data inputs lie, by name.
        data: reads as the step's identity would.
    """
    try:
        contents = {name: data.digest(uri) for name, uri in sorted(uris.items())}
    except DataFailed:
        return ""
    facts: dict[str, Any] = {
        "command": step.command,
        "code": _code(twin, step.code),
        "environment": _environment(twin, step.environment),
        "literals": {name: given.value for name, given in sorted(step.inputs.items()) if not given.is_data},
        "data": {name: [step.inputs[name].type, contents[name]] for name in contents},
        "outputs": {
            name: [out.type, out.uri, out.asset_name, out.asset_version]
            for name, out in sorted(step.outputs.items())
        },
        "variables": step.variables,
        "instances": step.instances,
        "distribution": step.document()["distribution"],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def find(twin: Twin, workspace: str, mark: str, data: JobData) -> Job | None:
    """The completed run with this fingerprint whose outputs are still as it left them."""
    row = twin.store.get(KIND, _key(workspace, mark)) if mark else None
    if row is None:
        return None
    job = jobs(twin).get(workspace, row["job"])
    if job is None or job.status != COMPLETED:
        return None
    try:
        whole = all(
            data.digest(job.outputs[name]["uri"]) == digest for name, digest in row["outputs"].items()
        )
    except (DataFailed, KeyError):
        return None
    return job if whole else None


def remember(twin: Twin, job: Job, mark: str, data: JobData) -> None:
    """Let later steps reuse this run."""
    digests = {name: data.digest(output["uri"]) for name, output in job.outputs.items()}
    twin.store.put(KIND, _key(job.workspace, mark), {"job": job.name, "outputs": digests})


def _code(twin: Twin, code: str) -> str:
    """The content hash that the client computed; without one, the version's own id."""
    properties = _properties(twin, code, "properties")
    return str((properties.get("properties") or {}).get("hash_sha256") or code)


def _environment(twin: Twin, reference: str) -> Any:
    """What the environment is made of; of a registry's, its address, which has its version."""
    if asked(reference):
        return reference
    return _properties(twin, reference, "image", "condaFile", "build")


def _properties(twin: Twin, arm_id: str, *names: str) -> dict[str, Any]:
    properties = (asset_properties(twin, arm_id) if arm_id else None) or {}
    return {name: properties.get(name) for name in names}


def _key(workspace: str, mark: str) -> str:
    return f"{ArmId(workspace).key}/{mark}"
