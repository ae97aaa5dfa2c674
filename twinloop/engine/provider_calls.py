"""Calls of one provider: Pulumi's provider protocol with plain values on this side of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime.proto import provider_pb2

from twinloop.engine.paths import parse
from twinloop.engine.provider_context import CallContext, CheckFailed, ProviderFailure, failure_of
from twinloop.engine.urns import name_of, type_of
from twinloop.engine.values import Properties, bare, carry_secrets, from_struct, holds_unknown, to_struct

INTERNAL = "__internal"


@dataclass(frozen=True)
class Difference:
    """What a provider says of old and new."""

    changed: bool
    replaces: tuple[str, ...] = ()
    detailed: Mapping[str, str] | None = None
    """Path to kind (`add`, `update-replace`, ...), where the provider gives it."""
    keys: tuple[str, ...] = ()
    delete_before_replace: bool = False


_KINDS = {0: "add", 1: "add-replace", 2: "delete", 3: "delete-replace", 4: "update", 5: "update-replace"}


@dataclass
class Provider:
    """One configured provider."""

    urn: str
    servicer: Any
    secrets: bool = False
    preview: bool = True
    configured: bool = True
    """False where its own configuration is not known before an `up`."""
    config: Properties = field(default_factory=dict)

    def call(self, method: str, request: Any) -> Any:
        """Call one method.

        Raises:
            ProviderFailure: the provider refused or failed.
        """
        context = CallContext()
        try:
            answer = getattr(self.servicer, method)(request, context)
        except ProviderFailure:
            raise
        except Exception as error:  # a provider may raise anything; it becomes a failure of this one resource
            raise failure_of(error) from error
        context.check()
        return answer

    def _out(self, values: Properties) -> Any:
        return to_struct(values, secrets=self.secrets)

    # Configuration

    def check_config(self, urn: str, olds: Properties, news: Properties) -> Properties:
        """The provider's configuration, checked; raises CheckFailed."""
        request = provider_pb2.CheckRequest(
            urn=urn,
            olds=to_struct(public(olds)),
            news=to_struct(public(news)),
            name=name_of(urn),
            type=type_of(urn),
        )
        answer = self._tolerant("CheckConfig", request)
        if answer is None:
            return news
        _refuse(answer.failures)
        inputs = carry_secrets(news, from_struct(answer.inputs)) if answer.HasField("inputs") else dict(news)
        # The engine's own part never reaches the provider and is put back.
        return {**inputs, **({INTERNAL: news[INTERNAL]} if INTERNAL in news else {})}

    def diff_config(self, urn: str, old_inputs: Properties, olds: Properties, news: Properties) -> Difference:
        """What a change of the configuration means."""
        request = provider_pb2.DiffRequest(
            urn=urn,
            olds=to_struct(public(olds)),
            news=to_struct(public(news)),
            old_inputs=to_struct(public(old_inputs)),
            name=name_of(urn),
            type=type_of(urn),
        )
        answer = self._tolerant("DiffConfig", request)
        changed = public(old_inputs) != public(news)
        return Difference(changed) if answer is None else _difference(answer, fallback=changed)

    def configure(self, urn: str, provider_id: str, inputs: Properties) -> None:
        """Give the provider its configuration."""
        inputs = public(inputs)
        self.config = inputs
        if holds_unknown(inputs):
            self.configured = False
            return
        package = type_of(urn).rsplit(":", 1)[-1]
        variables = {
            f"{package}:config:{key}": _text(bare(value)) for key, value in inputs.items() if key != "version"
        }
        request = provider_pb2.ConfigureRequest(
            variables=variables,
            args=to_struct(inputs),
            acceptSecrets=True,
            acceptResources=True,
            sends_old_inputs=True,
            sends_old_inputs_to_delete=True,
            id=provider_id,
            urn=urn,
            name=name_of(urn),
            type=type_of(urn),
        )
        answer = self.call("Configure", request)
        self.secrets = answer.acceptSecrets
        self.preview = answer.supportsPreview
        self.configured = True

    def _tolerant(self, method: str, request: Any) -> Any:
        """CheckConfig and DiffConfig are optional in the protocol."""
        try:
            return self.call(method, request)
        except ProviderFailure as error:
            if error.code == "UNIMPLEMENTED":
                return None
            raise

    # Resources

    def check(self, urn: str, olds: Properties, news: Properties, seed: bytes) -> Properties:
        """The inputs with defaults, checked; raises CheckFailed."""
        request = provider_pb2.CheckRequest(
            urn=urn,
            olds=self._out(olds),
            news=self._out(news),
            randomSeed=seed,
            name=name_of(urn),
            type=type_of(urn),
        )
        answer = self.call("Check", request)
        _refuse(answer.failures)
        return dict(carry_secrets(news, from_struct(answer.inputs)))

    def diff(  # noqa: PLR0917 (the protocol's own order: old, then new)
        self,
        urn: str,
        id_: str,
        old_inputs: Properties,
        old_outputs: Properties,
        news: Properties,
        ignore: list[str],
    ) -> Difference:
        """What the way from old to new means."""
        request = provider_pb2.DiffRequest(
            id=id_,
            urn=urn,
            olds=self._out(old_outputs),
            news=self._out(news),
            old_inputs=self._out(old_inputs),
            ignoreChanges=ignore,
            name=name_of(urn),
            type=type_of(urn),
        )
        return _difference(self.call("Diff", request), fallback=old_inputs != news)

    def create(
        self, urn: str, inputs: Properties, timeout: float, *, preview: bool
    ) -> tuple[str, Properties]:
        """Make the resource, or say what making it would give: (id, outputs)."""
        request = provider_pb2.CreateRequest(
            urn=urn,
            properties=self._out(inputs),
            timeout=timeout,
            preview=preview,
            name=name_of(urn),
            type=type_of(urn),
        )
        answer = self.call("Create", request)
        outputs = self._in(answer.properties, inputs)
        if not preview and not answer.id:
            raise ProviderFailure("the provider made the resource and gave no id", "INTERNAL")
        known = outputs.get("id")
        return answer.id or (known if preview and isinstance(known, str) else ""), outputs

    def update(
        self,
        urn: str,
        id_: str,
        old_inputs: Properties,
        old_outputs: Properties,
        news: Properties,
        *,
        ignore: list[str],
        timeout: float,
        preview: bool,
    ) -> Properties:
        """Change the resource, or say what that would give: the outputs."""
        request = provider_pb2.UpdateRequest(
            id=id_,
            urn=urn,
            olds=self._out(old_outputs),
            news=self._out(news),
            old_inputs=self._out(old_inputs),
            timeout=timeout,
            ignoreChanges=ignore,
            preview=preview,
            name=name_of(urn),
            type=type_of(urn),
        )
        return self._in(self.call("Update", request).properties, news)

    def read(
        self, urn: str, id_: str, inputs: Properties, outputs: Properties, timeout: float = 0
    ) -> tuple[str, Properties, Properties] | None:
        """The resource as it is: (id, inputs, outputs), or None where it is not there."""
        request = provider_pb2.ReadRequest(
            id=id_,
            urn=urn,
            properties=self._out(outputs),
            inputs=self._out(inputs),
            name=name_of(urn),
            type=type_of(urn),
            timeout=timeout,
        )
        answer = self.call("Read", request)
        if not answer.id:
            return None
        found = self._in(answer.properties, outputs)
        new_inputs = self._in(answer.inputs, inputs) if answer.HasField("inputs") else {}
        return answer.id, new_inputs, found

    def delete(self, urn: str, id_: str, inputs: Properties, outputs: Properties, timeout: float) -> None:
        """Remove the resource."""
        request = provider_pb2.DeleteRequest(
            id=id_,
            urn=urn,
            properties=self._out(outputs),
            timeout=timeout,
            old_inputs=self._out(inputs),
            name=name_of(urn),
            type=type_of(urn),
        )
        self.call("Delete", request)

    def invoke(
        self, token: str, args: Properties, *, preview: bool
    ) -> tuple[Properties, list[tuple[str, str]]]:
        """Call a function: (result, failures)."""
        request = provider_pb2.InvokeRequest(tok=token, args=self._out(args), preview=preview)
        answer = self.call("Invoke", request)
        result = from_struct(getattr(answer, "return"))
        return result, [(failure.property, failure.reason) for failure in answer.failures]

    def _in(self, struct: Any, source: Properties) -> Properties:
        """A provider's answer; what was secret when it went out is secret when it comes back."""
        values = from_struct(struct)
        return values if self.secrets else dict(carry_secrets(source, values))


def public(inputs: Properties) -> Properties:
    """A provider's inputs without the engine's own part."""
    return {key: value for key, value in inputs.items() if key != INTERNAL}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _refuse(failures: Any) -> None:
    found = [(failure.property, failure.reason) for failure in failures]
    if found:
        raise CheckFailed(found)


def _difference(answer: Any, *, fallback: bool) -> Difference:
    changed = {1: False, 2: True}.get(answer.changes, fallback)
    detailed = None
    if answer.hasDetailedDiff or answer.detailedDiff:
        detailed = {path: _KINDS[diff.kind] for path, diff in answer.detailedDiff.items()}
    replaces = list(answer.replaces)
    if detailed:
        replaces += [
            path for path, kind in detailed.items() if kind.endswith("replace") and path not in replaces
        ]
        # A parent key in `replaces` says the same as its detailed child; the exact path is the better reason.
        exact = {parse(path) for path, kind in detailed.items() if kind.endswith("replace")}
        replaces = [
            r
            for r in replaces
            if not any(len(e) > len(parse(r)) and e[: len(parse(r))] == parse(r) for e in exact)
        ]
    return Difference(
        changed=changed or bool(replaces),
        replaces=tuple(replaces),
        detailed=detailed,
        keys=tuple(answer.diffs),
        delete_before_replace=answer.deleteBeforeReplace,
    )
