"""An environment asks the shared stack only for what the cloud makes, and says so when it is not there."""

import pytest

from infra.program import build
from infra.stackfile.files import read
from tests.infra.conftest import CI_PRINCIPALS, declare, declared, settings_of


def test_the_identities_of_ci_are_those_that_the_shared_stack_publishes():
    assert declared("dev").asked == ["organization/twinloop/shared"]
    row = declared("dev").one(":RoleAssignment", "ci-deploy-contributor-group")
    assert row["principalId"] == CI_PRINCIPALS["ci-deploy-dev"]


def test_a_missing_identity_is_named_with_those_that_are_known():
    with pytest.raises(
        LookupError, match=r"publishes no identity 'ci-\w+(-dev)?' in its output ciPrincipalIds"
    ):
        declare(lambda: build(settings_of("dev")), published={"ciPrincipalIds": {"other": "x"}})


def test_an_environment_without_ci_asks_no_other_stack(config):
    alone = config()
    del alone["twinloop:shared"]["ciEnvironment"]
    settings = read(alone, source="Pulumi.dev-alice.yaml", stack="dev-alice")
    engine = declare(lambda: build(settings), published={})
    assert engine.asked == []
    assert not [row for row in engine.of(":RoleAssignment") if row.name.startswith("ci-")]


def test_a_team_s_own_stack_has_names_and_grants_of_its_own(config):
    own = config() | {"twinloop:environment": "dev-alice"}
    own["twinloop:network"]["addressSpace"] = "10.30.0.0/20"
    settings = read(own, source="Pulumi.dev-alice.yaml", stack="dev-alice")
    engine = declare(lambda: build(settings))

    def ids(of):
        return {row.inputs["roleAssignmentName"] for row in of.of(":RoleAssignment")}

    assert engine.one("machinelearningservices:Workspace")["workspaceName"] == "mlw-mlp-dev-alice-weu"
    assert not ids(engine) & ids(declared("dev"))
