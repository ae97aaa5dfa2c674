"""The MLflow process: MLflow's own tracking API, one SQLite file per workspace, behind a shared secret.

Run as `python -m twinloop.localazure.jobs.tracking_server FOLDER`. The secret comes on the first line of
standard input; the port goes out on standard output; the process ends when its standard input does.
"""

from __future__ import annotations

import contextlib
import contextvars
import hmac
import json
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"

import mlflow
from mlflow.entities import LifecycleStage, SourceType
from mlflow.exceptions import MlflowException
from mlflow.server import app as mlflow_app
from mlflow.server import handlers
from mlflow.store.tracking.dbmodels.models import SqlLoggedModel, SqlRun, SqlTag
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from werkzeug.serving import WSGIRequestHandler, make_server

SECRET_HEADER = "HTTP_X_TWINLOOP_SECRET"  # noqa: S105 - the name of a header
WORKSPACE = "HTTP_X_TWINLOOP_WORKSPACE"
UNUSED = "azureml://unused"  # every experiment says where its artifacts are
TEMPLATES = Path(sys.prefix) / "share" / "twinloop"
Environ = dict[str, Any]
Start = Callable[..., Any]

_workspace: contextvars.ContextVar[str] = contextvars.ContextVar("workspace")


class RunStore(SqlAlchemyStore):  # type: ignore[misc]
    """MLflow's store, with runs whose ids the jobs decide, and models kept inside the runs that made them."""

    def put_run(self, run: dict[str, Any]) -> None:
        """Make a run, or bring its state up to what the job says."""
        experiment = self.get_experiment_by_name(run["experiment"])
        experiment_id = experiment.experiment_id if experiment else self._new_experiment(run)
        with self.ManagedSessionMaker(read_only=False) as session:
            row = session.query(SqlRun).filter(SqlRun.run_uuid == run["id"]).one_or_none()
            if row is None:
                row = SqlRun(
                    run_uuid=run["id"],
                    name=run["name"],
                    experiment_id=int(experiment_id),
                    artifact_uri=f"{run['artifacts']}/{run['id']}/artifacts",
                    user_id=run["user"],
                    source_type=SourceType.to_string(SourceType.JOB),
                    source_name="",
                    entry_point_name="",
                    source_version="",
                    start_time=run["start"],
                    lifecycle_stage=LifecycleStage.ACTIVE,
                    deleted_time=None,
                )
                row.tags = [SqlTag(key=key, value=value) for key, value in run["tags"].items()]
                session.add(row)
            row.status = run["status"]
            row.end_time = run["end"]

    def _new_experiment(self, run: dict[str, Any]) -> str:
        try:
            return str(self.create_experiment(run["experiment"], artifact_location=run["artifacts"]))
        except MlflowException:  # another request was first
            return str(self.get_experiment_by_name(run["experiment"]).experiment_id)

    def create_logged_model(self, experiment_id: str, *args: Any, **kwargs: Any) -> Any:
        """MLflow keeps models beside the runs; Azure ML's artifact addresses know runs only."""
        model = super().create_logged_model(experiment_id, *args, **kwargs)
        if not model.source_run_id:
            return model
        root = self.get_experiment(experiment_id).artifact_location
        with self.ManagedSessionMaker(read_only=False) as session:
            row = session.query(SqlLoggedModel).filter(SqlLoggedModel.model_id == model.model_id).one()
            row.artifact_location = f"{root}/{model.source_run_id}/artifacts/models/{model.model_id}"
        return self.get_logged_model(model.model_id)


def empty_database(file: Path, templates: Path = TEMPLATES) -> None:
    """Make an empty database of MLflow's: a copy of one that was made once for this version of MLflow.

    Its some fifty migrations take seconds, and their result is always the same.
    """
    template = templates / f"mlflow-{mlflow.__version__}.sqlite3"
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".new-") as folder:
        made = Path(folder) / "empty.sqlite3"
        if template.exists():
            shutil.copyfile(template, made)
        else:
            RunStore(f"sqlite:///{made}", UNUSED).engine.dispose()
            with contextlib.suppress(OSError):  # an installation that is not ours to write to has no template
                templates.mkdir(parents=True, exist_ok=True)
                own = templates / f".{os.getpid()}.sqlite3"
                shutil.copyfile(made, own)
                own.replace(template)
        made.replace(file)


class Stores:
    """The store of the workspace that a request is about; MLflow's handlers take it for their one store."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stores: dict[str, RunStore] = {}
        self._lock = threading.Lock()

    def current(self) -> RunStore:
        """The store of this request's workspace."""
        name = _workspace.get()
        with self._lock:
            if name not in self._stores:
                file = self._folder / f"{name}.sqlite3"
                if not file.exists():
                    empty_database(file)
                self._stores[name] = RunStore(f"sqlite:///{file}", UNUSED)
            return self._stores[name]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.current(), name)


def application(stores: Stores, secret: str) -> Callable[[Environ, Start], Iterable[bytes]]:
    """MLflow's API and the two calls of the local Azure's own, for whoever has the secret."""

    def serve(environ: Environ, start: Start) -> Iterable[bytes]:
        if not hmac.compare_digest(environ.get(SECRET_HEADER, ""), secret):
            start("403 Forbidden", [("Content-Type", "text/plain")])
            return [b"this port is the local Azure's own"]
        _workspace.set(environ[WORKSPACE])
        if environ["PATH_INFO"] == "/_twin/runs":
            body = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
            for run in body["runs"]:
                stores.current().put_run(run)
            start("200 OK", [("Content-Type", "application/json")])
            return [b"{}"]
        return mlflow_app(environ, start)  # type: ignore[no-any-return]

    return serve


class _Quiet(WSGIRequestHandler):
    """Keeps connections open and writes no line per request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_args: Any, **_kwargs: Any) -> None:
        """The local Azure logs requests itself."""


def main() -> int:
    """Serve until standard input ends."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    secret = sys.stdin.readline().strip()
    stores = Stores(folder)
    handlers._tracking_store = stores  # where MLflow keeps a server's one store
    server = make_server("127.0.0.1", 0, application(stores, secret), threaded=True, request_handler=_Quiet)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
