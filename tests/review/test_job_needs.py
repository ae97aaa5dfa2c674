"""What pipelines need is read from their files; what settings mean is read from the comments beside them."""

from pathlib import Path

import pytest
import yaml

from checks.catalogue.reach import indexes
from twinloop.review.job_needs import job_needs
from twinloop.review.stack_reasons import reasons

ROOT = Path(__file__).resolve().parents[2]
PIPELINE = {
    "$schema": "https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json",
    "type": "pipeline",
    "display_name": "score",
    "settings": {"default_compute": "azureml:cpu", "default_datastore": "azureml:monitoring"},
    "inputs": {"trips": {"type": "uri_folder", "path": "azureml://datastores/curated/paths/trips"}},
    "jobs": {"step": {"type": "parallel", "component": "../parts/step.yaml", "compute": "azureml:batch"}},
}
COMPONENT = {
    "type": "command",
    "environment": {"image": "mcr.microsoft.com/azureml/base", "conda_file": "./conda.yaml"},
}
CONDA = {"channels": ["conda-forge"], "dependencies": ["python=3.11", {"pip": ["pandas"]}]}


def write(folder, name, content):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")


@pytest.fixture
def checkout(tmp_path):
    write(tmp_path, "pipelines/score.yml", PIPELINE)
    write(tmp_path, "pipelines/conda.yaml", CONDA)
    write(tmp_path, "parts/step.yaml", COMPONENT)
    write(tmp_path, "parts/conda.yaml", CONDA)
    return tmp_path


def test_a_pipeline_needs_what_it_and_its_components_name(checkout):
    (one,) = job_needs(checkout)
    assert (one.name, one.file) == ("score", "pipelines/score.yml")
    assert set(one.computes) == {"cpu", "batch"}
    assert set(one.datastores) == {"curated", "monitoring"}
    assert set(one.indexes) == {"conda", "PyPI"}
    assert one.parallel


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ("azureml://registries/azureml/environments/sklearn-1.5/labels/latest", set()),
        ("azureml:mine:3", set()),
        ({"image": "mcr.microsoft.com/azureml/base"}, set()),
        ({"image": "cr.azurecr.io/mine:1"}, set()),
        ({"image": "python:3.12"}, {"Docker Hub"}),
        ({"image": "mcr.microsoft.com/x", "conda_file": {"dependencies": [{"pip": ["a"]}]}}, {"PyPI"}),
        ({"build": {"path": "."}}, {"PyPI"}),
    ],
)
def test_an_environment_needs_the_indexes_that_it_is_built_from(tmp_path, environment, wanted):
    write(tmp_path, "pipelines/job.yml", {"type": "command", "environment": environment})
    (one,) = job_needs(tmp_path)
    assert set(one.indexes) == wanted <= set(indexes())


@pytest.mark.parametrize("content", ["[", "- a list", "just text", "\x00", "schema: of something else"])
def test_a_file_that_is_no_job_is_passed_over(tmp_path, content):
    write(tmp_path, "pipelines/other.yml", content)
    assert job_needs(tmp_path) == ()


def test_every_pipeline_of_ours_is_read():
    named = {one.file for one in job_needs(ROOT)}
    assert {"pipelines/quickstart/job.yml", "pipelines/classical/training.yml"} <= named


STACK = """\
# About the whole file, and no reason for anything.
config:
  twinloop:protect: false # made and destroyed at will
  twinloop:lake: # one account
    sku: Standard_LRS
    # a week is enough
    # for what can be made again
    softDeleteDays: 7
  twinloop:clusters:
    - name: cpu
      maxNodes: 4 # four at a time
    - { name: gpu, maxNodes: 1 } # dear
  # no kubernetes: two of its nodes always run,
  # and here everything stops at night
  twinloop:quotas:
    - { family: "standard#Family", limit: 24 }
  twinloop:owner: "a#b@example.com"
"""


def test_reasons_stand_behind_a_setting_or_above_it(tmp_path):
    write(tmp_path, "Pulumi.dev.yaml", STACK)
    assert reasons(tmp_path / "Pulumi.dev.yaml") == {
        "twinloop:kubernetes": "two of its nodes always run, and here everything stops at night",
        "twinloop:protect": "made and destroyed at will",
        "twinloop:lake": "one account",
        "twinloop:lake.softDeleteDays": "a week is enough for what can be made again",
        "twinloop:clusters[cpu].maxNodes": "four at a time",
        "twinloop:clusters[gpu]": "dear",
        "twinloop:clusters[gpu].name": "dear",
        "twinloop:clusters[gpu].maxNodes": "dear",
    }
