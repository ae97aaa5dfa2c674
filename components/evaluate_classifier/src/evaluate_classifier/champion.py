"""The model now registered under a name, fetched as the job's own identity, in a process of its own.

Run as `python -m evaluate_classifier.champion NAME FOLDER`; the last line on standard output is the answer.
"""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

WORKSPACE = ("AZUREML_ARM_SUBSCRIPTION", "AZUREML_ARM_RESOURCEGROUP", "AZUREML_ARM_WORKSPACE_NAME")


class NotInAJobError(Exception):
    """The variables that tell a job its workspace are missing."""


class ChampionUnknownError(Exception):
    """The registry could not be asked; what is registered is not known."""


class Fetching:
    """The champion on its way, while this process loads and asks the candidate.

    Azure ML's client and MLflow take seconds each to import; side by side they take half as long.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self._name = name
        self._child = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "evaluate_classifier.champion", name, str(folder)],
            stdout=subprocess.PIPE,
            text=True,
        )

    def result(self) -> tuple[str, Path] | None:
        """What `fetch` found.

        Raises:
            ChampionUnknownError: the process failed; its words are on standard error, as this step's are.
        """
        said, _ = self._child.communicate()
        if self._child.returncode:
            raise ChampionUnknownError(
                f"the registry could not be asked for {self._name}: see above for the reason"
            )
        found = json.loads(said.strip().splitlines()[-1])
        return (found["version"], Path(found["path"])) if found else None


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


def main() -> int:
    """Fetch the champion and say where it lies."""
    logging.disable(logging.INFO)  # the client tells at length what it downloads
    name, folder = sys.argv[1:]
    found = fetch(workspace_client(), name, Path(folder))
    print(json.dumps({"version": found[0], "path": str(found[1])} if found else None))
    return 0


if __name__ == "__main__":
    sys.exit(main())
