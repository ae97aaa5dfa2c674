"""Who gains and who loses a role inside of a Kubernetes cluster."""

import pytest

from checks.access_inside import access_inside
from checks.plan import Resource

PEOPLE = {"1e7c": "ml-engineers"}


def binding(
    role="edit", *, namespace="tools", subjects=({"kind": "Group", "name": "1e7c"},), kind="RoleBinding"
):
    metadata = {"name": "one", "namespace": namespace} if namespace else {"name": "one"}
    inputs = {
        "metadata": metadata,
        "roleRef": {"kind": "ClusterRole", "name": role},
        "subjects": list(subjects),
    }
    token = f"kubernetes:rbac.authorization.k8s.io/v1:{kind}"
    return Resource(stack="staging", type=token, name="one", urn="urn:pulumi:one", inputs=inputs)


def told(before, after):
    changes = access_inside(before, after, people=PEOPLE)
    return [(one.gained, one.principal, one.what, one.where) for one in changes]


def test_a_group_that_is_bound_in_a_namespace_gains_what_the_role_allows():
    where = "namespace tools of the Kubernetes cluster of staging"
    what = "read secrets, read and write most objects"
    assert told([], [binding()]) == [(True, "ml-engineers", what, where)]
    assert told([binding()], []) == [(False, "ml-engineers", what, where)]


def test_a_binding_that_stays_is_no_news_whatever_it_is_called():
    assert told([binding()], [binding()]) == []


def test_a_wider_role_is_gained_and_the_narrower_one_lost():
    found = told([binding("view")], [binding("edit")])
    assert sorted(gained for gained, *_ in found) == [False, True]


def test_a_binding_of_the_whole_cluster_says_so():
    (one,) = told([], [binding("cluster-admin", namespace="", kind="ClusterRoleBinding")])
    assert one[2:] == ("do everything", "all namespaces of the Kubernetes cluster of staging")


@pytest.mark.parametrize(
    ("role", "risky"), [("view", False), ("edit", True), ("admin", True), ("own", False)]
)
def test_roles_that_read_secrets_or_give_roles_are_marked(role, risky):
    (one,) = access_inside([], [binding(role)], people=PEOPLE)
    assert bool(one.risks) is risky
    assert one.writes is (role != "view")


def test_a_role_of_the_cluster_itself_is_called_by_its_name_and_a_service_account_too():
    (one,) = told([], [binding("own", subjects=[{"kind": "ServiceAccount", "name": "runner"}])])
    assert one[1:3] == ("ServiceAccount runner", "do what role own allows")


@pytest.mark.parametrize("subjects", [None, "<unknown>", ["<unknown>"]])
def test_subjects_that_nobody_knows_yet_say_nothing(subjects):
    one = binding()
    unknown = Resource(stack="staging", type=one.type, name="one", urn=one.urn, inputs={"subjects": subjects})
    assert told([], [unknown]) == []
