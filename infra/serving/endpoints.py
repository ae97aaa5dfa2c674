"""Endpoints: addresses with identities of their own. Deployments and traffic come with the models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import machinelearningservices as ml

from infra.naming import Names
from infra.rights.serving import endpoint_purpose
from infra.sections.endpoints import BatchEndpoint, OnlineEndpoint
from infra.sections.endpoints import Endpoints as EndpointSettings

# Entra tokens: the only way in that asks who calls, and hands out no key.
AUTH = ml.EndpointAuthMode.AAD_TOKEN
TRAFFIC = ["properties.traffic", "properties.mirrorTraffic"]  # the roll-out's
DEFAULTS = ["properties.defaults"]  # which deployment of a batch endpoint is asked: the roll-out's too


@dataclass(frozen=True, kw_only=True)
class EndpointsArgs:
    """Which endpoints there are, and who they are."""

    resource_group: pulumi.Input[str]
    location: str
    workspace_name: pulumi.Input[str]
    settings: EndpointSettings
    identity_ids: Mapping[str, pulumi.Input[str]]  # by purpose
    names: Names
    tags: dict[str, str]


class Endpoints(pulumi.ComponentResource):
    """Online and batch endpoints without any deployment."""

    online: dict[str, ml.OnlineEndpoint]
    batch: dict[str, ml.BatchEndpoint]

    def __init__(self, name: str, args: EndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Endpoints", name, None, opts)
        self.online = {one.name: self._online(name, args, one) for one in args.settings.online}
        self.batch = {one.name: self._batch(name, args, one) for one in args.settings.batch}
        self.register_outputs({})

    def _online(self, name: str, args: EndpointsArgs, endpoint: OnlineEndpoint) -> ml.OnlineEndpoint:
        return ml.OnlineEndpoint(
            f"{name}-online-{endpoint.name}",
            endpoint_name=args.names.physical("online_endpoint", endpoint.name),
            workspace_name=args.workspace_name,
            resource_group_name=args.resource_group,
            location=args.location,
            kind="Managed",
            identity=_identity(args, endpoint.name),
            properties=ml.OnlineEndpointPropertiesArgs(
                auth_mode=AUTH,
                description=endpoint.description,
                public_network_access=args.settings.public_access,
            ),
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=TRAFFIC),
        )

    def _batch(self, name: str, args: EndpointsArgs, endpoint: BatchEndpoint) -> ml.BatchEndpoint:
        return ml.BatchEndpoint(
            f"{name}-batch-{endpoint.name}",
            endpoint_name=args.names.physical("batch_endpoint", endpoint.name),
            workspace_name=args.workspace_name,
            resource_group_name=args.resource_group,
            location=args.location,
            identity=_identity(args, endpoint.name),
            properties=ml.BatchEndpointPropertiesArgs(auth_mode=AUTH, description=endpoint.description),
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=DEFAULTS),
        )


def _identity(args: EndpointsArgs, endpoint: str) -> ml.ManagedServiceIdentityArgs:
    return ml.ManagedServiceIdentityArgs(
        type=ml.ManagedServiceIdentityType.USER_ASSIGNED,
        user_assigned_identities=[args.identity_ids[endpoint_purpose(endpoint)]],
    )
