"""The model now registered under a name, fetched as the job's own identity."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

WORKSPACE = ("AZUREML_ARM_SUBSCRIPTION", "AZUREML_ARM_RESOURCEGROUP", "AZUREML_ARM_WORKSPACE_NAME")


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


def fetch(client: "MLClient", name: str, folder: Path) -> tuple[str, Path] | None:
    """Download the newest version under `name`.

    Returns:
        Version and the folder that holds its MLmodel file; None when nothing is registered under the name.
        Being refused is an error and never looks like an empty registry.

    Raises:
        FileNotFoundError: what is registered is no MLflow model.
    """
    from azure.core.exceptions import ResourceNotFoundError

    try:
        versions = list(client.models.list(name=name))
    except ResourceNotFoundError:
        return None
    if not versions:
        return None
    newest = max(versions, key=lambda model: int(model.version) if str(model.version).isdigit() else -1)
    client.models.download(name=name, version=str(newest.version), download_path=str(folder))
    found = next(folder.rglob("MLmodel"), None)
    if found is None:
        raise FileNotFoundError(f"{name}:{newest.version} holds no MLmodel file: it is no MLflow model")
    return str(newest.version), found.parent
