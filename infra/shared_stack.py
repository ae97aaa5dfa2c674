"""What an environment asks the shared stack for: only ids that the cloud makes; all others are computed."""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi

from infra.naming import Names
from infra.rights.access import Principal
from infra.settings import EnvironmentSettings

OUTPUT = "ciPrincipalIds"


def ci_principals(settings: EnvironmentSettings) -> dict[str, Principal]:
    """The identities of CI that act in this environment; empty where the settings name none."""
    environment = settings.shared.ci_environment
    if environment is None:
        return {}
    reference = f"{pulumi.get_organization()}/{pulumi.get_project()}/{settings.shared.stack}"
    published = pulumi.StackReference(reference).get_output(OUTPUT)
    purposes = {
        "ci-preview": "ci-preview",
        "ci-deploy": f"ci-deploy-{environment}",
        "ci-models": f"ci-models-{environment}",
    }
    return {
        who: _principal(settings.shared_names, purpose, published, reference)
        for who, purpose in purposes.items()
    }


def _principal(names: Names, purpose: str, published: pulumi.Output[Any], reference: str) -> Principal:
    def pick(ids: dict[str, str] | None) -> pulumi.Input[str]:
        if pulumi.runtime.is_dry_run() and purpose not in (ids or {}):
            pulumi.log.warn(
                f"stack '{reference}' publishes no identity '{purpose}' yet, so it is unknown in this "
                "preview; bring that stack up first"
            )
            return _unknown()
        if not ids or purpose not in ids:
            raise LookupError(
                f"stack '{reference}' publishes no identity '{purpose}' in its output {OUTPUT}; "
                f"known: {', '.join(sorted(ids or {})) or 'none'}; bring that stack up first, or change "
                "twinloop:deployedEnvironments there, or remove twinloop:shared.ciEnvironment here"
            )
        return ids[purpose]

    return Principal(key=names.identity_id(purpose), object_id=published.apply(pick), kind="ServicePrincipal")


def _unknown() -> pulumi.Output[str]:
    """A value that a later up will know."""
    value: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    known: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    value.set_result(None)
    known.set_result(False)
    return pulumi.Output(set(), value, known)
