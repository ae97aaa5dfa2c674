"""What the identities of CI must be allowed on Pulumi's state and key; they are made by the shared stack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checks.catalogue.resource_types import resource_types
from infra.rights.purposes import ci_purposes
from infra.settings import SharedSettings
from setup.first_deploy.wanted import Deployer, Wanted, home, on_state

IDENTITY = "azure-native:managedidentity:UserAssignedIdentity"
_PREVIEW, _DEPLOY = "ci-preview", "ci-deploy-"


def identities(shared: SharedSettings) -> dict[str, str]:
    """ARM ids by purpose: of those that preview and those that deploy, made by the shared stack or taken.

    Those that promote models (`ci-models-...`) never see a state.
    """
    return {
        purpose: shared.identities[purpose].existing
        if purpose in shared.identities
        else shared.names.identity_id(purpose)
        for purpose in ci_purposes(shared.deployed_environments)
        if purpose == _PREVIEW or purpose.startswith(_DEPLOY)
    }


def api_version() -> str:
    """Of identities, as the table of resource types has it."""
    return resource_types()[IDENTITY].api_version


def rights(shared: SharedSettings, purpose: str, identity: dict[str, Any]) -> Iterator[Wanted]:
    """What one of them needs, once Azure says who it is: a preview only reads, a deployment writes."""
    who = Deployer(object_id=identity["properties"]["principalId"], kind="ServicePrincipal", name=purpose)
    return on_state(home(shared), who, writes=purpose != _PREVIEW)
