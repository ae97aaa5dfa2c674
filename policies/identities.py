"""Who machines are, and who gets which role where."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checks.catalogue.roles import builtin_roles
from checks.permissions import UnsupportedCondition, guid_of, parse_condition
from checks.plan import Resource
from policies import kinds
from policies.reading import is_known
from policies.rules import Breach, Demand, Rule, name_of

_USER = "UserAssigned"
_WIDE = ("Owner", "Contributor", "User Access Administrator")
_ASSIGNS = ("Owner", "User Access Administrator", "Role Based Access Control Administrator")
_SUBSCRIPTION = re.compile(r"(/subscriptions/[^/]+)?/?|/providers/microsoft\.management/.*", re.IGNORECASE)
# A role of our own is known by its id being computed from its place (a UUID of version 5, RFC 9562): Azure's
# own and ids made up by hand are not.
_COMPUTED = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def _role(assignment: Resource) -> str:
    """Name of the role where the table has it, else its GUID; empty where only the cloud knows."""
    given = str(assignment.inputs.get("roleDefinitionId") or "")
    if not is_known(given):
        return ""
    found = builtin_roles().get(guid_of(given))
    return found.name if found else guid_of(given)


def _outside_the_table(assignment: Resource) -> Iterator[Breach]:
    role = _role(assignment)
    if role and role == guid_of(role) and not _COMPUTED.fullmatch(role):
        yield Breach(
            what=f"{assignment.name} assigns role {role}, which is not in the table of roles",
            fix="add the role with its source to checks/catalogue/roles.json, and a row to the grants "
            "(infra/rights/table.py)",
        )


def _too_wide(assignment: Resource) -> Iterator[Breach]:
    role, scope = _role(assignment), str(assignment.inputs.get("scope") or "")
    if role in _WIDE and is_known(scope) and _SUBSCRIPTION.fullmatch(scope):
        yield Breach(
            what=f"{assignment.name} gives {role} on {scope or 'the root'}: on all that is there and will be",
            fix="grant it on the group or the resource that needs it (`on` in infra/rights/table.py)",
        )
    elif role == "Owner":
        yield Breach(
            what=f"{assignment.name} gives Owner on {scope}: who holds it can give roles to anybody",
            fix="grant Contributor, and where roles are to be assigned a limited Role Based Access Control "
            "Administrator (infra/rights/table.py)",
        )


def _unlimited(assignment: Resource) -> Iterator[Breach]:
    role, condition = _role(assignment), assignment.inputs.get("condition")
    if role not in _ASSIGNS or (isinstance(condition, str) and not is_known(condition)):
        return
    try:
        limited = bool(condition) and bool(parse_condition(str(condition)).roles_of)
    except UnsupportedCondition:
        limited = False
    if not limited:
        yield Breach(
            what=f"{assignment.name} gives {role}, and no condition limits which roles its holder may assign",
            fix="assign it through infra/rights/table.py, which limits it to the roles of the table",
        )


def _kind_of_principal(assignment: Resource) -> Iterator[Breach]:
    if not assignment.inputs.get("principalType"):
        yield Breach(
            what=f"{assignment.name} does not say what kind of principal it is for (principalType)",
            fix="principalType ServicePrincipal, Group or User where the program declares it",
        )


def _whose_tokens(credential: Resource) -> Iterator[Breach]:
    subject = str(credential.inputs.get("subject") or "")
    if is_known(subject) and (
        not subject or "*" in subject or not re.search(r":(environment|pull_request)", subject)
    ):
        yield Breach(
            what=f"{name_of(credential)} trusts tokens of '{subject}', which is neither one environment nor "
            "pull requests of one repository",
            fix="a subject like repo:acme/platform:environment:prod or repo:acme/platform:pull_request",
        )


RULES = (
    Rule(
        name="user-assigned-identities",
        title="Workspaces, computes, endpoints and clusters act as identities that are declared.",
        why="an identity of the service's own making comes and goes with the resource, and with grants that "
        "no table shows",
        source="Azure security baseline for Azure Machine Learning, IM-3: Manage application identities; "
        "Azure Policy 5f0c7d88-c7de-45b8-ac49-db49e72eaa78",
        demands=(
            Demand(
                type=kinds.ML_WORKSPACE,
                path="identity.type",
                allowed=(_USER,),
                default="SystemAssigned",
                fix="UserAssigned, with primaryUserAssignedIdentity, in infra/workspaces/workspace.py",
            ),
            Demand(
                type=kinds.COMPUTE,
                path="identity.type",
                allowed=(_USER,),
                default="none",
                fix="identity of type UserAssigned, one for each purpose, where the compute is declared",
                only=("properties.computeType", ("AmlCompute",)),
            ),
            *(
                Demand(
                    type=type_,
                    path="identity.type",
                    allowed=(_USER,),
                    default="none",
                    fix="identity of type UserAssigned where the endpoint is declared; it cannot change",
                )
                for type_ in (kinds.ONLINE_ENDPOINT, kinds.BATCH_ENDPOINT)
            ),
            Demand(
                type=kinds.AKS,
                path="identity.type",
                allowed=(_USER,),
                default="none",
                fix="identity of type UserAssigned where the cluster is declared",
            ),
        ),
    ),
    Rule(
        name="roles-of-the-table",
        title="Only roles of the table are assigned.",
        why="what a role allows that nobody looked up, nobody knows",
        source="Microsoft cloud security benchmark v1, PA-7: Follow just enough administration",
        types=(kinds.ASSIGNMENT,),
        check=_outside_the_table,
        advisory_in=frozenset(),
    ),
    Rule(
        name="no-wide-roles",
        title="Nobody gets Owner, and nobody Contributor or the giving of roles on a whole subscription.",
        why="one stolen token of such a holder is the whole subscription",
        source="Microsoft cloud security benchmark v1, PA-1: Separate and limit highly "
        "privileged users, and PA-7",
        types=(kinds.ASSIGNMENT,),
        check=_too_wide,
        advisory_in=frozenset(),
    ),
    Rule(
        name="giving-roles-is-limited",
        title="Who may assign roles may assign those of the table only.",
        why="an unlimited one makes itself Owner with one call",
        source="Azure RBAC: Delegate Azure access management to others, with conditions",
        types=(kinds.ASSIGNMENT,),
        check=_unlimited,
        advisory_in=frozenset(),
    ),
    Rule(
        name="principal-kind-said",
        title="Every role assignment says what kind of principal it is for.",
        why="left out, it is sent as a user, and Azure refuses an identity that it has not heard of yet",
        source="Azure RBAC: Assign Azure roles using ARM templates, new service principal",
        types=(kinds.ASSIGNMENT,),
        check=_kind_of_principal,
    ),
    Rule(
        name="ci-trusts-one-subject",
        title="An identity of CI trusts one environment, or the pull requests, of one repository.",
        why="a wider subject lets any branch of anybody deploy",
        source="Microsoft Entra: Workload identity federation, important considerations",
        types=(kinds.CI_CREDENTIAL,),
        check=_whose_tokens,
        advisory_in=frozenset(),
    ),
)
