"""Federated credentials of CI's identities: who gets a token without any stored secret.

Subjects are exact texts. A pull request gets the identity that only reads; what deploys is reached from an
environment of its name alone, where approvals are. Sources: GitHub, "OpenID Connect reference" (subject of
pull requests and environments); Microsoft, "Manually set up Azure DevOps workload identity service
connections" (`sc://organization/project/connection`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import managedidentity

from infra.rights.purposes import ci_purposes
from infra.sections.ci import Ci

GITHUB = "https://token.actions.githubusercontent.com"
AUDIENCE = "api://AzureADTokenExchange"
PREVIEW = "ci-preview"


@dataclass(frozen=True, kw_only=True)
class Trust:
    """One issuer and subject that an identity's tokens are given to."""

    purpose: str
    name: str
    issuer: str
    subject: str


@dataclass(frozen=True, kw_only=True)
class FederationArgs:
    """Who is trusted, and on which identities that is written."""

    resource_group: pulumi.Input[str]
    trusts: tuple[Trust, ...]
    identity_names: Mapping[str, str]  # by purpose; those that are taken are their owner's to federate
    after: pulumi.Resource


class Federation(pulumi.ComponentResource):
    """One credential per trust, one after the other on each identity: Azure takes no two writes at once."""

    def __init__(self, name: str, args: FederationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Federation", name, None, opts)
        wanted = [trust for trust in args.trusts if trust.purpose in args.identity_names]
        before: dict[str, pulumi.Resource] = {}
        for trust in wanted:
            before[trust.purpose] = managedidentity.FederatedIdentityCredential(
                f"{name}-{trust.purpose}-{trust.name}",
                federated_identity_credential_resource_name=trust.name,
                resource_name_=args.identity_names[trust.purpose],
                resource_group_name=args.resource_group,
                issuer=trust.issuer,
                subject=trust.subject,
                audiences=[AUDIENCE],
                opts=pulumi.ResourceOptions(parent=self, depends_on=[before.get(trust.purpose, args.after)]),
            )
        self.register_outputs({})


def trusts(ci: Ci, environments: tuple[str, ...]) -> tuple[Trust, ...]:
    """Every trust of CI, per purpose and place."""
    return (*_github(ci, environments), *_azure_devops(ci, environments))


def _github(ci: Ci, environments: tuple[str, ...]) -> Iterator[Trust]:
    if ci.github is None:
        return
    repository = f"repo:{ci.github.repository}"

    def trust(purpose: str, name: str, subject: str) -> Trust:
        return Trust(purpose=purpose, name=f"github-{name}", issuer=GITHUB, subject=f"{repository}:{subject}")

    yield trust(PREVIEW, "pull-request", "pull_request")
    for one in environments:
        yield trust(PREVIEW, f"{one}-plan", f"environment:{one}-plan")
        yield trust(f"ci-deploy-{one}", one, f"environment:{one}")
        yield trust(f"ci-models-{one}", f"{one}-models", f"environment:{one}-models")


def _azure_devops(ci: Ci, environments: tuple[str, ...]) -> Iterator[Trust]:
    place = ci.azure_dev_ops
    if place is None:
        return
    for purpose in ci_purposes(environments):
        yield Trust(
            purpose=purpose,
            name="azure-devops",
            issuer=place.issuer,
            subject=f"sc://{place.organization}/{place.project}/{purpose}",
        )
