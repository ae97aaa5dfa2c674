"""The environment of a job's process: what the cloud sets, and how clients inside it find this twin."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs.environments import Python
from twinloop.localazure.jobs.folders import JobFolder
from twinloop.localazure.jobs.records import Job
from twinloop.localazure.jobs.steps import Step

CLOUD = "LocalCloud"
_MASTER_PORT = 6105


def environment(twin: Twin, job: Job, step: Step, folder: JobFolder, python: Python) -> dict[str, str]:
    """Everything but secrets. Of the user's own environment only the search path and the language get in."""
    workspace = ArmId(job.workspace)
    return {
        **plain(twin, folder.home, python),
        "AZUREML_RUN_ID": job.name,
        "AZUREML_ROOT_RUN_ID": job.parent or job.name,
        "AZUREML_EXPERIMENT_NAME": job.experiment,
        "AZUREML_ARM_SUBSCRIPTION": workspace.subscription,
        "AZUREML_ARM_RESOURCEGROUP": workspace.group,
        "AZUREML_ARM_WORKSPACE_NAME": workspace.name,
        "AZUREML_ARM_PROJECT_NAME": job.experiment,
        "AZUREML_SERVICE_ENDPOINT": twin.base,
        "AZUREML_RUN_POLLING_INTERVAL_MIN": "1",
        "AZUREML_RUN_POLLING_INTERVAL_MAX": "1",
        "AZUREML_NODE_COUNT": str(step.instances),
        "AZ_BATCHAI_JOB_WORK_DIR": str(folder.code),
        "MLFLOW_TRACKING_URI": tracking_uri(twin, job.workspace),
        "MLFLOW_RUN_ID": job.name,
        "MLFLOW_EXPERIMENT_NAME": job.experiment,
        **_distributed(job, step),
        **step.variables,
    }


def plain(twin: Twin, home: Path, python: Python) -> dict[str, str]:
    """What every process has that runs here for somebody: its Python, a HOME of its own, this cloud."""
    cache = twin.azure / "cache"
    return {
        **python.variables,
        "PATH": f"{python.folder}:{os.environ.get('PATH', '/usr/local/bin:/usr/bin:/bin')}",
        "LANG": os.environ.get("LANG", "C.UTF-8"),
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        "HOME": str(home),
        "TMPDIR": str(_made(home / "tmp")),
        "XDG_CACHE_HOME": str(_made(cache)),
        "MPLCONFIGDIR": str(_made(cache / "matplotlib")),
        "AZURE_CONFIG_DIR": str(home / "azure"),
        "NO_PROXY": "localhost,127.0.0.1",
        "no_proxy": "localhost,127.0.0.1",
        "REQUESTS_CA_BUNDLE": str(twin.ca_bundle),
        "SSL_CERT_FILE": str(twin.ca_bundle),
        "ARM_CLOUD_METADATA_URL": f"{twin.base}/metadata/endpoints?api-version=2019-05-01",
        "AZUREML_CURRENT_CLOUD": CLOUD,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }


def secrets(twin: Twin, identity_secret: str, tracking_token: str) -> dict[str, str]:
    """What the process proves itself with; lives in its environment only."""
    return {
        **identity(twin, identity_secret),
        "MLFLOW_TRACKING_TOKEN": tracking_token,
        "AZUREML_RUN_TOKEN": tracking_token,
    }


def identity(twin: Twin, secret: str) -> dict[str, str]:
    """Where a process gets tokens of its identity, and with what."""
    return {"IDENTITY_ENDPOINT": f"{twin.http_base}/msi/token", "IDENTITY_HEADER": secret}


def tracking_uri(twin: Twin, workspace: str) -> str:
    """Where MLflow finds a workspace, as `Workspace.mlflow_tracking_uri` has it."""
    host = twin.base.removeprefix("https://")
    return f"azureml://{host}/mlflow/v1.0{workspace}"


def processes(step: Step) -> int:
    """How many processes run the command."""
    return step.instances * (step.distribution.processes if step.distribution else 1)


def _distributed(job: Job, step: Step) -> Mapping[str, str]:
    if step.distribution is None:
        return {}
    port = _MASTER_PORT + job.number % 20000
    return {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "AZ_BATCH_MASTER_NODE": f"127.0.0.1:{port}",
        "WORLD_SIZE": str(processes(step)),
        "LOCAL_WORLD_SIZE": str(step.distribution.processes),
        "TWINLOOP_PROCESSES_PER_NODE": str(step.distribution.processes),
    }


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
