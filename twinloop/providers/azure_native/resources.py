"""What happens to one resource: create, read, update, delete, each by the row of its type."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2

from checks.catalogue.resource_types import ResourceType
from checks.catalogue.schemas import Schema
from twinloop.providers.azure_native.addresses import arm_id, parent_of, same_id
from twinloop.providers.azure_native.arm import Arm, ArmFailure
from twinloop.providers.azure_native.bodies import at_path, foreseen, put_at, to_body
from twinloop.providers.azure_native.check import provider_path
from twinloop.providers.azure_native.names import is_singleton
from twinloop.providers.azure_native.purging import purge, refuse_protected
from twinloop.providers.azure_native.refresh import all_inputs, keep_volatile, managed_inputs, outputs_of
from twinloop.providers.errors import ProviderError, invalid
from twinloop.providers.values import UNKNOWN, Properties, to_struct

RECOVER = "recover"  # Azure's word for taking a deleted resource back


@dataclass(frozen=True)
class Kind:
    """A resource type as the provider works with it."""

    row: ResourceType
    schema: Schema

    def secret(self, *given: Properties) -> frozenset[str]:
        """Top-level properties that are never written in clear: the type's own, and those given as secret."""
        own = set()
        for wire in self.row.secret:
            path = provider_path(self.schema, wire)
            # Below a property that holds other things too, only where something secret is given.
            if "." not in path or any(at_path(each.values, path) is not None for each in given):
                own.add(path.split(".")[0])
        return frozenset(own.union(*(each.secret for each in given)))


@dataclass(frozen=True)
class State:
    """A resource as it is now."""

    id: str
    outputs: dict[str, Any]
    inputs: dict[str, Any]


def planned(kind: Kind, inputs: Mapping[str, Any], subscription: str | None) -> tuple[str, dict[str, Any]]:
    """Id and outputs of a create that has not happened; the id is empty while a part of it is not known."""
    text = arm_id(kind.row, inputs, subscription) or ""
    outputs: dict[str, Any] = {
        name: UNKNOWN for name, node in kind.schema.body.nodes.items() if node.read_only or name == "id"
    }
    outputs |= foreseen(kind.schema, inputs)
    outputs["azureApiVersion"] = kind.row.api_version
    outputs["type"] = kind.row.arm_type
    # A singleton is addressed as `default` and may be called otherwise in the answer.
    name = None if is_singleton(kind.row) else inputs.get(kind.row.parameters[-1])
    outputs["name"] = UNKNOWN if name is None else name
    return text, _with_own_identity(outputs, {})


def updated(kind: Kind, inputs: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs of an update that has not happened: what the service sets stays as it was."""
    nodes = kind.schema.body.nodes
    kept = {name: value for name, value in old.items() if name not in nodes or nodes[name].read_only}
    return _with_own_identity({**kept, **foreseen(kind.schema, inputs)}, old)


def _with_own_identity(outputs: dict[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """An identity that lives with its resource keeps its ids; they are unknown before it is there."""
    identity = outputs.get("identity")
    if isinstance(identity, dict) and "systemassigned" in str(identity.get("type", "")).lower():
        before = old.get("identity")
        known = before if isinstance(before, dict) else {}
        ids = {key: known.get(key, UNKNOWN) for key in ("principalId", "tenantId")}
        outputs["identity"] = ids | identity
    return outputs


def create(
    kind: Kind,
    arm: Arm,
    given: Properties,
    subscription: str | None,
    seconds: float,
    *,
    urn: str,
    recover: Collection[str] = (),
) -> State:
    """Make a resource that is not there yet.

    Args:
        kind: its type.
        arm: where it is made.
        given: its inputs.
        subscription: the provider's, for ids that do not name one.
        seconds: how long it may take.
        urn: what the program calls it, for the words of a refusal.
        recover: ARM ids in lower case of what was deleted and is taken back.

    Raises:
        ProviderError: it is there already; ARM refused; or it was made and then failed (with `init_failed`).
    """
    row = kind.row
    text = arm_id(row, given.values, subscription)
    if text is None:
        raise invalid(
            f"{row.token}: no address: {row.path} has a part that is not known{_settings(subscription)}"
        )
    if row.delete != "none" and arm.get(text, row.api_version) is not None:
        raise ProviderError(
            grpc.StatusCode.ALREADY_EXISTS,
            f"'{text}' already exists and is not in this stack's state; to take it over: "
            f"{import_command(row.token, urn, text)}",
        )
    body = to_body(kind.schema, given.values)
    if text.lower() in recover and row.purge is not None and row.purge.recover:
        put_at(body, row.purge.recover, RECOVER)
    return _write(kind, arm, text, body, given=given, seconds=seconds)


def update(kind: Kind, arm: Arm, text: str, given: Properties, seconds: float) -> State:
    """Change a resource in place.

    Raises:
        ProviderError: ARM refused, or the change failed.
    """
    body = to_body(kind.schema, given.values)
    unset = [path for path in kind.row.keep_if_unset if at_path(body, path) is None]
    if unset:
        current = arm.get(text, kind.row.api_version) or {}
        for path in unset:
            if (kept := at_path(current, path)) is not None:
                put_at(body, path, kept)
    return _write(kind, arm, text, body, given=given, seconds=seconds)


def read(kind: Kind, arm: Arm, text: str, old_inputs: Properties, old_outputs: Properties) -> State | None:
    """A resource as it is, on top of what the state knows of it; None where it is gone."""
    body = arm.get(text, kind.row.api_version)
    if body is None:
        return None
    row, schema = kind.row, kind.schema
    if not old_inputs.values:
        outputs = outputs_of(row, schema, body, None)
        return State(_id(text, body), outputs, all_inputs(row, schema, text, outputs))
    outputs = outputs_of(row, schema, body, old_inputs.values)
    inputs = managed_inputs(row, schema, old_inputs.values, old_outputs.values, outputs)
    if old_outputs.values:
        keep_volatile(row, schema, outputs, old_outputs.values)
    return State(_id(text, body), outputs, inputs)


def delete(kind: Kind, arm: Arm, text: str, seconds: float, *, for_good: bool = False) -> None:
    """Remove a resource; a singleton that lives and dies with its parent is left to that.

    Args:
        kind: of the resource.
        arm: the cloud.
        text: the resource's ARM id.
        seconds: how long it may take; 0 for as long as it takes.
        for_good: leave no tombstone.
    """
    row = kind.row
    if row.delete == "none":
        return
    if for_good:
        refuse_protected(row, arm, text)
    query = row.purge.query if for_good and row.purge and row.purge.query else row.delete_query
    with arm.serialised(parent_of(row, text)):
        arm.delete(text, row.api_version, query, seconds)
        if for_good and row.purge and not row.purge.query:
            purge(row, arm, text)


def _write(
    kind: Kind, arm: Arm, text: str, body: Mapping[str, Any], *, given: Properties, seconds: float
) -> State:
    row = kind.row
    query = {
        parameter: str(given.values[name]).lower()
        for name, parameter in row.query.items()
        if given.values.get(name) is not None
    }
    try:
        with arm.serialised(parent_of(row, text)):
            answer = arm.put(text, row.api_version, body, query, seconds)
    except ArmFailure as failure:
        if failure.accepted:
            raise _half_made(kind, arm, text, given, failure) from failure
        raise
    return State(_id(text, answer), outputs_of(row, kind.schema, answer, given.values), dict(given.values))


def _half_made(kind: Kind, arm: Arm, text: str, given: Properties, failure: ArmFailure) -> ProviderError:
    """The resource is there but its operation failed: it must enter the state, or it would be orphaned."""
    error = failure.as_provider_error()
    body = arm.get(text, kind.row.api_version)
    if body is None:
        return error
    outputs = outputs_of(kind.row, kind.schema, body, given.values)
    secret = kind.secret(given)
    error.init_failed = provider_pb2.ErrorResourceInitFailed(
        id=_id(text, body),
        properties=to_struct(outputs, secret),
        inputs=to_struct(given.values, secret),
        reasons=[str(failure)],
    )
    return error


def _id(text: str, body: Mapping[str, Any]) -> str:
    """ARM's own spelling of the id where it is the same one."""
    told = body.get("id")
    return told if isinstance(told, str) and same_id(told, text) else text


def import_command(token: str, urn: str, text: str) -> str:
    """What takes a resource over; of its parent a provider knows the type, and not the URN."""
    types, _, name = urn.split("::", 2)[-1].partition("::")
    parent = types.rpartition("$")[0].rpartition("$")[2]
    below = f" --parent 'NAME=URN' with the {parent} above it (pulumi stack --show-urns)" if parent else ""
    return f"pulumi import {token} {name} '{text}'{below}"


def _settings(subscription: str | None) -> str:
    return "" if subscription else "; azure-native:subscriptionId (or ARM_SUBSCRIPTION_ID) is not set"
