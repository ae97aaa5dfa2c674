"""The servicer of Pulumi's provider protocol for the package azure-native.

A refusal is raised as ProviderError; `twinloop.providers.serve` turns it into gRPC's status on the wire.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from checks.catalogue.resource_types import resource_types
from checks.catalogue.schemas import schema_of
from twinloop.providers.azure_native import resources
from twinloop.providers.azure_native.addresses import arm_id, parameters_of, same_id
from twinloop.providers.azure_native.arm import Arm, ArmFailure
from twinloop.providers.azure_native.check import check
from twinloop.providers.azure_native.cloud import Settings
from twinloop.providers.azure_native.compare import Change, changes, overlaps, replacing
from twinloop.providers.azure_native.invokes import invoke
from twinloop.providers.azure_native.resources import Kind
from twinloop.providers.errors import invalid, refused
from twinloop.providers.servicer import (
    Servicer,
    Told,
    configured,
    difference,
    inputs_before,
    is_ignored,
)
from twinloop.providers.values import from_struct, to_struct, write

PACKAGE = "azure-native"


class AzureNativeProvider(Servicer):
    """azure-native for the twin, generic by the table of resource types. Thread safe.

    Args:
        open_arm: makes the client of a cloud from the settings.
        purge: delete for good: leave no tombstone that would hold a name.
        recover: ARM ids in lower case of what was deleted and is taken back where it is made again.
    """

    package = "azure-native"
    settings = frozenset({"subscriptionId", "tenantId", "location", "metadataHost", "useMsi", "version"})
    silent_settings = frozenset({"environment", "disablePulumiPartnerId", "partnerId", "msiEndpoint"})

    def __init__(
        self,
        open_arm: Callable[[Settings], Arm] = Arm,
        *,
        purge: bool = False,
        recover: Collection[str] = (),
    ) -> None:
        self._open_arm, self._purge, self._recover = open_arm, purge, frozenset(recover)
        self._use(Settings.read({}))

    def _use(self, settings: Settings) -> None:
        self._settings = settings
        self._arm = self._open_arm(settings)

    # What kind of provider this is

    def Parameterize(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Refused: one API version per type, the table's."""
        raise refused("azure-native Parameterize: each type has the one API version of the table")

    def Construct(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Refused: the package has no components."""
        raise refused(f"azure-native Construct {request.type}: the package has no components")

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """End every wait."""
        self._arm.cancel()
        return empty_pb2.Empty()

    # Its configuration

    def moves(self, name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """Another subscription or tenant is another place."""
        return name in {"subscriptionId", "tenantId"}

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Take the settings; nothing is asked of the cloud yet."""
        config = {key.rpartition(":")[2]: value for key, value in request.variables.items()}
        config |= {
            key: value for key, value in from_struct(request.args).values.items() if isinstance(value, str)
        }
        self._use(Settings.read(config))
        return configured()

    # Its resources

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Fill in names and location; refuse what Azure would refuse."""
        kind, logical = kind_of(request.urn), request.urn.rpartition("::")[2]
        proposed = request.autonaming.proposed_name if request.HasField("autonaming") else ""
        given = from_struct(request.news)
        found = check(
            kind.row,
            kind.schema,
            given.values,
            old=from_struct(request.olds).values,
            logical=logical,
            seed=bytes(request.randomSeed) or request.urn.encode(),
            proposed=proposed,
            location=self._settings.location,
        )
        answer = provider_pb2.CheckResponse()
        answer.inputs.CopyFrom(request.news)  # secrets and what is not known yet stay as they came
        for name, value in found.added.items():
            write(answer.inputs.fields[name], value)
        for name in (kind.secret(given) - given.secret) & given.values.keys():
            answer.inputs.fields[name].CopyFrom(to_struct({name: given.values[name]}, [name]).fields[name])
        for path, reason in found.failures:
            answer.failures.add(property=path, reason=reason)
        return answer

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Which properties differ, and which of them replace the resource."""
        kind = kind_of(request.urn)
        old, new = inputs_before(request).values, from_struct(request.news).values
        found = [
            change
            for change in changes(kind.row, kind.schema, old, new)
            if not is_ignored(request, change.path)
        ]
        fixed = replacing(kind.row, old, new, kind.schema) if found else []
        answer = difference(
            Told(change.path, change.key, change.kind, _replaces(kind, change, fixed)) for change in found
        )
        answer.deleteBeforeReplace = bool(answer.replaces) and self._same_place(kind, request.id, old, new)
        return answer

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Make a resource; in a preview, say which id it will have."""
        kind, given = kind_of(request.urn), from_struct(request.properties)
        secret = kind.secret(given)
        if request.preview:
            text, outputs = resources.planned(kind, given.values, self._settings.subscription)
            return provider_pb2.CreateResponse(id=text, properties=to_struct(outputs, secret))
        with _arm_failures():
            made = resources.create(
                kind,
                self._arm,
                given,
                self._settings.subscription,
                request.timeout,
                urn=request.urn,
                recover=self._recover,
            )
        return provider_pb2.CreateResponse(id=made.id, properties=to_struct(made.outputs, secret))

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """A resource as it is; an empty id where it is gone."""
        kind = kind_of(request.urn)
        if parameters_of(kind.row, request.id) is None:
            raise invalid(f"{request.urn}: given id '{request.id}'; wanted: {kind.row.path}")
        inputs, outputs = from_struct(request.inputs), from_struct(request.properties)
        with _arm_failures():
            found = resources.read(kind, self._arm, request.id, inputs, outputs)
        if found is None:
            return provider_pb2.ReadResponse()
        secret = kind.secret(inputs, outputs)
        return provider_pb2.ReadResponse(
            id=found.id,
            properties=to_struct(found.outputs, secret),
            inputs=to_struct(found.inputs, secret & inputs.secret if inputs.values else secret),
        )

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Change a resource in place."""
        kind, given = kind_of(request.urn), from_struct(request.news)
        secret = kind.secret(given)
        if request.preview:
            outputs = resources.updated(kind, given.values, from_struct(request.olds).values)
            return provider_pb2.UpdateResponse(properties=to_struct(outputs, secret))
        with _arm_failures():
            made = resources.update(kind, self._arm, request.id, given, request.timeout)
        return provider_pb2.UpdateResponse(properties=to_struct(made.outputs, secret))

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Remove a resource; one that is gone already is as good."""
        kind = kind_of(request.urn)
        with _arm_failures():
            resources.delete(kind, self._arm, request.id, request.timeout, for_good=self._purge)
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Call a function of the package."""
        with _arm_failures():
            found = invoke(request.tok, from_struct(request.args).values, self._arm, self._settings)
        return provider_pb2.InvokeResponse(**{"return": to_struct(found.values, found.secret)})

    def _same_place(self, kind: Kind, text: str, old: dict[str, Any], new: dict[str, Any]) -> bool:
        """Whether old and new cannot stand side by side: the same id, or a name that must be unique."""
        becomes = arm_id(kind.row, new, self._settings.subscription)
        own_name = kind.row.parameters[-1]
        if same_id(text, becomes):
            return True
        return kind.row.name_scope == "global" and old.get(own_name) == new.get(own_name)


def kind_of(urn: str) -> Kind:
    """The resource type of a URN."""
    return _kind_of(urn.split("::")[2].rpartition("$")[2])


@cache
def _kind_of(token: str) -> Kind:
    row = resource_types().get(token)
    if row is None:
        known = ", ".join(sorted(each.removeprefix("azure-native:") for each in resource_types()))
        raise refused(
            f"{token} is not a resource type of this provider; it has: {known}; add a row to "
            "checks/catalogue/resource_types/"
        )
    return Kind(row, schema_of(row.arm_type))


def _replaces(kind: Kind, change: Change, fixed: list[str]) -> bool:
    if change.path in kind.row.parameters:
        return True
    return any(overlaps(change.wire, path) for path in fixed)


@contextmanager
def _arm_failures() -> Iterator[None]:
    try:
        yield
    except ArmFailure as failure:
        raise failure.as_provider_error() from failure
