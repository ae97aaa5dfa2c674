"""MLflow's model registry as a view of the workspace's models: one truth, whichever client asks."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from twinloop.localazure.core.errors import ArmError
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request, read_object
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs.identities import run_of
from twinloop.localazure.jobs.records import jobs, principal_of
from twinloop.localazure.services.machinelearning.asset_store import Assets, assets
from twinloop.localazure.services.machinelearning.datastore_paths import long_uri

Doc = dict[str, Any]
_RUN_ARTIFACT = re.compile(r"azureml://.+/experiments/[^/]+/runs/(?P<run>[^/]+)/artifacts(/(?P<path>.*))?")
_CALL = re.compile(r"/mlflow/((registered-models|model-versions)(/.*)?)$")
MODELS = "Microsoft.MachineLearningServices/workspaces/models"
_EXISTS = "Registered Model (name={name}) already exists. Add a version to it, or give another name."
_NAME_FILTER = re.compile(r"name\s*=\s*'(?P<name>[^']+)'")
_KEPT_PROPERTIES = ("mlflow.runId", "mlflow.modelId")


class _Refused(Exception):
    """A refusal in MLflow's own words."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


def action(rest: str, *, write: bool) -> str:
    """The permission that a call about registered models takes; empty if it is about something else."""
    found = _CALL.search(rest)
    if found is None:
        return ""
    return f"{MODELS}/{'versions/' if found[2] == 'model-versions' else ''}{'write' if write else 'read'}"


def answer(twin: Twin, home: str, rest: str, request: Request, body: bytes) -> Reply | None:
    """The answer to a call about registered models; None if the call is about something else."""
    found = _CALL.search(rest)
    if found is None:
        return None
    try:
        given = {**request.query, **read_object(body)}
        registry = _Registry(twin, ArmId(home), _caller(twin, request.caller))
        return Reply(200, _CALLS.get(found[1], _unknown)(registry, given))
    except KeyError as missing:
        message = f"Missing value for required parameter {missing} of {found[1]}."
        return Reply(400, {"error_code": "INVALID_PARAMETER_VALUE", "message": message})
    except _Refused as refusal:
        return Reply(refusal.status, {"error_code": refusal.code, "message": str(refusal)})
    except ArmError as error:
        code = (
            "RESOURCE_DOES_NOT_EXIST" if error.status == HTTPStatus.NOT_FOUND else "INVALID_PARAMETER_VALUE"
        )
        return Reply(error.status, {"error_code": code, "message": error.message})


def _caller(twin: Twin, principal: Principal) -> Principal:
    """Who is noted as the maker: of a run's own token, whoever submitted the run."""
    key = run_of(twin, principal)
    return principal_of(jobs(twin).by_key(key)) if key else principal


class _Registry:
    """The models of one workspace, in MLflow's words."""

    def __init__(self, twin: Twin, home: ArmId, by: Principal) -> None:
        self.twin, self.home, self.by = twin, home, by
        self.models: Assets = assets(twin, home, "models")

    def create(self, given: Doc) -> Doc:
        name = str(given["name"])
        if any(doc["name"].lower() == name.lower() for doc in self.models.containers()):
            raise _Refused(400, "RESOURCE_ALREADY_EXISTS", _EXISTS.format(name=name))
        self.models.put_container(name, _labels(given), self.by)
        return {"registered_model": self._model(self.models.container(name))}

    def get(self, given: Doc) -> Doc:
        return {"registered_model": self._model(self.models.container(str(given["name"])))}

    def search(self, given: Doc) -> Doc:
        wanted = _NAME_FILTER.search(str(given.get("filter") or ""))
        docs = [doc for doc in self.models.containers() if not wanted or doc["name"] == wanted["name"]]
        return {"registered_models": [self._model(doc) for doc in docs]}

    def latest(self, given: Doc) -> Doc:
        doc = self.models.latest(str(self.models.container(str(given["name"]))["name"]))
        return {"model_versions": [self._version(doc)] if doc else []}

    def create_version(self, given: Doc) -> Doc:
        name = str(given["name"])
        version = self.models.next_version(name)
        properties = {
            key: str(value)
            for key, value in zip(_KEPT_PROPERTIES, (given.get("run_id"), given.get("model_id")), strict=True)
            if value
        }
        body = {
            "modelUri": self._place(str(given.get("source") or "")),
            "modelType": "mlflow_model",
            "jobName": given.get("run_id"),
            "flavors": {"python_function": {"data": {}}},
            "properties": {**properties, "mlflow.source": str(given.get("source") or "")},
            **_labels(given),
        }
        doc, _ = self.models.put_version(name, version, body, self.by)
        return {"model_version": self._version(doc)}

    def get_version(self, given: Doc) -> Doc:
        return {
            "model_version": self._version(self.models.version(str(given["name"]), str(given["version"])))
        }

    def search_versions(self, given: Doc) -> Doc:
        wanted = _NAME_FILTER.search(str(given.get("filter") or ""))
        docs = self.models.versions(wanted["name"]) if wanted else self.models.all_versions()
        return {"model_versions": [self._version(doc) for doc in reversed(docs)]}

    def download_uri(self, given: Doc) -> Doc:
        doc = self.models.version(str(given["name"]), str(given["version"]))
        source = (doc["properties"].get("properties") or {}).get("mlflow.source")
        return {"artifact_uri": source or doc["properties"]["modelUri"]}

    def set_version_tag(self, given: Doc) -> Doc:
        doc = self.models.version(str(given["name"]), str(given["version"]))
        tags = {**(doc["properties"].get("tags") or {}), str(given["key"]): str(given["value"])}
        self.models.put_version(str(given["name"]), str(given["version"]), {"tags": tags}, self.by)
        return {}

    def update_version(self, given: Doc) -> Doc:
        doc, _ = self.models.put_version(
            str(given["name"]), str(given["version"]), {"description": given.get("description")}, self.by
        )
        return {"model_version": self._version(doc)}

    def _place(self, source: str) -> str:
        """Where a source lies; what a run logged is in the run's artifacts."""
        if found := _RUN_ARTIFACT.fullmatch(source):
            return long_uri(
                self.home,
                "workspaceartifactstore",
                f"ExperimentRun/dcid.{found['run']}/{found['path'] or ''}",
            )
        if source.startswith("azureml://") and "/datastores/" in source:
            return source
        raise _Refused(
            400,
            "INVALID_PARAMETER_VALUE",
            f"source '{source}' is neither an artifact of a run nor a path in a datastore of this workspace",
        )

    def _model(self, doc: Doc) -> Doc:
        latest = self.models.latest(doc["name"])
        return {
            "name": doc["name"],
            "creation_timestamp": _milliseconds(doc["systemData"]["createdAt"]),
            "last_updated_timestamp": _milliseconds(doc["systemData"]["lastModifiedAt"]),
            "description": doc["properties"].get("description") or "",
            "latest_versions": [self._version(latest)] if latest else [],
            "tags": _tags(doc),
        }

    def _version(self, doc: Doc) -> Doc:
        properties = doc["properties"]
        known = properties.get("properties") or {}
        return {
            "name": doc["name"],
            "version": doc["version"],
            "creation_timestamp": _milliseconds(doc["systemData"]["createdAt"]),
            "last_updated_timestamp": _milliseconds(doc["systemData"]["lastModifiedAt"]),
            "current_stage": properties.get("stage") or "None",
            "description": properties.get("description") or "",
            "source": known.get("mlflow.source") or properties["modelUri"],
            "run_id": properties.get("jobName") or "",
            "model_id": known.get("mlflow.modelId") or "",
            "status": "READY",
            "tags": _tags(doc),
        }


_CALLS: dict[str, Callable[[_Registry, Doc], Doc]] = {
    "registered-models/create": _Registry.create,
    "registered-models/get": _Registry.get,
    "registered-models/search": _Registry.search,
    "registered-models/get-latest-versions": _Registry.latest,
    "model-versions/create": _Registry.create_version,
    "model-versions/get": _Registry.get_version,
    "model-versions/search": _Registry.search_versions,
    "model-versions/get-download-uri": _Registry.download_uri,
    "model-versions/set-tag": _Registry.set_version_tag,
    "model-versions/update": _Registry.update_version,
}


def _unknown(_registry: _Registry, _given: Doc) -> Doc:
    known = ", ".join(_CALLS)
    raise _Refused(501, "NOT_IMPLEMENTED", f"not emulated by this twin's registry, which knows: {known}")


def _labels(given: Doc) -> Doc:
    tags = {str(tag["key"]): str(tag["value"]) for tag in given.get("tags") or []}
    return {"tags": tags, "description": given.get("description")}


def _tags(doc: Doc) -> list[Doc]:
    return [{"key": key, "value": value} for key, value in (doc["properties"].get("tags") or {}).items()]


def _milliseconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)
