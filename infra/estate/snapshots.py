"""Snapshots of training data: a container of the lake that keeps what is written to it as it was.

A container-level policy: accounts with a hierarchical namespace have no other (Microsoft, "Version-level WORM
policies": not supported there).
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import storage

from infra.sections.retention import Snapshots as SnapshotsSettings

CONTAINER = "snapshots"


@dataclass(frozen=True, kw_only=True)
class SnapshotsArgs:
    """Where, and for how long."""

    resource_group: pulumi.Input[str]
    account_name: str
    account: pulumi.Resource
    settings: SnapshotsSettings
    protect: bool


class Snapshots(pulumi.ComponentResource):
    """The container, and the policy that keeps it."""

    container: storage.BlobContainer

    def __init__(self, name: str, args: SnapshotsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Snapshots", name, None, opts)
        self.container = storage.BlobContainer(
            f"{name}-container",
            container_name=CONTAINER,
            account_name=args.account_name,
            resource_group_name=args.resource_group,
            public_access=storage.PublicAccess.NONE,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.account], protect=args.protect),
        )
        storage.BlobContainerImmutabilityPolicy(
            f"{name}-policy",
            immutability_policy_name="default",
            container_name=self.container.name,
            account_name=args.account_name,
            resource_group_name=args.resource_group,
            immutability_period_since_creation_in_days=args.settings.retention_days,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        self.register_outputs({})
