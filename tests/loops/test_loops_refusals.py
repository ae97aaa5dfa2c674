"""What Azure's clients raise is told in words: where, what they said once, and what to type next."""

import pytest
from azure.ai.ml.exceptions import ErrorCategory, ErrorTarget, ValidationException
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError, ServiceRequestError

from twinloop.loops.refusals import asking
from twinloop.loops.workspaces import Workspace
from twinloop.problems import Kind, Problem

HERE = Workspace(subscription="s", group="g", name="w", source="the settings of Pulumi.staging.yaml")
SAID = """(AuthorizationFailed) You may not.
Code: AuthorizationFailed
Message: You may not.
Additional Information:Type: MissingRoles
Info: {
    "roles": []
}"""


def told(error):
    with pytest.raises(Problem) as raised, asking(HERE):
        raise error
    return raised.value


def answered(status, text=SAID):
    error = HttpResponseError(message=text)
    error.status_code = status
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (answered(403), Kind.REFUSED),
        (answered(400), Kind.FAILED),
        (answered(500), Kind.FAILED),
        (ResourceNotFoundError(message=SAID), Kind.NOT_FOUND),
        (ServiceRequestError("no route to host"), Kind.TWIN_UNREACHABLE),
    ],
    ids=["forbidden", "bad request", "server error", "not found", "unreachable"],
)
def test_what_azure_says_is_told_once_with_its_place_and_a_way_on(error, kind):
    problem = told(error)
    assert problem.kind == kind
    assert HERE.id in problem.where
    assert problem.given
    assert problem.next_step
    for internal in ("Additional Information", "Info: {", "Message:"):
        assert internal not in problem.given


@pytest.mark.parametrize("error", [answered(403), ResourceNotFoundError(message="no such workspace")])
def test_the_way_on_names_the_stack_that_named_the_workspace(error):
    assert told(error).next_step.startswith("twinloop up -s staging ")


def test_a_storage_that_refuses_is_a_refusal_and_no_wrong_usage():
    text = "You don't have permission to alter this storage account."
    refused = ValidationException(
        message=text,
        no_personal_data_message=text,
        target=ErrorTarget.JOB,
        error_category=ErrorCategory.USER_ERROR,
    )
    problem = told(refused)
    assert problem.kind == Kind.REFUSED
    assert "--as data-scientist" in problem.next_step


def test_the_clients_advertisements_are_left_out():
    text = "1) One file does not exist.\nResolutions:\nAdditional Resources: buy an editor"
    refused = ValidationException(
        message=text,
        no_personal_data_message=text,
        target=ErrorTarget.JOB,
        error_category=ErrorCategory.USER_ERROR,
    )
    assert told(refused).given == "1) One file does not exist."


def test_a_cloud_that_went_away_before_it_said_what_it_is_is_unreachable_and_no_wrong_usage():
    text = 'Unknown cloud environment supplied: "LocalCloud".'
    problem = told(ValidationException(text, text))
    assert problem.kind == Kind.TWIN_UNREACHABLE
    assert problem.next_step.startswith("twinloop twin start")
