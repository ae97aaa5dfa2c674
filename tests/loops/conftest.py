"""A twin with a platform, a data scientist's MLClient on it, and a pipeline whose second step fails."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.localazure.conftest import twin_server
from tests.localazure.jobs.conftest import environment, platform, scientist
from twinloop.loops.runs import TERMINAL, state_of
from twinloop.loops.submit import read, submit

__all__ = ["environment", "platform", "scientist", "twin_server"]

CUT = """
import argparse, pathlib
p = argparse.ArgumentParser()
p.add_argument("--table"); p.add_argument("--rows")
a = p.parse_args()
lines = pathlib.Path(a.table).read_text().splitlines()
pathlib.Path(a.rows, "rows.txt").write_text("\\n".join(lines[1:]))
print("cut", len(lines) - 1, "rows")
"""
SUM = """
import argparse, pathlib
p = argparse.ArgumentParser()
p.add_argument("--rows"); p.add_argument("--factor", type=int)
p.add_argument("--note"); p.add_argument("--total")
a = p.parse_args()
numbers = [int(x) for x in pathlib.Path(a.rows, "rows.txt").read_text().split()]
assert a.factor < 5, f"a factor of {a.factor} is too much"
pathlib.Path(a.total, "total.txt").write_text(str(sum(numbers) * a.factor))
import os
print("note:", a.note)
print("sample:", os.environ.get("TWINLOOP_SAMPLE"))
"""
COMPONENT = """
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
name: {name}
type: command
code: ./src
environment: azureml:here:1
"""
PORTS = {
    "cut": """
inputs: {table: {type: uri_file}}
outputs: {rows: {type: uri_folder}}
command: python main.py --table ${{inputs.table}} --rows ${{outputs.rows}}
""",
    "sum": """
inputs:
  rows: {type: uri_folder}
  factor: {type: integer, default: 2}
  note: {type: string, optional: true}
outputs: {total: {type: uri_folder}}
command: >-
  python main.py --rows ${{inputs.rows}} --factor ${{inputs.factor}} $[[--note ${{inputs.note}}]]
  --total ${{outputs.total}}
""",
}
PIPELINE = """
type: pipeline
display_name: sum of a table
experiment_name: loops
settings: {default_compute: azureml:cpu}
inputs:
  table: {type: uri_file, path: table.csv}
  factor: 9
jobs:
  cut:
    type: command
    component: ./cut/component.yaml
    inputs: {table: "${{parent.inputs.table}}"}
  sum:
    type: command
    component: ./sum/component.yaml
    inputs: {rows: "${{parent.jobs.cut.outputs.rows}}", factor: "${{parent.inputs.factor}}"}
"""


def write_pipeline(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, code in (("cut", CUT), ("sum", SUM)):
        (folder / name / "src").mkdir(parents=True)
        (folder / name / "src" / "main.py").write_text(code)
        (folder / name / "component.yaml").write_text(COMPONENT.format(name=name) + PORTS[name])
    (folder / "table.csv").write_text("n\n" + "".join(f"{n}\n" for n in range(1, 101)))
    (folder / "pipeline.yml").write_text(PIPELINE)
    return folder / "pipeline.yml"


def ended(client, name):
    deadline = time.monotonic() + 90
    while state_of(job := client.jobs.get(name)) not in TERMINAL:
        assert time.monotonic() < deadline, f"{name} is still {job.status}"
        time.sleep(0.1)
    return job


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """What tests of this folder keep from one to the next: a job is run once."""
    return {"folder": tmp_path_factory.mktemp("pipelines")}


@pytest.fixture
def pipeline(shared):
    """The pipeline's file."""
    if "file" not in shared:
        shared["file"] = write_pipeline(shared["folder"] / "sum")
    return shared["file"]


@pytest.fixture
def failed(shared, pipeline, platform, environment, scientist):
    """Name of a job whose step `cut` completed and whose step `sum` failed, as its factor is too much."""
    if "failed" not in shared:
        job = submit(scientist, read(pipeline))
        assert state_of(ended(scientist, job.name)) == "Failed"
        shared["failed"] = job.name
    return shared["failed"]
