"""Delete locks: on single resources only.

Never on the resource group of a workspace: with the group locked, its clusters cannot scale down any
more. Never on what other stacks hang grants on: a lock reaches all below its resource, role assignments
included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import authorization


@dataclass(frozen=True, kw_only=True)
class LocksArgs:
    """What must not be deleted by a slip, by name."""

    resources: Mapping[str, pulumi.Input[str]]
    after: Sequence[
        pulumi.Resource
    ]  # all that hangs on those resources: it can only be deleted when the lock is gone


class Locks(pulumi.ComponentResource):
    """One delete lock per resource whose loss could not be made good."""

    def __init__(self, name: str, args: LocksArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Locks", name, None, opts)
        for kept, resource_id in args.resources.items():
            authorization.ManagementLockByScope(
                f"{name}-{kept}",
                lock_name=f"keep-{kept}",
                level="CanNotDelete",
                scope=resource_id,
                notes="Declared by the platform; take it away there, after a review",
                opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
            )
        self.register_outputs({})
