"""Answers what the program reads: resources by id, the outputs of other stacks, and functions."""

from __future__ import annotations

from typing import Any

from twinloop.engine import urns
from twinloop.engine.backend import Backend
from twinloop.engine.deployment import Deployment
from twinloop.engine.errors import EngineError, NotSupported
from twinloop.engine.importing import note, read_resource
from twinloop.engine.model import Op, Stack
from twinloop.engine.provider_context import ProviderFailure
from twinloop.engine.registration import Refused, Registrar
from twinloop.engine.reporting import describe
from twinloop.engine.states import ResourceState
from twinloop.engine.store import Store
from twinloop.engine.values import UNKNOWN, UNKNOWN_TEXTS, Properties, from_struct, holds_secret, unsealed


class Reader:
    """All reads of one run."""

    def __init__(self, deployment: Deployment, registrar: Registrar) -> None:
        self._deployment = deployment
        self._registrar = registrar
        self._old = deployment.snapshot.live()

    def read(self, request: Any) -> ResourceState:
        """A resource that exists and is not ours.

        Raises:
            Refused: it cannot be read; the report has the reason.
        """
        stack = self._deployment.stack
        urn = urns.build(stack.name, stack.project, request.parent, request.type, request.name)
        self._registrar.claim(urn)
        state = ResourceState(
            urn=urn,
            type=request.type,
            custom=True,
            external=True,
            id=request.id,
            inputs=from_struct(request.properties),
            parent=request.parent,
            dependencies=sorted(set(request.dependencies)),
            additional_secret_outputs=sorted(request.additionalSecretOutputs),
        )
        old = self._old.get(urn)
        if request.type == urns.STACK_REFERENCE:
            return self._stack_reference(state, old)
        state.provider = request.provider or self._registrar.default_provider(request.type, request.version)
        if request.id in UNKNOWN_TEXTS or not request.id:
            return state.copy(id="", outputs={})
        try:
            return read_resource(self._deployment, state, old)[0]
        except ProviderFailure as error:
            if self._deployment.dry_run:  # goes on, so that a preview names everything that is missing
                return state.copy(outputs={})
            raise Refused(f"{urn}: {error}") from error

    def _stack_reference(self, state: ResourceState, old: ResourceState | None) -> ResourceState:
        step = describe(Op.READ, state, new=state.inputs)
        state.inputs = {"name": state.inputs.get("name", state.id)}
        state.provider = self._registrar.default_provider(urns.STACK_REFERENCE, "")
        outputs = stack_outputs_of(self._deployment.stack, state.id)
        if outputs is None and not self._deployment.dry_run:
            message = f"stack '{state.id}' has no state: bring it up first"
            self._deployment.report.failed(step, message)
            raise Refused(message)
        if outputs is None:
            self._deployment.report.say(
                "warning",
                f"stack '{state.id}' is not up yet: its outputs are unknown in this preview",
                state.urn,
            )
            return state.copy(outputs={"name": state.id, "outputs": UNKNOWN, "secretOutputNames": UNKNOWN})
        secret = sorted(name for name, value in outputs.items() if holds_secret(value))
        state.outputs = {"name": state.id, "outputs": outputs, "secretOutputNames": secret}
        note(self._deployment, state, old)
        self._deployment.report.done(step)
        return state

    def invoke(self, request: Any) -> tuple[Properties, list[tuple[str, str]]]:
        """A function of a provider: (result, failures).

        Raises:
            EngineError: the function is not there, or failed.
        """
        args = from_struct(request.args)
        if request.tok.startswith("pulumi:pulumi:"):
            return self._builtin(request.tok, args), []
        if request.packageRef:
            raise NotSupported(f"parameterised packages (function {request.tok})")
        reference = request.provider or self._registrar.default_provider(
            request.tok, request.version, request.pluginDownloadURL
        )
        provider = self._deployment.providers.get(reference)
        if not provider.configured:
            return {}, []
        try:
            return provider.invoke(request.tok, args, preview=self._deployment.dry_run)
        except ProviderFailure as error:
            raise EngineError(f"function {request.tok} failed: {_once(request.tok, str(error))}") from error

    def _builtin(self, token: str, args: Properties) -> Properties:
        if token == "pulumi:pulumi:readStackOutputs":  # noqa: S105 (the name of a function)
            name = args["name"]
            return {"name": name, "outputs": stack_outputs_of(self._deployment.stack, name) or {}}
        raise NotSupported(f"the function {token}")


def stack_outputs_of(stack: Stack, name: str) -> Properties | None:
    """The outputs of another stack of the same backend, or None where it was never brought up.

    Args:
        stack: the stack that asks.
        name: `<stack>`, `<project>/<stack>` or `<organization>/<project>/<stack>`.
    """
    pieces = name.split("/")
    organization, project, short = [stack.organization, stack.project][: 3 - len(pieces)] + pieces
    other = Stack(
        project=project,
        name=short,
        backend=stack.backend,
        passphrase=stack.passphrase,
        organization=organization,
    )
    snapshot = Store(Backend(other), stack.passphrase).open()
    for state in snapshot.states():
        if state.type == urns.STACK_TYPE:
            # Sealed with the other stack's key: in this stack's state they are sealed anew.
            return dict(unsealed(state.outputs))
    return None


def _once(token: str, said: str) -> str:
    """A provider's words without the token that the sentence has already."""
    return said.removeprefix(f"{token}: ")
