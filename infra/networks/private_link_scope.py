"""Azure Monitor by private link: which logs and traces a network reaches, and whether others do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor

from infra.naming import Names
from infra.sections.network import PrivateLinkScope as ScopeSettings

WORLD = "global"  # a scope is of no region


@dataclass(frozen=True, kw_only=True)
class MonitorScopeArgs:
    """What is in the scope, and which other addresses its networks may talk to."""

    resource_group: pulumi.Input[str]
    settings: ScopeSettings
    resources: Mapping[str, pulumi.Input[str]]  # ids of what is reached through the scope
    names: Names
    tags: dict[str, str]


class MonitorScope(pulumi.ComponentResource):
    """A private link scope with its resources; its private endpoint is one among the others.

    Its id is passed on only once all resources are in it: an endpoint that is there before them has no
    records for them.
    """

    scope_id: pulumi.Output[str]

    def __init__(self, name: str, args: MonitorScopeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:MonitorScope", name, None, opts)
        scope = monitor.PrivateLinkScope(
            f"{name}-scope",
            scope_name=args.names.physical("private_link_scope"),
            resource_group_name=args.resource_group,
            location=WORLD,
            access_mode_settings=monitor.AccessModeSettingsArgs(
                ingestion_access_mode=args.settings.ingestion, query_access_mode=args.settings.query
            ),
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        members = [
            monitor.PrivateLinkScopedResource(
                f"{name}-{word}",
                name=word,
                scope_name=scope.name,
                resource_group_name=args.resource_group,
                linked_resource_id=resource_id,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for word, resource_id in args.resources.items()
        ]
        self.scope_id = pulumi.Output.all(scope.id, *(member.id for member in members)).apply(
            lambda ids: str(ids[0])
        )
        self.register_outputs({"scope_id": self.scope_id})
