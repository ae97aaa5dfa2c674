"""Datastores: the zones of the lake under the names that pipelines use, without any credential."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import machinelearningservices as ml
from pulumi_azure_native import storage


@dataclass(frozen=True, kw_only=True)
class DatastoresArgs:
    """Which containers become datastores."""

    resource_group: pulumi.Input[str]
    subscription_id: str
    workspace_name: pulumi.Input[str]
    account_name: str
    zones: Mapping[str, storage.BlobContainer]
    tags: dict[str, str]


class Datastores(pulumi.ComponentResource):
    """One datastore per zone; whoever reads it does so as themselves.

    Of type blob, although the account has a hierarchical namespace: both protocols reach the same data, and
    the clients' uploads over this one need no rights on directories.
    """

    names: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: DatastoresArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Datastores", name, None, opts)
        self.names = {
            zone: ml.Datastore(
                f"{name}-{zone}",
                name=zone,
                workspace_name=args.workspace_name,
                resource_group_name=args.resource_group,
                properties=ml.AzureBlobDatastoreArgs(
                    datastore_type="AzureBlob",
                    account_name=args.account_name,
                    container_name=container.name,
                    subscription_id=args.subscription_id,
                    resource_group=args.resource_group,
                    description=f"Zone '{zone}' of the data lake",
                    credentials=ml.NoneDatastoreCredentialsArgs(credentials_type="None"),
                    service_data_access_auth_identity="None",
                    tags=args.tags,
                ),
                opts=pulumi.ResourceOptions(parent=self),
            ).name
            for zone, container in args.zones.items()
        }
        self.register_outputs({"names": self.names})
