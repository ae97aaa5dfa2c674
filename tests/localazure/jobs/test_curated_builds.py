"""What is asked of uv for an environment that must be built, and what is said when it cannot be had."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from checks.environments.images import base_of, described
from checks.environments.recipe import Recipe
from checks.environments.requirements import Wanted
from twinloop.localazure.jobs import environments
from twinloop.localazure.jobs.environments import EnvironmentFailed, Environments
from twinloop.loops.document import Document
from twinloop.loops.needs import needs_of

CURATED = "mcr.microsoft.com/azureml/curated/"
STUB = """
import json, pathlib, sys
log = pathlib.Path(__file__).with_name("asked.jsonl")
with log.open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
if sys.argv[1] == "venv" and "3.7" in sys.argv:
    sys.exit("no such Python")
if sys.argv[1] == "pip" and "nowhere" in sys.argv:
    sys.exit("no such package")
if sys.argv[1] == "venv":
    folder = pathlib.Path(sys.argv[-1])
    (folder / "bin").mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text("version_info = 3.11.7\\n")
"""


class Builder:
    """Environments whose uv writes down what it is asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.words: list[str] = []
        self.environments = Environments(folder / "envs")
        (folder / "uv.py").write_text(STUB)

    def python(self, recipe, fidelity="near"):
        return asyncio.run(self.environments.python(recipe, fidelity, self.words.append))

    @property
    def asked(self):
        log = self.folder / "asked.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


@pytest.fixture
def builder(tmp_path, monkeypatch):
    made = Builder(tmp_path)
    monkeypatch.setattr(environments, "_uv", lambda _name: [sys.executable, str(tmp_path / "uv.py")])
    return made


def test_what_the_project_has_by_name_is_not_built(builder):
    python = builder.python(Recipe(name="sklearn", base=base_of(f"{CURATED}sklearn-1.5")))
    assert (python.executable, builder.asked) == (Path(sys.executable), [])


def test_held_builds_with_the_frameworks_pinned_on_the_projects_python_once(builder):
    recipe = Recipe(name="sklearn", base=base_of(f"{CURATED}sklearn-1.5"))
    first, again = builder.python(recipe, "held"), builder.python(recipe, "held")
    assert first.executable == again.executable
    venv, install = builder.asked
    assert sys.executable in venv
    assert "scikit-learn~=1.5.0" in install
    assert "pandas" in install
    assert "lacks scikit-learn~=1.5.0 (here is" in builder.words[0]


def test_exact_asks_for_the_images_python_and_pins(builder):
    builder.python(Recipe(name="sklearn", base=base_of(f"{CURATED}sklearn-1.5")), "exact")
    venv, install = builder.asked
    assert "3.10" in venv
    assert "numpy~=1.22.0" in install


def test_a_curated_gpu_environment_takes_the_packages_for_the_cpu(builder):
    python = builder.python(Recipe(name="torch", base=base_of(f"{CURATED}acpt-pytorch-2.8-cuda12.6")))
    install = builder.asked[1]
    assert install[install.index("--torch-backend") + 1] == "cpu"
    assert "torch==2.10.0" in install
    assert "The image has CUDA 12.6; here the job runs on the CPU." in python.differences


def test_python_and_nothing_else_is_an_environment_without_packages(builder):
    builder.python(
        Recipe(name="bare", base=base_of("python:3.11"), wanted=Wanted(python="", packages=()), bare=True)
    )
    assert [words[0] for words in builder.asked] == ["venv"]


def test_a_python_that_cannot_be_had_says_what_to_run(builder):
    recipe = Recipe(name="old", base=described("x"), wanted=Wanted(python="==3.7.*", packages=()))
    with pytest.raises(EnvironmentFailed, match=r"(?s)no such Python.*`uv python install 3\.7`.*python=3\."):
        builder.python(recipe)


def test_packages_that_cannot_be_had_bring_the_resolvers_words_and_the_way_out(builder):
    recipe = Recipe(
        name="gone", base=base_of(f"{CURATED}sklearn-1.5"), wanted=Wanted(python="", packages=("nowhere",))
    )
    with pytest.raises(EnvironmentFailed, match=r"(?s)no such package.*leave out TWINLOOP_ENVIRONMENT: held"):
        builder.python(recipe, "held")


def test_a_curated_name_needs_nothing_of_the_workspace(tmp_path):
    body = {"environment": "azureml:AzureML-sklearn-1.5@latest", "compute": "azureml:serverless"}
    assert needs_of(Document(tmp_path / "job.yml", body)) == []
