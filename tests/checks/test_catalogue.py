"""The table of resource types and the schemas of their bodies."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from checks.catalogue import generate_schemas
from checks.catalogue.resource_types import ResourceType, by_arm_type, resource_types
from checks.catalogue.schemas import FILE, Node, Schema, input_problems, problems, schema_of, steps_of

ROWS = sorted(resource_types().values(), key=lambda row: row.arm_type)
TYPES_OF_THE_PLATFORM = 74


def knows(schema: Schema, path: str) -> bool:
    """Whether a body path leads to something that the schema knows, in one of its shapes."""

    def leads(view: Any, steps: list[str]) -> bool:
        if isinstance(view, Node):
            inner = view.items or view
            return (
                not steps
                or inner.kind == "any"
                or any(leads(schema.shapes[n].wire, steps) for n in inner.shapes)
            )
        return not steps or (steps[0] in view and leads(view[steps[0]], steps[1:]))

    return leads(schema.body.wire, list(steps_of(path.replace("[]", ""))))


def test_the_table_has_the_types_of_the_platform() -> None:
    assert len(ROWS) == TYPES_OF_THE_PLATFORM
    assert len(by_arm_type()) == TYPES_OF_THE_PLATFORM


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.token)
def test_every_row_says_where_it_is_from(row: ResourceType) -> None:
    assert len(row.source) > 10


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.token)
def test_the_api_version_is_the_one_that_the_programs_class_uses(row: ResourceType) -> None:
    _, namespace, name = row.token.split(":")
    cls = getattr(importlib.import_module(f"pulumi_azure_native.{namespace}"), name)
    source = Path(importlib.import_module(cls.__module__).__file__ or "").read_text()
    assert re.search(r"Uses Azure REST API version ([\w-]+)", source)[1] == row.api_version  # type: ignore[index]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.token)
def test_the_parameters_of_the_url_are_arguments_of_the_programs_class(row: ResourceType) -> None:
    wanted = {*row.parameters, *row.query} - {"subscriptionId"}
    assert set(schema_of(row.arm_type).parameters) == wanted


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.token)
def test_the_arm_type_is_the_one_in_the_path(row: ResourceType) -> None:
    provider, _, rest = row.path.rpartition("/providers/")[2].partition("/")
    types = [part for part in rest.split("/")[::2] if part]
    expected = (
        "/".join([provider, *types]) if "/providers/" in row.path else "Microsoft.Resources/resourceGroups"
    )
    assert row.arm_type == expected


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.token)
def test_the_example_in_the_words_of_a_name_rule_obeys_the_rule(row: ResourceType) -> None:
    assert row.name_rule
    example = re.search(r"e\.g\. (\S+)$", row.name_rule)
    if example:
        name = "0f2d7a52-6a3e-4c55-8e2e-5a3d0c7a8b11" if "UUID" in row.name_rule else example[1]
        assert re.fullmatch(row.name_pattern, name)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.token)
def test_every_body_path_of_a_row_is_one_that_the_service_knows(row: ResourceType) -> None:
    schema = schema_of(row.arm_type)
    named = [
        *row.create_only,
        *row.one_way,
        *row.required,
        *row.keep_if_unset,
        *row.secret,
        *(reference.at for reference in row.references),
        *row.rename.values(),
    ]
    # Answers may hold more than the program's classes tell of; what a request may hold, they must.
    unknown = [path for path in named if not knows(schema, path)]
    assert unknown == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.token)
def test_what_arm_adds_by_default_is_itself_a_body_that_it_takes(row: ResourceType) -> None:
    found = problems(schema_of(row.arm_type), row.defaults)
    assert [problem for problem in found if problem.given != "missing"] == []


def test_the_committed_schemas_are_what_the_generator_gives() -> None:
    assert FILE.read_text() == generate_schemas.text(), "run: python -m checks.catalogue.generate_schemas"


def test_an_unknown_type_is_named_with_those_there_are() -> None:
    with pytest.raises(LookupError, match=r"no schema for 'Microsoft.Compute/disks'; known: Microsoft\."):
        schema_of("Microsoft.Compute/disks")


ACCOUNT = schema_of("microsoft.storage/STORAGEACCOUNTS")


def an_account(**properties: Any) -> dict[str, Any]:
    return {
        "location": "westeurope",
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": properties,
    }


def test_a_right_body_has_no_problems() -> None:
    assert problems(ACCOUNT, an_account(isHnsEnabled=True, networkAcls={"defaultAction": "Deny"})) == []


def test_what_a_client_sends_back_as_it_read_it_is_no_problem() -> None:
    read = {
        **an_account(provisioningState="Succeeded", primaryEndpoints={"blob": "https://x"}),
        "id": "/subscriptions/s",
        "name": "x",
        "type": "Microsoft.Storage/storageAccounts",
        "etag": "e",
        "systemData": {},
    }
    read["sku"]["tier"] = "Standard"
    assert problems(ACCOUNT, read) == []


@pytest.mark.parametrize(
    ("properties", "path", "allowed"),
    [
        ({"isHnsEnabld": True}, "properties.isHnsEnabld", "did you mean 'isHnsEnabled'?"),
        ({"networkRuleSet": {}}, "properties.networkRuleSet", "did you mean"),
        ({"isHnsEnabled": 1}, "properties.isHnsEnabled", "true or false is wanted"),
        ({"accessTier": "Warm"}, "properties.accessTier", "allowed: Hot, Cool, Premium, Cold"),
        ({"networkAcls": []}, "properties.networkAcls", "an object is wanted"),
        ({"networkAcls": {}}, "properties.networkAcls.defaultAction", "it is required"),
        (
            {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": 3}]}},
            "properties.networkAcls.ipRules[0].value",
            "a string is wanted",
        ),
    ],
)
def test_a_wrong_body_is_told_with_path_and_what_is_allowed(
    properties: dict[str, Any], path: str, allowed: str
) -> None:
    (problem,) = problems(ACCOUNT, an_account(**properties))
    assert problem.path == path
    assert allowed in problem.allowed


def test_an_enumeration_that_a_service_may_extend_has_no_case() -> None:
    assert problems(ACCOUNT, {**an_account(), "kind": "storagev2"}) == []
    assert [each.path for each in problems(ACCOUNT, {**an_account(), "kind": "StorageV9"})] == ["kind"]


def test_a_body_that_is_no_object_is_a_problem() -> None:
    assert [str(problem) for problem in problems(ACCOUNT, [])] == [
        "body: given a list of 0; an object is wanted"
    ]


def test_what_is_required_below_a_missing_container_is_missing() -> None:
    assignment = schema_of("Microsoft.Authorization/roleAssignments")
    assert {problem.path for problem in problems(assignment, {})} == {
        "properties.principalId",
        "properties.roleDefinitionId",
    }


def test_the_program_and_the_wire_say_the_same_by_their_own_names() -> None:
    wire = an_account(networkAcls={"defaultAction": "Deny", "ipRules": [{"value": "1.2.3.4"}]})
    program = {
        "resourceGroupName": "rg",
        "accountName": "x",
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "networkRuleSet": {"defaultAction": "Deny", "ipRules": [{"iPAddressOrRange": "1.2.3.4"}]},
    }
    assert problems(ACCOUNT, wire) == []
    assert input_problems(ACCOUNT, program) == []


def test_elements_with_properties_of_their_own_are_checked_inside_them() -> None:
    group = schema_of("Microsoft.Network/networkSecurityGroups")
    rule = {"name": "deny", "properties": {"access": "Refuse", "direction": "Inbound", "protocol": "*"}}
    (problem,) = problems(group, {"location": "westeurope", "properties": {"securityRules": [rule]}})
    assert problem.path == "properties.securityRules[0].properties.access"


def test_an_identity_set_is_a_list_in_the_program_and_an_object_on_the_wire() -> None:
    identity = {"type": "UserAssigned", "userAssignedIdentities": {"/subscriptions/s/id": {}}}
    assert problems(ACCOUNT, {**an_account(), "identity": identity}) == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.arm_type)
def test_what_leaves_tombstones_has_a_rule_that_ends_them_and_nothing_else_has_one(row: ResourceType) -> None:
    assert (row.purge is not None) == (row.delete == "soft")
    if row.purge is not None:
        assert bool(row.purge.query) != bool(row.purge.tombstones and row.purge.of)
