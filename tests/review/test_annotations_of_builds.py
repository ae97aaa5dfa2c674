"""Findings stand beside file and line on GitHub and on Azure Pipelines, and say nothing else to them."""

import re

import pytest

from tests.review.handmade import finding, resource, review, rich, stack_review
from twinloop.review.annotations import annotations
from twinloop.review.model import Place

EVIL = "a\n::set-output name=x::y\r##vso[task.setvariable variable=x]y %0A %AZP25 ];,: \u202e"


def lines(style, *stacks):
    return annotations(review(*stacks), style).splitlines()


def evil():
    one = resource(urn=f"urn:pulumi:dev::p::storage:Account::{EVIL}")
    said = finding("refuse", one, what=EVIL, why=EVIL, fix=EVIL, rule=EVIL)
    return stack_review(findings=[said], places={one.urn: Place(file=EVIL, line=3)})


def test_github_is_told_severity_file_and_line():
    first, second, third = lines("github", rich())
    assert first.startswith(
        "::error file=Pulumi.dev.yaml,line=31,title=one-way-property (dev)::dev: storage:StorageAccount "
    )
    assert second.startswith("::warning file=infra/a%2Cb%3Ac.py,line=2,")
    assert third.startswith("::notice title=new (dev)::")


def test_azure_pipelines_is_told_severity_file_and_line():
    first, second = lines("azure-pipelines", rich())
    assert first.startswith(
        "##vso[task.logissue type=error;sourcepath=Pulumi.dev.yaml;linenumber=31;code=one-way-property;]dev: "
    )
    assert second.startswith("##vso[task.logissue type=warning;sourcepath=infra/a,b:c.py;linenumber=2;")


def test_the_gravest_come_first():
    kinds = [line.split()[0] for line in lines("github", rich("dev"), rich("prod"))]
    assert kinds == ["::error", "::error", "::warning", "::warning", "::notice", "::notice"]


def test_no_word_of_a_finding_is_a_command_to_github():
    (line,) = lines("github", evil())
    properties, message = re.fullmatch(r"::error (.*?)::(.*)", line).groups()
    assert [part.split("=")[0] for part in properties.split(",")] == ["file", "line", "title"]
    assert "%250A" in message
    assert "\u202e" not in line


def test_no_word_of_a_finding_is_a_command_to_azure_pipelines():
    (line,) = lines("azure-pipelines", evil())
    properties = re.match(r"##vso\[task.logissue ([^\]]*)\]", line)[1]
    assert [part.split("=")[0] for part in properties.split(";") if part] == [
        "type", "sourcepath", "linenumber", "code",
    ]  # fmt: skip
    assert "%AZP250A" in line


def test_a_style_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match="'gitlab' do not exist; there are github, azure-pipelines"):
        annotations(review(rich()), "gitlab")
