"""Drops the aliases that only states of another way of writing programs would need.

Every class of pulumi_azure_native declares an alias for each older API-version module (`azure-
native:ns/vYYYYMMDD:T`, `azure-native_ns_vYYYYMMDD:ns:T`), 20 to 40 of them, and the SDK spends most of a
preview on expanding them. They matter to a state that was written by a program which named such a module;
ours never did. Moves between namespaces, which carry provider upgrades, and the program's own aliases are
kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pulumi

VERSION_MODULE = re.compile(r"azure-native:\w+/v\d{8}\w*:\w+|azure-native_\w+_v\d{8}\w*:\w+:\w+")


def drop_version_aliases() -> None:
    """Make every resource that is declared from here on go without version aliases."""
    pulumi.runtime.register_stack_transformation(_transform)


def without_versions(aliases: Sequence[Any]) -> list[Any]:
    """The aliases that are not just an older API version of the same type."""
    return [alias for alias in aliases if not _is_version(alias)]


def _transform(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
    if not args.type_.startswith("azure-native:") or not isinstance(args.opts.aliases, list):
        return None
    args.opts.aliases = without_versions(args.opts.aliases)
    return pulumi.ResourceTransformationResult(props=args.props, opts=args.opts)


def _is_version(alias: object) -> bool:
    """Whether an alias changes nothing but the type, to one of an API-version module."""
    return (
        isinstance(alias, pulumi.Alias)
        and isinstance(alias.type_, str)
        and VERSION_MODULE.fullmatch(alias.type_) is not None
    )
