"""Compiles the byte code of what a first day imports; called by venv.sh.

Some 16,000 modules are installed, a fourth of which a person's first day imports. To import those compiles
those, in half the time of compiling all; what is left is compiled with its first use. The project's own code
is compiled whole. (What it names of pulumi_azure_native, the engine compiles itself: `stacks/sdk_imports`.)
"""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OWN = ("infra", "checks", "policies", "twinloop", "components")
# By who imports them together; each line is a process of its own, the longest first.
IMPORTED = (
    ("mlflow.server.handlers", "mlflow.sklearn", "azureml.mlflow"),  # the tracking server, and steps of jobs
    ("azure.ai.ml.entities", "azure.identity", "azure.mgmt.core", "azure.storage.filedatalake"),
    ("sklearn.ensemble", "sklearn.model_selection", "lightgbm", "matplotlib.backends.backend_agg"),
    ("pulumi", "pulumi_kubernetes.core.v1", "kubernetes.dynamic", "uvicorn", "typer.core", "pytest"),
)


def importing(names: tuple[str, ...]) -> subprocess.Popen[bytes]:
    """A process that imports; what cannot be imported here is told by whoever needs it."""
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MPLBACKEND": "Agg"}
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", f"import {', '.join(names)}"],
        env=environment | quiet,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


if __name__ == "__main__":
    started = [importing(names) for names in IMPORTED]
    for room in OWN:
        compileall.compile_dir(ROOT / room, quiet=2)
    for process in started:
        process.wait()
