"""The workspace's model registry, spoken to as the job's own identity."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import Model

WORKSPACE = ("AZUREML_ARM_SUBSCRIPTION", "AZUREML_ARM_RESOURCEGROUP", "AZUREML_ARM_WORKSPACE_NAME")
FINGERPRINT = "fingerprint"


class NotInAJobError(Exception):
    """The variables that tell a job its workspace are missing."""


def workspace_client() -> "MLClient":
    """A client on the workspace that runs this job, as the identity that the job runs as.

    Raises:
        NotInAJobError: a variable that Azure ML sets for each job is missing.
    """
    missing = [name for name in WORKSPACE if not os.environ.get(name)]
    if missing:
        raise NotInAJobError(
            f"{', '.join(missing)} not set: this step runs as an Azure ML job, which sets them"
        )
    from azure.ai.ml import MLClient
    from azure.identity import DefaultAzureCredential

    credential = DefaultAzureCredential(
        managed_identity_client_id=os.environ.get("DEFAULT_IDENTITY_CLIENT_ID")
    )
    subscription, group, workspace = (os.environ[name] for name in WORKSPACE)
    return MLClient(credential, subscription, group, workspace, enable_telemetry=False)


def versions(client: "MLClient", name: str) -> list["Model"]:
    """Every version under a name, newest first; empty when the name is not used yet."""
    from azure.core.exceptions import ResourceNotFoundError

    try:
        found = list(client.models.list(name=name))
    except ResourceNotFoundError:
        return []
    return sorted(found, key=lambda m: int(m.version) if str(m.version).isdigit() else -1, reverse=True)


def job_facts(client: "MLClient") -> dict[str, str]:
    """The pipeline job that this step belongs to, and the code commit it was submitted from, if any."""
    root = os.environ.get("AZUREML_ROOT_RUN_ID") or os.environ.get("AZUREML_RUN_ID", "")
    facts = {"job": root}
    properties: dict[str, Any] = (client.jobs.get(root).properties or {}) if root else {}
    if commit := properties.get("mlflow.source.git.commit") or properties.get("azureml.git.commit"):
        facts["commit"] = str(commit)
        facts["uncommitted_changes"] = str(properties.get("azureml.git.dirty", "unknown")).lower()
    return facts


def register(client: "MLClient", name: str, folder: Path, description: str, tags: dict[str, str]) -> "Model":
    """Make the next version under `name`."""
    from azure.ai.ml.constants import AssetTypes
    from azure.ai.ml.entities import Model

    model = Model(
        name=name, path=str(folder), type=AssetTypes.MLFLOW_MODEL, description=description, tags=tags
    )
    return client.models.create_or_update(model)
