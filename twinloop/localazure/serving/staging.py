"""Brings together what a deployment's process runs with: model, code, a Python, variables."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from checks.environments.recipe import BadRecipe, Recipe, fidelity, of_conda
from checks.environments.requirements import BadCondaFile
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.resources import resource
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs.asset_lookup import asset_properties, split
from twinloop.localazure.jobs.data import DataFailed, JobData
from twinloop.localazure.jobs.environments import EnvironmentFailed, Python
from twinloop.localazure.jobs.recipes import recipe
from twinloop.localazure.jobs.runner import runner
from twinloop.localazure.jobs.variables import plain
from twinloop.localazure.serving.deployment import Deployment, Folder

STORAGE, SERVER = "StorageInitializer", "InferenceServer"  # the containers whose logs Azure ML gives out
WORKER = Path(__file__).with_name("worker.py")
_MLFLOW = "mlflow_model"
# Of models without code; machine-learning/how-to-deploy-mlflow-models-online-endpoints names it.
_IMAGE = "mcr.microsoft.com/azureml/mlflow-ubuntu20.04-py38-cpu-inference"


class StagingFailed(Exception):
    """A deployment that cannot be made; `code` is Azure ML's word for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Staged:
    """What a process is started with."""

    arguments: tuple[str, ...]
    folder: Path  # working directory
    variables: dict[str, str]


async def stage(twin: Twin, deployment: Deployment, folder: Folder) -> Staged:
    """Copy model and code unless they are there, find or build the Python.

    Raises:
        StagingFailed: the endpoint's identity may not read the model, or the environment cannot be had.
    """
    say = _saying(folder.log(STORAGE))
    try:
        if not folder.ready.exists():
            await asyncio.to_thread(_copy, twin, deployment, folder, say)
        made = await asyncio.to_thread(_recipe, twin, deployment, folder)
        environments = runner(twin).executor.environments
        python = await environments.python(made, fidelity(deployment.variables), say)
    except DataFailed as error:
        say(str(error))
        raise StagingFailed("BadArgument", str(error)) from error
    except (BadRecipe, BadCondaFile, EnvironmentFailed) as error:
        say(str(error))
        raise StagingFailed("ImageBuildFailure", str(error)) from error
    for line in (python.place, *python.differences):
        say(line)
    return await asyncio.to_thread(_staged, twin, deployment, folder, python)


def identity_of(twin: Twin, deployment: Deployment) -> Principal:
    """As whom a deployment runs: the identity of its endpoint.

    Raises:
        StagingFailed: it has none.
    """
    doc = resource(twin, deployment.endpoint) or {}
    assigned = ((doc.get("body") or {}).get("identity") or {}).get("userAssignedIdentities") or {}
    for holder in (*(resource(twin, ArmId(one)) or {} for one in assigned), doc):
        if found := twin.directory.find(str(holder.get("principalId", ""))):
            return found
    raise StagingFailed(
        "BadArgument",
        f"endpoint '{deployment.endpoint.name}' has no identity, so its deployments may read no "
        "model; make it with identity.type SystemAssigned, or a UserAssigned one that may read the storage",
    )


def _copy(twin: Twin, deployment: Deployment, folder: Folder, say: Callable[[str], None]) -> None:
    for old in (folder.code, folder.models):
        shutil.rmtree(old, ignore_errors=True)
    folder.code.mkdir(parents=True)
    folder.models.mkdir()
    if deployment.code:
        properties = _version(twin, deployment.code, "code")
        JobData(twin, deployment.workspace.text).read(
            str(properties["codeUri"]), folder.code, folder=True, what="code"
        )
        say(f"code {deployment.code}: copied")
        if not (folder.code / deployment.script).is_file():
            raise StagingFailed(
                "BadArgument",
                f"codeConfiguration.scoringScript: '{deployment.script}' is not in the code, which has: "
                f"{', '.join(sorted(path.name for path in folder.code.iterdir()))}",
            )
    if model := str(deployment.properties.get("model") or ""):
        properties = _version(twin, model, "model")
        data = _reader(twin, deployment, ArmId(model))
        uri = str(properties["modelUri"])
        target = _model_folder(folder, model)
        name = PurePosixPath(uri.rstrip("/")).name
        what = f"model '{target.parent.name}'"
        whole = not data.is_file(uri, what)
        data.read(uri, target / name if whole else target, folder=whole, what=what)
        say(f"model {model}: copied from {uri}")
    folder.ready.touch()


def _reader(twin: Twin, deployment: Deployment, model: ArmId) -> JobData:
    """Reads the model by the endpoint's rights; one of a registry comes by the registry's own."""
    registry = "/registries/" in model.key
    principal = None if registry else identity_of(twin, deployment)
    return JobData(twin, deployment.workspace.text, principal, whose="the endpoint's")


def _version(twin: Twin, arm_id: str, what: str) -> dict[str, Any]:
    found = asset_properties(twin, arm_id)
    if found is None:
        raise StagingFailed("BadArgument", f"{what} '{arm_id}' was deleted; deploy one that exists")
    return found


def _model_folder(folder: Folder, model: str) -> Path:
    parts = split(model)
    return folder.models / parts[2] / parts[3] if parts else folder.models


def _mlflow_root(folder: Folder, model: str) -> Path:
    """The folder with the file MLmodel."""
    found = sorted(_model_folder(folder, model).rglob("MLmodel"), key=lambda path: len(path.parts))
    if not found:
        raise StagingFailed("BadArgument", f"model '{model}' is an mlflow_model without a file MLmodel")
    return found[0].parent


def _recipe(twin: Twin, deployment: Deployment, folder: Folder) -> Recipe:
    """The environment that is named, or else the one that the MLflow model brings."""
    if environment := deployment.properties.get("environmentId"):
        return recipe(twin, str(environment))
    root = _mlflow_root(folder, str(deployment.properties["model"]))
    described = yaml.safe_load((root / "MLmodel").read_text(encoding="utf-8")) or {}
    env = ((described.get("flavors") or {}).get("python_function") or {}).get("env") or {}
    file = root / str((env.get("conda") if isinstance(env, dict) else env) or "conda.yaml")
    if not file.is_file():
        raise StagingFailed(
            "ImageBuildFailure",
            f"the model has no {file.name}, which says what it needs; name an environment in the deployment",
        )
    return of_conda("of the model", _IMAGE, file.read_text(encoding="utf-8"))


def _staged(twin: Twin, deployment: Deployment, folder: Folder, python: Python) -> Staged:
    model = str(deployment.properties.get("model") or "")
    folder.home.mkdir(parents=True, exist_ok=True)
    if deployment.script:
        scorer = ("script", str(folder.code), deployment.script)
    else:
        scorer = ("mlflow", str(_mlflow_root(folder, model)), "-")
    given = {
        "AML_APP_ROOT": str(folder.code),
        "AZUREML_ENTRY_SCRIPT": deployment.script,
        "AZUREML_MODEL_DIR": str(_model_folder(folder, model)),
    }
    return Staged(
        arguments=(str(python.executable), str(WORKER), *scorer),
        folder=(folder.code / deployment.script).parent if deployment.script else folder.home,
        variables=plain(twin, folder.home, python) | given | deployment.variables,
    )


def _saying(log: Path) -> Callable[[str], None]:
    def say(line: str) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(line.rstrip("\n") + "\n")

    return say
