"""Which of the ten elements an environment covers, with what, and what it lacks."""

import pytest

from checks.catalogue.elements import elements, parts
from checks.catalogue.resource_types import resource_types
from checks.coverage import coverage, findings
from tests.checks.planned import resource

TOKENS = {
    part: next(
        (
            token
            for token in resource_types()
            if any(part.fits(token, name.replace("*", "x")) for name in part.names)
        ),
        "",
    )
    for part in parts()
    if part.tokens
}


def everything(without=()):
    return [
        resource(token.removeprefix("azure-native:"), part.names[0].replace("*", "deploy"), f"/x/{number}")
        for number, (part, token) in enumerate(TOKENS.items())
        if token and token not in without
    ]


def covered(resources):
    return coverage("dev", resources, shared=resources, evidence={"pipelines": 2})


def test_an_environment_with_a_resource_of_every_part_covers_all_ten():
    found = covered(everything())
    assert [one.number for one in found] == list(range(1, 11))
    assert all(one.whole for one in found), [one for one in found if not one.whole]
    assert findings(found) == ()


@pytest.mark.parametrize(
    ("lost", "element", "part"),
    [
        ("storage:BlobContainer", 1, "zones"),
        ("machinelearningservices:Workspace", 2, "workspace"),
        ("machinelearningservices:Compute", 3, "computes for training"),
        ("machinelearningservices:Registry", 4, "registry"),
        ("operationalinsights:Workspace", 8, "logs"),
        ("monitor:ActionGroup", 10, "who is told"),
    ],
)
def test_what_is_lost_is_missed_by_name_with_what_to_declare(lost, element, part):
    (one,) = findings(covered(everything(without=(f"azure-native:{lost}",))))
    assert one.rule == "element-not-covered"
    assert one.what.startswith(f"element {element}, {elements()[element].name}, lacks {part}")
    assert one.fix


def test_no_pipeline_no_inner_loop():
    found = coverage("dev", everything(), shared=everything(), evidence={})
    assert [(one.number, one.missing) for one in found if not one.whole] == [(3, ("pipelines",))]


def test_an_empty_environment_lacks_all_of_them():
    assert [one.severity for one in findings(coverage("dev", []))] == ["warn"] * 10


def test_every_part_is_of_types_that_there_are():
    for part, token in TOKENS.items():
        assert token or part.also, part
