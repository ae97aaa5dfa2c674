"""What the program wants of one resource: a registration request as plain values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from twinloop.engine.errors import EngineError, NotSupported
from twinloop.engine.states import ResourceState
from twinloop.engine.values import Properties, from_struct

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


@dataclass(frozen=True, kw_only=True)
class Goal:
    """One resource as the program declares it."""

    urn: str
    type: str
    name: str
    custom: bool
    parent: str = ""
    properties: Properties = field(default_factory=dict)
    protect: bool = False
    provider: str = ""
    providers: dict[str, str] = field(default_factory=dict)
    version: str = ""
    download_url: str = ""
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    delete_before_replace: bool | None = None
    ignore_changes: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    hide_diffs: list[str] = field(default_factory=list)
    additional_secret_outputs: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    import_id: str = ""
    timeouts: dict[str, float] = field(default_factory=dict)
    retain_on_delete: bool = False
    deleted_with: str = ""


def seconds(text: str) -> float:
    """A duration as Go writes it (`1h30m`, `90s`), in seconds.

    Raises:
        ValueError: it is none.
    """
    found = re.findall(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)", text)
    if not found or "".join(number + unit for number, unit in found) != text:
        raise ValueError(f"'{text}' is not a duration; write it as 30s, 5m or 1h30m")
    return sum(float(number) * _UNITS[unit] for number, unit in found)


def timeouts(message: Any) -> dict[str, float]:
    """The time limits of a request, in seconds; only those that are set.

    Raises:
        EngineError: one of them is no duration.
    """
    wanted = {name: getattr(message, name) for name in ("create", "update", "delete", "read")}
    try:
        found = {name: seconds(text) for name, text in wanted.items() if text}
    except ValueError as error:
        raise EngineError(f"customTimeouts: {error}") from error
    return {name: int(value) if value == int(value) else value for name, value in found.items()}


def refuse_unsupported(request: Any) -> None:
    """Say by name what this engine does not do, before anything is done."""
    where = f"of resource '{request.name}' ({request.type})"
    if request.remote:
        raise NotSupported(f"components that a provider builds (remote=True, {where})")
    if request.packageRef:
        raise NotSupported(f"parameterised packages ({where})")
    if request.replace_with:
        raise NotSupported(f"the option replace_with ({where})")
    if request.HasField("replacement_trigger"):
        raise NotSupported(f"the option replacement_trigger ({where})")
    if request.state_migrations:
        raise NotSupported(f"state migrations ({where})")
    if request.HasField("hooks") and any(
        getattr(request.hooks, f.name) for f in request.hooks.DESCRIPTOR.fields
    ):
        raise NotSupported(f"resource hooks ({where})")
    if request.envVarMappings:
        raise NotSupported(f"the option env_var_mappings ({where})")


def goal_of(request: Any, urn: str, parent: ResourceState | None, aliases: list[str]) -> Goal:
    """The goal that a registration request states; what it leaves open of its life it has from its parent."""
    return Goal(
        urn=urn,
        type=request.type,
        name=request.name,
        custom=request.custom,
        parent=request.parent,
        properties=from_struct(request.object),
        protect=request.protect if request.HasField("protect") or parent is None else parent.protect,
        provider=request.provider,
        providers=dict(request.providers),
        version=request.version,
        download_url=request.pluginDownloadURL,
        dependencies=sorted(set(request.dependencies)),
        property_dependencies={
            key: sorted(set(request.propertyDependencies[key].urns))
            for key in sorted(request.propertyDependencies)
        },
        delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
        ignore_changes=list(request.ignoreChanges),
        replace_on_changes=list(request.replaceOnChanges),
        hide_diffs=list(request.hideDiffs),
        additional_secret_outputs=list(request.additionalSecretOutputs),
        aliases=aliases,
        import_id=request.importId,
        timeouts=timeouts(request.customTimeouts) if request.HasField("customTimeouts") else {},
        retain_on_delete=(
            request.retainOnDelete
            if request.HasField("retainOnDelete") or parent is None
            else parent.retain_on_delete
        ),
        deleted_with=request.deletedWith or (parent.deleted_with if parent else ""),
    )
