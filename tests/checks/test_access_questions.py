"""Questions in people's words: yes by an assignment, or no with the missing role and the row to write."""

from dataclasses import replace

import pytest

from checks.access_places import UnknownPlace
from checks.access_query import UnknownPrincipal
from checks.access_questions import MEANING, Question, UnclearQuestion, answer, parse
from checks.catalogue.access_words import phrases
from infra.rights.table import Role
from tests.checks.planned import (
    CURATED,
    GROUP,
    LANDING,
    PEOPLE,
    SCIENTISTS,
    SUBSCRIPTION,
    VAULT,
    WORKSPACE,
    account,
    grant,
    identity,
    resource,
)

TRAINING_ID = "aaaaaaaa-0000-4000-8000-000000000000"
TRAINING = identity("training", TRAINING_ID)
REGISTRY = f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.MachineLearningServices/registries/mlr"
PLACES = [
    resource("machinelearningservices:Registry", "registry", REGISTRY, stack="shared"),
    resource("machinelearningservices:Workspace", "ml", WORKSPACE),
    resource("storage:BlobContainer", "lake-curated", CURATED, containerName="curated"),
    resource("storage:BlobContainer", "lake-landing", LANDING, containerName="landing"),
    resource("machinelearningservices:Datastore", "curated", f"{WORKSPACE}/datastores/curated"),
    resource("keyvault:Vault", "vault", VAULT),
    resource("resources:ResourceGroup", "group", GROUP),
    account(),
    TRAINING,
]
STACKS = ("shared", "dev")


def ask(text, *granted):
    return answer(parse(text, STACKS), [*PLACES, *granted], people=PEOPLE)


def test_yes_comes_with_the_assignment():
    given = grant(TRAINING_ID, "AzureML Registry User", REGISTRY)
    told = ask("can training in dev read the registry?", given)
    assert told.allowed
    assert (told.right.role, told.right.urn) == ("AzureML Registry User", given.urn)
    assert told.principal == "training (id-mlp-dev-training)"


def test_no_comes_with_the_missing_role_and_the_row_to_write():
    told = ask("training in dev read curated", grant(TRAINING_ID, "Storage Blob Data Reader", LANDING))
    assert not told.allowed
    assert told.role == "Storage Blob Data Reader"
    assert 'row("training", Role("Storage Blob Data Reader"), "lake-curated"' in told.fix
    assert Role("Storage Blob Data Reader") is Role.BLOB_READER  # the row can be pasted as it stands


def test_the_row_that_is_written_turns_no_into_yes():
    told = ask("training in dev read curated")
    assert ask("training in dev read curated", grant(TRAINING_ID, told.role, CURATED)).allowed


def test_a_right_above_reaches_what_is_below():
    assert ask("training write curated", grant(TRAINING_ID, "Storage Blob Data Contributor", GROUP)).allowed


def test_the_registry_of_dev_is_the_one_that_it_builds_on():
    assert ask("training read the dev registry").where == "registry mlr"


def test_people_are_asked_for_by_their_group():
    given = grant(SCIENTISTS, "AzureML Data Scientist", WORKSPACE)
    assert ask("data-scientists submit workspace in dev", given).allowed
    assert not ask("ml-engineers submit workspace in dev", given).allowed


def test_it_works_before_any_principal_has_an_id():
    nameless = replace(TRAINING, outputs={})
    given = replace(grant("[unknown]", "AzureML Registry User", REGISTRY), depends_on=(TRAINING.urn,))
    resources = [nameless, *(one for one in PLACES if one.id != TRAINING.id)]
    question = parse("training read the registry", STACKS)
    assert answer(question, [*resources, given], people=PEOPLE).allowed
    assert not answer(question, resources, people=PEOPLE).allowed


def test_who_may_only_elevate_itself_may_not_yet():
    eligible = replace(
        grant(SCIENTISTS, "Storage Blob Data Reader", CURATED),
        type="azure-native:authorization:PimRoleEligibilitySchedule",
    )
    told = ask("data-scientists read curated", eligible)
    assert not told.allowed
    assert told.fix.startswith("it may elevate itself to Storage Blob Data Reader")


def test_an_operation_of_azure_may_be_asked_for_as_it_is():
    question = Question(
        who="training", what="Microsoft.KeyVault/vaults/secrets/getSecret/action", where="vault"
    )
    told = answer(question, PLACES, people=PEOPLE)
    assert (told.data, told.role) == (True, "Key Vault Secrets User")


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("training the registry", UnclearQuestion, "no verb"),
        ("read the registry", UnclearQuestion, "nobody before 'read'"),
        ("training read", UnclearQuestion, "no place after 'read'"),
        ("trainer read the registry", UnknownPrincipal, "data-scientists, ml-engineers, training"),
        ("training in prd read the registry", UnclearQuestion, "'prd' is no stack: "),
        ("training read the moon", UnknownPlace, "registry, images"),
        ("training pull vault", UnclearQuestion, "read"),
    ],
)
def test_what_is_not_understood_is_said_with_what_is_known(text, error, said):
    with pytest.raises(error) as unclear:
        ask(text)
    assert said in str(unclear.value)


def test_every_verb_has_words_of_the_table():
    known = {one.words for one in phrases()}
    assert set(MEANING.values()) <= known
