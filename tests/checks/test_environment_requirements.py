"""Conda files in pip's words, and what an interpreter lacks of them."""

from __future__ import annotations

import platform as machine
import re

import pytest

from checks.environments.interpreter import Package, installed_here, unmet
from checks.environments.requirements import BadCondaFile, Wanted, read_conda


def test_a_conda_file_is_read_as_pip_would_write_it():
    text = "dependencies: [python=3.11, numpy=1.26, pip, {pip: ['scikit-learn>=1.7', 'a[b]==1']}]"
    wanted = read_conda(text)
    assert wanted.python == "==3.11.*"
    assert wanted.packages == ("numpy==1.26.*", "scikit-learn>=1.7", "a[b]==1")


@pytest.mark.parametrize("row", ["-r more.txt", "not a package!", "a=="])
def test_a_requirement_that_cannot_be_read_is_refused_with_its_text(row):
    with pytest.raises(BadCondaFile, match=re.escape(row)):
        read_conda(f"dependencies: [{{pip: ['{row}']}}]")


def test_a_conda_file_that_is_read_already_is_taken_as_it_is():
    assert read_conda({"dependencies": ["python=3.11", {"pip": ["numpy"]}]}).packages == ("numpy",)


@pytest.mark.parametrize("given", ["just words", ["numpy"]])
def test_what_is_no_conda_file_is_refused(given):
    with pytest.raises(BadCondaFile, match="not a mapping"):
        read_conda(given)


def test_what_this_interpreter_lacks_is_named_with_what_it_has():
    def lacking(*packages, python=""):
        return unmet(Wanted(python=python, packages=packages), machine.python_version(), installed_here)

    assert lacking("pytest>=1", "pyyaml") == []
    lacks = lacking("pytest==0.1", "no-such-package-here", python="==2.7.*")
    assert lacks[0] == f"python==2.7.* (here is {machine.python_version()})"
    assert lacks[1].startswith("pytest==0.1 (here is ")
    assert lacks[2] == "no-such-package-here (not installed here)"


def test_markers_are_judged_by_the_interpreter_that_is_asked_about():
    wanted = Wanted(python="", packages=("tomli; python_version < '3.11'",))
    assert unmet(wanted, "3.10.2", {}.get) == ["tomli (not installed here)"]
    assert unmet(wanted, "3.12.0", {}.get) == []


def test_what_an_extra_brings_must_be_there_too():
    have = {"a": Package("1.0", ("b>=2; extra == 'more'", "c; extra == 'other'")), "b": Package("1.9")}
    assert unmet(Wanted(python="", packages=("a[more]",)), "3.11.4", have.get) == ["b>=2 (here is 1.9)"]
    assert unmet(Wanted(python="", packages=("a",)), "3.11.4", have.get) == []


def test_a_version_that_cannot_be_read_meets_nothing():
    have = {"a": Package("weird build")}
    assert unmet(Wanted(python="", packages=("a>=1",)), "3.11.4", have.get) == ["a>=1 (here is weird build)"]
