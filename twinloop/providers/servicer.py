"""What every provider of ours answers alike: which protocol it speaks, and what it does not have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any, ClassVar, NamedTuple

from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from twinloop.providers.errors import refused
from twinloop.providers.values import Properties, from_struct

_Kinds = provider_pb2.PropertyDiff
_IN_PLACE = {"add": _Kinds.ADD, "delete": _Kinds.DELETE, "update": _Kinds.UPDATE}
_REPLACING = {"add": _Kinds.ADD_REPLACE, "delete": _Kinds.DELETE_REPLACE, "update": _Kinds.UPDATE_REPLACE}
_Some, _None = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE


class Told(NamedTuple):
    """One property that differs, as an engine is told of it."""

    path: str
    key: str  # of the inputs, in which it lies
    kind: str  # add, update or delete
    replaces: bool


def difference(found: Iterable[Told]) -> Any:
    """What differs, each with its path; nothing where there is nothing."""
    told = list(found)
    answer = provider_pb2.DiffResponse(changes=_Some if told else _None, hasDetailedDiff=True)
    for one in told:
        table = _REPLACING if one.replaces else _IN_PLACE
        answer.detailedDiff[one.path].CopyFrom(_Kinds(kind=table[one.kind], inputDiff=True))
        answer.diffs.append(one.key)
        if one.replaces:
            answer.replaces.append(one.key)
    return answer


def is_ignored(request: Any, path: str) -> bool:
    """Whether the program has said that changes of a property are to be ignored, or of what it lies in."""
    return any(
        path == ignored or path.startswith((f"{ignored}.", f"{ignored}["))
        for ignored in request.ignoreChanges
    )


def inputs_before(request: Any) -> Properties:
    """The inputs until now; the outputs where the engine has kept no inputs."""
    return from_struct(request.old_inputs if request.HasField("old_inputs") else request.olds)


def configured() -> Any:
    """What every provider of ours understands, once it is configured."""
    return provider_pb2.ConfigureResponse(
        acceptSecrets=True,
        supportsPreview=True,
        acceptResources=False,
        acceptOutputs=False,
        supports_autonaming_configuration=True,
    )


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """A provider of one package, without schema and methods; the engine's address is of no use to it."""

    package: ClassVar[str]
    settings: ClassVar[frozenset[str]]
    silent_settings: ClassVar[frozenset[str]] = frozenset()
    """Those of the official provider that are taken too, and change nothing here."""

    def moves(self, name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        """Whether a change of this setting means another place, where everything has to be made anew."""
        raise NotImplementedError

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """What is understood: secrets; and names proposed by the engine's own settings."""
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True,
            accept_resources=False,
            accept_outputs=False,
            supports_autonaming_configuration=True,
        )

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """The version of the package whose types are spoken."""
        return plugin_pb2.PluginInfo(version=version(f"pulumi-{self.package}"))

    def Attach(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Nothing is asked of the engine, so its address is not kept."""
        return empty_pb2.Empty()

    def GetSchema(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Refused: SDKs are generated from the official plugin."""
        raise refused(
            f"{self.package} GetSchema: this provider has no schema; generate SDKs from the official one"
        )

    def Call(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Refused: the package has no methods."""
        raise refused(f"{self.package} Call {request.tok}: the package has no methods")

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Refuse settings that this provider would not honour."""
        answer = provider_pb2.CheckResponse(inputs=request.news)
        for name in request.news.fields:
            if name not in self.settings | self.silent_settings and not name.startswith("__"):
                reason = f"not a setting of this provider; allowed: {', '.join(sorted(self.settings))}"
                answer.failures.add(property=name, reason=reason)
        return answer

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Settings that mean another place replace everything that is there."""
        old, new = inputs_before(request).values, from_struct(request.news).values
        changed = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
        moved = [name for name in changed if self.moves(name, old, new)]
        return provider_pb2.DiffResponse(
            changes=_Some if changed else _None, diffs=changed, replaces=moved, hasDetailedDiff=False
        )
