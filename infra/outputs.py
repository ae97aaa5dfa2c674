"""What the tool, CI and other stacks rely on: a new field is free, a rename breaks them; no credentials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import pulumi
from pydantic.alias_generators import to_camel

from infra.stackfile.hiding import kept
from infra.stackfile.secret_settings import NONE, Secrets


class Contract:
    """Exports every field under its name in camelCase."""

    def export(self, secrets: Secrets = NONE) -> None:
        """Make each field an output of the stack; what holds one of the secrets is a secret output."""
        for field in fields(self):  # type: ignore[arg-type]
            pulumi.export(to_camel(field.name), kept(getattr(self, field.name), secrets))


@dataclass(frozen=True, kw_only=True)
class EnvironmentOutputs(Contract):
    """Outputs of a stack of kind `environment`."""

    kind: str
    environment: str
    subscription_id: str
    location: str
    resource_group: pulumi.Output[str]
    workspace_name: pulumi.Output[str]
    workspace_id: pulumi.Output[str]
    storage_account_id: pulumi.Output[str]
    lake_account_id: pulumi.Output[str]
    vault_id: pulumi.Output[str]
    images_login_server: pulumi.Output[str]
    log_workspace_id: pulumi.Output[str]
    network_id: pulumi.Output[str]
    private_zone_ids: Mapping[str, pulumi.Input[str]]  # by the words of naming.ZONES
    subnet_ids: dict[str, pulumi.Output[str]]
    cluster_names: dict[str, pulumi.Output[str]]
    kubernetes: dict[str, pulumi.Output[str]]  # name, id and OIDC issuer of the cluster; empty without one
    online_endpoint_names: dict[str, pulumi.Output[str]]  # by their names in the settings
    batch_endpoint_names: dict[str, pulumi.Output[str]]  # by their names in the settings
    datastore_names: dict[str, pulumi.Output[str]]
    instance_names: dict[str, pulumi.Output[str]]  # by the person's word in the settings
    connection_names: dict[str, pulumi.Output[str]]
    labelling_project_names: dict[str, pulumi.Output[str]]
    identity_client_ids: dict[str, pulumi.Output[str]]
    identity_principal_ids: dict[str, pulumi.Output[str]]
    registry_name: str
    registry_id: str


@dataclass(frozen=True, kw_only=True)
class SharedOutputs(Contract):
    """Outputs of a stack of kind `shared`."""

    kind: str
    environment: str
    subscription_id: str
    location: str
    resource_group: pulumi.Output[str]
    registry_name: pulumi.Output[str]
    registry_id: pulumi.Output[str]
    registry_reader_role_id: pulumi.Output[str]
    log_workspace_id: pulumi.Output[str]
    private_zone_ids: Mapping[str, pulumi.Input[str]]  # by the words of naming.ZONES
    ci_principal_ids: dict[
        str, pulumi.Output[str]
    ]  # by purpose and environment: preview, deploy-dev, models-dev
    ci_client_ids: dict[str, pulumi.Output[str]]
