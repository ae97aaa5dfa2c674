"""One plan, all checks: what is refused stops it, and what other stacks do is not this plan's doing."""

from datetime import date

from checks import gate
from checks.plan import Change, Difference, StackPlan
from checks.waivers import Waiver
from tests.checks.planned import PEOPLE, SCIENTISTS, STORE, SUBSCRIPTION, WORKSPACE, account, grant, resource

TODAY = date(2026, 11, 21)
LIMITS = {(SUBSCRIPTION.rpartition("/")[2], "westeurope", "standarddsv2family"): 24}


def cluster(most, stack="dev"):
    return resource(
        "machinelearningservices:Compute",
        "cpu",
        f"{WORKSPACE}/computes/{stack}-cpu",
        location="westeurope",
        stack=stack,
        properties={
            "computeType": "AmlCompute",
            "properties": {
                "vmSize": "Standard_DS3_v2",
                "vmPriority": "Dedicated",
                "enableNodePublicIp": False,
                "remoteLoginPortPublicAccess": "Disabled",
                "scaleSettings": {"minNodeCount": 0, "maxNodeCount": most},
            },
            "disableLocalAuth": True,
        },
    )


def plan(before, after, *changes):
    return StackPlan(stack="dev", before=tuple(before), after=tuple(after), changes=changes)


def refusals(of, **more):
    return [one.rule for one in gate.refused(gate.findings(of, today=TODAY, **more))]


def test_a_plan_that_changes_nothing_is_not_refused():
    lake = account(allowSharedKeyAccess=False)
    assert refusals(plan([lake], [lake], Change(op="same", before=lake, after=lake))) == []


def test_a_store_that_opens_to_anybody_is_refused():
    before, after = account(allowSharedKeyAccess=False), account(allowBlobPublicAccess=True)
    assert refusals(plan([before], [after], Change(op="update", before=before, after=after))) == [
        "exposure-anonymous"
    ]


def test_a_cluster_beyond_the_quota_is_refused_and_counts_beside_those_of_other_stacks():
    mine, theirs = cluster(4), cluster(4, "staging")
    growing = plan([], [mine], Change(op="create", before=None, after=mine))
    assert "quota-exceeded" not in refusals(growing, limits=LIMITS)
    assert "quota-exceeded" in refusals(growing, limits=LIMITS, others={"staging": (theirs,)})


def test_what_only_another_stack_does_is_not_told_here():
    theirs = account(stack="staging", allowBlobPublicAccess=True)
    assert gate.findings(plan([], []), others={"staging": (theirs,)}) == ()


def test_a_role_without_a_source_is_refused():
    unknown = grant(SCIENTISTS, "11111111-2222-3333-4444-555555555555", STORE)
    of = plan([], [unknown], Change(op="create", before=None, after=unknown))
    beside = {"shared": (account("stother", stack="shared", allowSharedKeyAccess=False),)}
    assert refusals(of, people=PEOPLE, others=beside) == ["access-unknown-role"]


def test_where_no_other_stack_can_be_looked_at_a_role_may_be_theirs():
    unknown = grant(SCIENTISTS, "11111111-2222-3333-4444-555555555555", STORE)
    of = plan([], [unknown], Change(op="create", before=None, after=unknown))
    assert refusals(of, people=PEOPLE) == []
    told = [one for one in gate.findings(of, people=PEOPLE, today=TODAY) if one.rule == "access-unknown-role"]
    assert [one.severity for one in told] == ["warn"]


def test_a_lost_store_is_refused_until_a_waiver_says_who_why_and_until_when():
    lake = account()
    change = Change(
        op="replace",
        before=lake,
        after=lake,
        differences=(Difference(path="isHnsEnabled", before=False, after=True, replaces=True),),
    )
    of = plan([lake], [lake], change)
    assert refusals(of) == ["stateful-replace"]
    waiver = Waiver(
        rule="stateful-replace", resource=lake.urn, who="ada@example.com", why="copied first", until=TODAY
    )
    assert refusals(of, waivers=[waiver]) == []


def endpoint(**properties):
    return resource(
        "machinelearningservices:OnlineEndpoint",
        "taxi",
        f"{WORKSPACE}/onlineEndpoints/taxi",
        properties={"authMode": "AADToken", "publicNetworkAccess": "Disabled", **properties},
    )


def closed_workspace():
    return resource(
        "machinelearningservices:Workspace",
        "ml",
        WORKSPACE,
        publicNetworkAccess="Disabled",
        systemDatastoresAuthMode="Identity",
        managedNetwork={"isolationMode": "AllowOnlyApprovedOutbound"},
    )


def test_a_public_door_in_a_closed_environment_is_refused_when_it_comes_and_told_when_it_stood():
    workspace, shut, open_ = closed_workspace(), endpoint(), endpoint(publicNetworkAccess="Enabled")
    opening = plan([workspace, shut], [workspace, open_], Change(op="update", before=shut, after=open_))
    assert refusals(opening) == ["exposure-in-closed-environment"]
    told = [one for one in gate.findings(opening, today=TODAY) if "answers the public internet" in one.what]
    assert len(told) == 1  # the door is told once
    beside = account(allowSharedKeyAccess=False, publicNetworkAccess="Disabled")
    later = plan(
        [workspace, open_], [workspace, open_, beside], Change(op="create", before=None, after=beside)
    )
    assert refusals(later) == []
    stood = [one.rule for one in gate.findings(later, today=TODAY) if one.severity == "warn"]
    assert "exposure-in-closed-environment" in stood
