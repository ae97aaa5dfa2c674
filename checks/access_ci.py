"""What machines of CI may: give no role without a limit, and change nothing for a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from checks.access_grants import Holdings
from checks.access_scopes import words
from checks.catalogue.access_words import phrases
from checks.estate import FEDERATED, Estate, key
from checks.findings import Finding
from checks.permissions import ASSIGN, RoleDefinition, allows
from checks.role_ranking import AMBIENT

# An address to log in at; what may be done inside is asked of Entra once more.
_LOGS_IN = {"microsoft.containerservice/managedclusters/listclusterusercredential/action"}
_PULL_REQUEST = ":pull_request"  # how the subject of a token ends that GitHub gives to a pull request
_ML = "Microsoft.MachineLearningServices"
_ROLES = "https://learn.microsoft.com/azure/machine-learning/how-to-assign-roles"
_GITHUB = "https://docs.github.com/actions/reference/security/oidc"
_CONDITIONS = "https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-overview"


def findings(estate: Estate, holdings: Holdings) -> Iterator[Finding]:
    """Machines that may give any role, and identities of pull requests that may write."""
    yield from _unlimited(holdings)
    yield from _previews(estate, holdings)
    yield from _deployers(estate, holdings)


def _unlimited(holdings: Holdings) -> Iterator[Finding]:
    """Machines that may give any role to anybody."""
    for given in holdings.given:
        if given.who.person or given.role is None or given.limit is not None:
            continue
        if allows(given.role, ASSIGN):
            yield Finding(
                severity="refuse",
                rule="access-assigns-any-role",
                stack=given.stack,
                resource=given.urn,
                what=f"{given.who.name} may give any role on {words(given.scope)}, by {given.role_name}",
                why="a pipeline that can give itself any role has them all",
                fix="add the condition that limits which roles it may assign "
                "(checks/permissions.py, limit_assignable_roles)",
                source=_CONDITIONS,
            )


def _previews(estate: Estate, holdings: Holdings) -> Iterator[Finding]:
    """Identities that a pull request gets a token of, and that may write."""
    for credential in estate.of(FEDERATED):
        if not str(credential.inputs.get("subject") or "").lower().endswith(_PULL_REQUEST):
            continue
        owner = key(credential.id).partition("/federatedidentitycredentials/")[0]
        for given in holdings.of(owner):
            if given.role is not None and _may_write(given.role):
                yield Finding(
                    severity="refuse",
                    rule="access-preview-writes",
                    stack=given.stack,
                    resource=given.urn,
                    what=f"{given.who.name} is what a pull request acts as, and has {given.role_name} "
                    f"on {words(given.scope)}",
                    why="whoever opens a pull request would change what is deployed, before anybody read it",
                    fix="give it Reader; what writes is for an identity of a reviewed environment",
                    source=_GITHUB,
                )


def _deployers(estate: Estate, holdings: Holdings) -> Iterator[Finding]:
    """Environments that none of CI's identities can deploy, where CI has identities at all."""
    owners = {
        key(one.id).partition("/federatedidentitycredentials/")[0]
        for one in estate.of(FEDERATED)
        if not str(one.inputs.get("subject") or "").lower().endswith(_PULL_REQUEST)
    }
    for place in estate.workplaces:
        group = place.id.partition("/providers/")[0]
        for what, action, scope, role in (
            ("apply what is declared", f"{_ML}/workspaces/write", group, "Contributor"),
            ("give the roles that are declared", ASSIGN, group, "Role Based Access Control Administrator"),
            ("deploy models", f"{_ML}/workspaces/onlineEndpoints/write", place.id, "AzureML Data Scientist"),
        ):
            held = [given for owner in owners for given in holdings.on(scope, owner)]
            if owners and not any(one.role is None or allows(one.role, action) for one in held):
                yield Finding(
                    severity="warn",
                    rule="access-ci-cannot",
                    stack=place.resource.stack,
                    resource=place.resource.urn,
                    what=f"no identity of CI may {what} on {words(scope)}",
                    why="what is not deployed by CI is deployed by hand, or not at all",
                    fix=f"give {role} on it to CI's identity for this environment "
                    "(twinloop:shared.ciEnvironment, and the rows of CI in infra/rights/table.py)",
                    source=_ROLES,
                )


def _may_write(role: RoleDefinition) -> bool:
    """Whether a role has more than reading; reading a secret is more."""
    reading = {one.action.lower() for one in phrases() if one.reads and not one.risk} | _LOGS_IN
    return any(
        not one.lower().endswith("/read") and one.lower() not in AMBIENT | reading
        for permission in role.permissions
        for one in (*permission.actions, *permission.data_actions)
    )
