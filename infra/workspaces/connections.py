"""Connections of a workspace: by identity where that is possible; a secret goes in encrypted, never out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import machinelearningservices as ml

from infra.sections.workbench import Connection


@dataclass(frozen=True, kw_only=True)
class ConnectionsArgs:
    """Which connections there are."""

    resource_group: pulumi.Input[str]
    workspace_name: pulumi.Input[str]
    connections: Sequence[Connection]


class Connections(pulumi.ComponentResource):
    """One connection per entry of the settings, under the name that jobs and people use."""

    names: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: ConnectionsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Connections", name, None, opts)
        self.names = {
            one.name: ml.WorkspaceConnection(
                f"{name}-{one.name}",
                connection_name=one.name,
                workspace_name=args.workspace_name,
                resource_group_name=args.resource_group,
                properties=properties(one),
                opts=pulumi.ResourceOptions(
                    parent=self, additional_secret_outputs=["properties"] if one.secret else None
                ),
            ).name
            for one in args.connections
        }
        self.register_outputs({"names": self.names})


def properties(one: Connection) -> Any:
    """The shape of a connection, by its way in; a credential is a Pulumi secret from here on."""
    common: dict[str, Any] = {
        "category": one.category,
        "target": one.target,
        "is_shared_to_all": one.shared,
        "metadata": {},
    }
    secret = pulumi.Output.secret(one.secret) if one.secret else None
    if one.auth == "PAT":
        return ml.PATAuthTypeWorkspaceConnectionPropertiesArgs(
            auth_type="PAT", credentials=ml.WorkspaceConnectionPersonalAccessTokenArgs(pat=secret), **common
        )
    if one.auth == "ApiKey":
        return ml.ApiKeyAuthWorkspaceConnectionPropertiesArgs(
            auth_type="ApiKey", credentials=ml.WorkspaceConnectionApiKeyArgs(key=secret), **common
        )
    if one.auth == "ManagedIdentity":
        return ml.ManagedIdentityAuthTypeWorkspaceConnectionPropertiesArgs(
            auth_type="ManagedIdentity", use_workspace_managed_identity=True, **common
        )
    if one.auth == "AAD":
        return ml.AADAuthTypeWorkspaceConnectionPropertiesArgs(auth_type="AAD", **common)
    return ml.NoneAuthTypeWorkspaceConnectionPropertiesArgs(auth_type="None", **common)
