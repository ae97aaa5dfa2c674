"""What a pipeline adds to the processes it runs: ten steps in a chain, then the same again from the cache."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from benchmarks.measure import Figure, wall

STEPS = 10
STAMPS = "stamps.txt"
TWINLOOP = (sys.executable, "-m", "twinloop")
# Each step notes when its process began and when it was about to end; what lies between two is overhead.
COMMAND = (
    "t=$(date +%s.%N); {before}sleep 0.05; "
    'echo "$t $(date +%s.%N)" >> ${{{{outputs.chain}}}}/' + STAMPS
)  # fmt: skip


def measure(checkout: Path) -> list[Figure]:
    """Bring up dev, run the chain twice as a data scientist, and take the twin down again."""
    for stack in ("shared", "dev"):
        wall([*TWINLOOP, "up", "-s", stack, "--yes"], cwd=checkout)
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = _pipeline(Path(folder))
            first = _run(checkout, file)
            gaps = _gaps(checkout, first["name"], Path(folder))
            again = _run(checkout, file)
            steps = _json(checkout, "jobs", "show", again["name"])["steps"]
    finally:
        wall([*TWINLOOP, "twin", "stop"], cwd=checkout)
    reused = sum(bool(step["reusedFrom"]) for step in steps)
    gap = statistics.median(gaps)
    cached = again["seconds"]
    return [
        Figure(
            what=f"end of a step to the next process's start, median of {len(gaps)}",
            ours=f"{gap * 1000:.0f} ms",
            peer=f"longest {max(gaps) * 1000:.0f} ms",
            goal="under 100 ms",
            met=gap < 0.1,
        ),
        Figure(
            what=f"cached re-run of a {STEPS}-step pipeline, after submit",
            ours=f"{cached:.2f} s",
            peer=f"first run {first['seconds']:.2f} s; {reused} of {STEPS} steps reused",
            goal="under 1 s",
            met=cached < 1 and reused == STEPS,
        ),
    ]


def _pipeline(folder: Path) -> Path:
    (folder / "src").mkdir()
    (folder / "src" / "about.txt").write_text("A chain of steps that only note the time.\n")
    environment = {"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04", "conda_file": "conda.yaml"}
    (folder / "conda.yaml").write_text("name: bare\ndependencies:\n  - python>=3.11\n")
    jobs = {}
    for number in range(STEPS):
        before = "cp ${{inputs.chain}}/* ${{outputs.chain}}/; " if number else ""
        component = {
            "type": "command",
            "name": f"bench_step_{number}",
            "version": "1",
            "is_deterministic": True,
            "code": "./src",
            "environment": environment,
            "outputs": {"chain": {"type": "uri_folder"}},
            "command": COMMAND.format(before=before),
        } | ({"inputs": {"chain": {"type": "uri_folder"}}} if number else {})
        (folder / f"step{number}.yml").write_text(yaml.safe_dump(component))
        jobs[f"step{number}"] = {"type": "command", "component": f"./step{number}.yml"} | (
            {"inputs": {"chain": f"${{{{parent.jobs.step{number - 1}.outputs.chain}}}}"}} if number else {}
        )
    last = jobs[f"step{STEPS - 1}"]
    last["outputs"] = {"chain": "${{parent.outputs.chain}}"}
    document = {
        "type": "pipeline",
        "experiment_name": "bench",
        "settings": {"default_compute": "azureml:cpu", "default_datastore": "azureml:workspaceblobstore"},
        "outputs": {"chain": {"type": "uri_folder"}},
        "jobs": jobs,
    }
    file = folder / "chain.yml"
    file.write_text(yaml.safe_dump(document))
    return file


def _run(checkout: Path, file: Path) -> dict[str, Any]:
    return _json(checkout, "submit", str(file), "--stream")


def _gaps(checkout: Path, job: object, folder: Path) -> list[float]:
    _json(checkout, "jobs", "download", str(job), "--output-name", "chain", "-p", str(folder / "down"))
    lines = next((folder / "down").rglob(STAMPS)).read_text().split("\n")
    times = [tuple(map(float, line.split())) for line in lines if line]
    return [after[0] - before[1] for before, after in pairwise(times)]


def _json(checkout: Path, *command: str) -> Any:
    done = subprocess.run(
        [*TWINLOOP, *command, "--json"], cwd=checkout, capture_output=True, text=True, check=False
    )
    answer = json.loads(done.stdout)
    if not answer["ok"]:
        raise RuntimeError(f"{command}: {answer['error']}")
    return answer["result"]
