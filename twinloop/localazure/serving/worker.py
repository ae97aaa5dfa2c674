"""The process of one deployment: calls `init()` once and `run()` for each request, as Azure ML's server does.

Run as `python worker.py SCORER ROOT SCRIPT`, by the Python of the deployment's environment, which need
have no package for it: this file is of the standard library alone. SCORER is `script` (an entry script below
ROOT) or `mlflow` (the MLflow model at ROOT). The secret comes on the first line of standard input; the port
goes out on standard output once `init()` has returned; all that is printed goes to the log. The process and
whatever it started end when its standard input does, so that nothing outlives the twin.

The contract of the entry script is that of microsoft/azureml-inference-server (server/user_script.py,
input_parsers.py, routes.py): `run` is given the body as text, and the headers if it asks for
`request_headers`; what it returns is answered as JSON.
"""

from __future__ import annotations

import contextlib
import hmac
import importlib.util
import inspect
import json
import os
import signal
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any, Callable  # noqa: UP035 - the deployment's Python may be an old one

SECRET_HEADER = "x-twinloop-secret"  # noqa: S105 - the name of a header
HEALTHY = b"Healthy"
Run = Callable[[str, "dict[str, str]"], Any]


class BadInput(Exception):
    """A request that the scorer cannot read; the caller is told why."""


def load(name: str, file: Path) -> ModuleType:
    """A module by its file."""
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise RuntimeError(f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def scripted(root: Path, script: str) -> Run:
    """The `run()` of an entry script, after its `init()`.

    Raises:
        RuntimeError: it has no such functions, or wants what is not emulated.
    """
    file = root / script
    sys.path.insert(0, str(file.parent))
    module = load("entry_module", file)
    for name in ("init", "run"):
        if not hasattr(module, name):
            raise RuntimeError(f"{script} has no {name}(): an entry script has init() and run(data)")
    _refuse_decorated(module)
    parameters = list(inspect.signature(module.run).parameters)
    with_headers = "request_headers" in parameters
    data = next((name for name in parameters if name != "request_headers"), None)
    if data is None:
        raise RuntimeError(f"run() of {script} takes no argument; write run(data)")
    module.init()

    def run(text: str, headers: dict[str, str]) -> Any:
        more = {"request_headers": headers} if with_headers else {}
        return module.run(**{data: text}, **more)

    return run


def _refuse_decorated(module: ModuleType) -> None:
    raw = sys.modules.get("azureml_inference_server_http.api.aml_request")
    if raw is not None and getattr(raw, "_rawHttpRequested", False):
        raise RuntimeError("not emulated: @rawhttp; write run(data), which is given the body as text")
    schema = sys.modules.get("inference_schema.schema_util")
    if schema is not None and schema.is_schema_decorated(module.run):
        raise RuntimeError("not emulated: @input_schema; write run(data), which is given the body as text")


def handler(run: Run, secret: str) -> type[BaseHTTPRequestHandler]:
    """Answers whoever has the secret: `GET /` for health, `POST /score` to score, one request at a time."""
    one_at_a_time = threading.Lock()  # as one worker of Azure ML's server: models need not be thread-safe

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """The health probe."""
            if self._knows():
                self._answer(200, HEALTHY, "text/plain")

        def do_POST(self) -> None:
            """One request to score."""
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if not self._knows():
                return
            headers = {key: value for key, value in self.headers.items() if key.lower() != SECRET_HEADER}
            try:
                with one_at_a_time:
                    found = run(body.decode("utf-8"), headers)
                content = json.dumps(found).encode()
            except (BadInput, UnicodeDecodeError) as error:
                self._answer(400, json.dumps({"message": str(error)}).encode(), "application/json")
            except Exception:  # noqa: BLE001 - whatever the script raises
                traceback.print_exc()
                words = "An unexpected error occurred in scoring script. Check the logs for more info."
                self._answer(500, json.dumps({"message": words}).encode(), "application/json")
            else:
                self._answer(200, content, "application/json")

        def _knows(self) -> bool:
            if hmac.compare_digest(self.headers.get(SECRET_HEADER, ""), secret):
                return True
            self._answer(403, b"this port is the local Azure's own", "text/plain")
            return False

        def _answer(self, status: int, content: bytes, kind: str) -> None:
            with contextlib.suppress(ConnectionError):  # who asked went away: it took too long
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, *_words: Any) -> None:
            """Nothing: the local Azure logs requests itself."""

    return Handler


def _end_with_the_twin() -> None:
    sys.stdin.read()
    os.killpg(os.getpgrp(), signal.SIGKILL)


def main() -> int:
    """Begin, say where, serve; never returns while the twin lives."""
    scorer, root, script = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    here = str(Path(__file__).parent)
    sys.path[:] = [
        path for path in sys.path if path != here
    ]  # what a script imports is never meant to be here
    secret = sys.stdin.readline().strip()
    said = os.dup(1)
    os.dup2(2, 1)  # what the script prints is its log
    threading.Thread(target=_end_with_the_twin, daemon=True).start()
    try:
        if scorer == "mlflow":
            run: Run = load("mlflow_scorer", Path(__file__).with_name("mlflow_scorer.py")).scorer(
                root, BadInput
            )
        else:
            run = scripted(root, script)
    except BaseException:  # noqa: BLE001 - SystemExit of a script too: its reason belongs into the log
        traceback.print_exc()
        return 1
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(run, secret))
    os.write(said, f"{server.server_port}\n".encode())
    os.close(said)
    server.serve_forever(poll_interval=None)  # type: ignore[arg-type] # None waits without waking up
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
