"""Every YAML file that is shipped for Azure ML names its schema and is read by Azure's own loader."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = "https://azuremlschemas.azureedge.net/latest/"
KINDS = {  # schema -> type in the file
    "commandJob": "command",
    "pipelineJob": "pipeline",
    "commandComponent": "command",
}
FILES = sorted(
    path
    for room in ("pipelines", "components")
    for ending in ("*.yml", "*.yaml")
    for path in (ROOT / room).rglob(ending)
)


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def is_conda(path: Path) -> bool:
    """A conda file is conda's and has no schema; it is one if a component or job names it as such."""
    return any(
        f"conda_file: {start}{path.relative_to(other.parent).as_posix()}" in other.read_text(encoding="utf-8")
        for other in FILES
        if path != other and path.is_relative_to(other.parent)
        for start in ("", "./")
    )


MINE = [path for path in FILES if not is_conda(path)]


def test_there_are_files_to_hold():
    assert {named(path) for path in MINE} >= {
        "pipelines/quickstart/job.yml",
        "pipelines/classical/training.yml",
    }


@pytest.mark.parametrize("path", MINE, ids=named)
def test_a_file_begins_with_the_schema_of_its_kind(path):
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith(f"$schema: {SCHEMAS}"), f"{named(path)}: the first line must be its $schema"
    kind = first.removeprefix(f"$schema: {SCHEMAS}").removesuffix(".schema.json")
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["type"] == KINDS[kind]


@pytest.mark.parametrize("path", MINE, ids=named)
def test_azures_own_loader_takes_a_file_without_a_complaint(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from azure.ai.ml import load_component, load_job

        is_component = "Component.schema.json" in path.read_text(encoding="utf-8").splitlines()[0]
        entity = (load_component if is_component else load_job)(path)
        result = entity._validate()
    assert result.error_messages == {}


def test_the_quickstart_is_a_job_of_about_ten_lines_with_a_script_beside_it():
    job = ROOT / "pipelines" / "quickstart" / "job.yml"
    assert len(job.read_text(encoding="utf-8").splitlines()) <= 12
    body = yaml.safe_load(job.read_text(encoding="utf-8"))
    assert (job.parent / body["code"] / "train.py").exists()
    assert "compute" not in body
    assert [(job.parent / given["path"]).resolve().exists() for given in body["inputs"].values()] == [True]
