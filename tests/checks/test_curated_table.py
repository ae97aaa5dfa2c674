"""Curated environments by rule: the table, the names that lead to it, and how closely a job follows it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from checks.environments import curated
from checks.environments.differences import differences
from checks.environments.images import UnknownImage, base_of, described
from checks.environments.recipe import BadRecipe, Recipe, demanded, fidelity, to_build
from checks.environments.requirements import BadCondaFile, Wanted, read_conda

SKLEARN = "azureml://registries/azureml/environments/sklearn-1.5"


@pytest.mark.parametrize("row", curated.table().values(), ids=lambda row: row.name)
def test_every_row_has_a_source_a_python_and_frameworks_among_its_packages(row):
    names = {Requirement(text).name for text in row.packages}
    assert row.frameworks <= names
    assert row.source.startswith("https://github.com/Azure/azureml-assets/tree/")
    assert all((row.date, row.python, row.system))
    assert not names & set(row.left_out)
    assert any(Requirement(text).name == "azureml-mlflow" for text in row.packages)


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        (f"{SKLEARN}/labels/latest", "sklearn-1.5"),
        (f"{SKLEARN}/versions/34", "sklearn-1.5"),
        (SKLEARN, "sklearn-1.5"),
        ("azureml:AzureML-sklearn-1.5@latest", "sklearn-1.5"),
        ("azureml:AzureML-sklearn-1.0-ubuntu20.04-py38-cpu@latest", "sklearn-1.0"),
        ("AzureML-sklearn-1.1-ubuntu20.04-py38-cpu:5", "sklearn-1.1"),
        ("azureml:AzureML-lightgbm-3.3-ubuntu18.04-py37-cpu:44", "lightgbm-3.3"),
        ("azureml:AzureML-ACPT-pytorch-2.2-py310-cuda12.1-gpu@latest", "acpt-pytorch-2.2-cuda12.1"),
    ],
)
def test_every_way_to_name_a_curated_environment_leads_to_its_row(reference, name):
    found = curated.asked(reference)
    assert found is not None
    row = curated.find(found.name)
    assert row is not None
    assert row.name == name


def test_a_workspaces_own_environment_is_not_taken_for_a_curated_one():
    for reference in ("azureml:train:1", "/subscriptions/s/resourceGroups/g/x", "azureml:sklearn-1.5@latest"):
        assert curated.asked(reference) is None


def test_a_label_becomes_the_version_of_the_table_and_a_version_stays():
    latest = curated.pinned(f"{SKLEARN}/labels/latest")
    assert latest == curated.pinned("azureml:AzureML-sklearn-1.5@latest")
    assert latest == f"{SKLEARN}/versions/{curated.table()['sklearn-1.5'].version}"
    assert curated.pinned(f"{SKLEARN}/versions/7") == f"{SKLEARN}/versions/7"


def sklearn() -> Recipe:
    return Recipe(name="sklearn-1.5", base=base_of("mcr.microsoft.com/azureml/curated/sklearn-1.5:42"))


def test_near_asks_for_the_packages_by_name():
    assert "scikit-learn" in demanded(sklearn(), "near").packages
    assert demanded(sklearn(), "near").python == ""


def test_a_build_holds_the_frameworks_and_leaves_the_others_to_the_resolver():
    packages = to_build(sklearn(), "held").packages
    assert "scikit-learn~=1.5.0" in packages
    assert "numpy" in packages
    assert demanded(sklearn(), "held") == to_build(sklearn(), "held")


def test_exact_asks_for_all_published_versions_and_the_images_python():
    wanted = to_build(sklearn(), "exact")
    assert wanted.python == "==3.10.*"
    assert set(wanted.packages) == set(curated.table()["sklearn-1.5"].packages)


def test_what_a_user_wrote_goes_before_what_the_image_has():
    own = Wanted(python="", packages=("numpy==2.0.1", "requests"))
    made = Recipe(name="own", base=sklearn().base, wanted=own)
    packages = to_build(made, "held").packages
    assert packages[:2] == ("numpy==2.0.1", "requests")
    assert not any(text.startswith("numpy") for text in packages[2:])


@given(st.text())
def test_a_fidelity_is_one_of_three_words_or_refused_with_them(word):
    try:
        told = fidelity({"TWINLOOP_ENVIRONMENT": word})
    except BadRecipe as error:
        told = str(error)
    known = word.strip().lower()
    assert told == known if known in {"near", "held", "exact"} else "near (" in told


def test_the_sentences_say_python_packages_absences_and_system():
    have = {"scikit-learn": "1.9.1", "numpy": "1.22.4", "pandas": "1.5.3", "azureml-mlflow": "1.62"}
    said = " ".join(differences(sklearn(), "near", "3.11.7", have))
    assert "Python is 3.11.7 here and 3.10 in the image." in said
    assert "scikit-learn 1.9.1 (image: ~=1.5.0)" in said
    assert "numpy 1.22.4" not in said
    assert "Packages of the image that are not here: scipy, joblib" in said
    assert "In the image and not here: scikit-learn-intelex, azureml-core" in said
    assert "Ubuntu 24.04 in the image" in said
    assert "{TWINLOOP_ENVIRONMENT: exact}, or held for scikit-learn only" in said


def test_a_gpu_image_says_that_the_job_runs_on_the_cpu():
    made = Recipe(name="torch", base=base_of("mcr.microsoft.com/azureml/curated/acpt-pytorch-2.8-cuda12.6"))
    assert "The image has CUDA 12.6; here the job runs on the CPU." in differences(made, "near", "3.10.1", {})


@pytest.mark.parametrize(
    ("image", "python", "system"),
    [
        ("python:3.12-slim", "3.12", "Debian"),
        ("docker.io/library/python:3.11", "3.11", "Debian"),
        ("library/python:latest", "", "Debian"),
        ("mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04", "", "Ubuntu 22.04"),
        ("mcr.microsoft.com/azureml/minimal-ubuntu20.04-py38-cpu-inference:20240101", "3.8", "Ubuntu 20.04"),
    ],
)
def test_known_images_say_their_python_and_system(image, python, system):
    assert (base_of(image).python, base_of(image).system) == (python, system)


@pytest.mark.parametrize("image", ["ubuntu:22.04", "pytorch/pytorch:2.4.0", "mlflow/python-base", ""])
def test_an_unknown_image_is_refused_with_what_is_known(image):
    with pytest.raises(UnknownImage, match=r"python:<minor>.*conda_file"):
        base_of(image)


def test_a_curated_image_outside_the_table_is_refused_with_the_names_in_it():
    with pytest.raises(UnknownImage, match=r"not in the table.*sklearn-1\.5"):
        base_of("mcr.microsoft.com/azureml/curated/sklearn-9.9:1")


def test_beside_a_conda_file_any_image_will_do():
    assert described("registry.example.com/team/image:7").python == ""


def test_conda_names_become_those_of_pypi():
    wanted = read_conda("dependencies: [python=3.11, pytorch=2.8, matplotlib-base, numpy]")
    assert wanted == Wanted(python="==3.11.*", packages=("torch==2.8.*", "matplotlib", "numpy"))


@pytest.mark.parametrize("row", ["--no-deps", "-r", "numpy.", "numpy|scipy", "a b c", ""])
def test_a_row_that_is_no_package_is_refused_and_never_becomes_an_option_of_the_builder(row):
    with pytest.raises(BadCondaFile):
        read_conda(f"dependencies: ['{row}']")


@pytest.mark.parametrize(
    ("row", "wanted"),
    [("numpy 1.26.*", "numpy==1.26.*"), ("numpy=1.26", "numpy==1.26.*"),
     ("conda-forge::numpy>=2,<3", "numpy<3,>=2"), ("numpy=1.26.4=py311h64a7726_0", "numpy==1.26.4.*")],
)  # fmt: skip
def test_condas_ways_to_ask_for_a_version_are_read(row, wanted):
    assert read_conda(f"dependencies: ['{row}']").packages == (wanted,)


def test_what_only_conda_has_is_refused_by_name_all_at_once():
    with pytest.raises(BadCondaFile, match="cudatoolkit, r-dplyr, libgcc-ng: no Python package"):
        read_conda("dependencies: [cudatoolkit=11.8, numpy, r-dplyr, libgcc-ng]")
