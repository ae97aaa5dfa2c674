"""The providers of a run: found by reference, made where a resource names none, configured once."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

from pulumi.runtime.proto import provider_pb2

from twinloop.engine import urns
from twinloop.engine.deployment import Deployment
from twinloop.engine.errors import EngineError, NotSupported
from twinloop.engine.goals import Goal
from twinloop.engine.model import ProviderHost
from twinloop.engine.provider_calls import Provider, public
from twinloop.engine.states import ResourceState
from twinloop.engine.values import UNKNOWN_TEXT, Properties, Secret

BUILTIN = "pulumi"
"""The package of stack references: the engine itself, in the state as a provider all the same."""
Register = Callable[[Goal], ResourceState]


def default_name(version: str) -> str:
    """The name of a default provider: the version with `_` for what a name cannot hold."""
    return f"default_{version.translate(str.maketrans('.-+', '___'))}" if version else "default"


class _Builtin:
    """The provider of stack references, as far as it is one: it has no configuration."""

    def CheckConfig(self, request: Any, _context: object) -> Any:  # noqa: N802 (the protocol's name)
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, _request: object, _context: object) -> Any:  # noqa: N802
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, _request: object, _context: object) -> Any:  # noqa: N802
        return provider_pb2.ConfigureResponse(acceptSecrets=True)


class ProviderRegistry:
    """Providers by reference `<urn>::<id>`."""

    def __init__(self, deployment: Deployment, host: ProviderHost) -> None:
        self._deployment = deployment
        self._host = host
        self._lock = threading.RLock()
        self._by_reference: dict[str, Provider] = {}
        self._defaults: dict[str, str] = {}
        self._old = {
            state.reference: state for state in deployment.snapshot.states() if urns.is_provider(state.type)
        }

    def load(self, urn: str, inputs: Properties) -> Provider:
        """A provider that is not configured yet."""
        package = urns.type_of(urn).removeprefix(urns.PROVIDER_PREFIX)
        if package == BUILTIN:
            return Provider(urn, _Builtin())
        version = inputs.get("version", "")
        return Provider(urn, self._host(package, version if isinstance(version, str) else ""))

    def adopt(self, state: ResourceState, provider: Provider) -> None:
        """From now on this provider answers for the state's reference."""
        provider.configure(state.urn, state.id, state.inputs)
        with self._lock:
            self._by_reference[state.reference] = provider

    def get(self, reference: str) -> Provider:
        """The provider of a reference, of this run or of the state.

        Raises:
            EngineError: there is none.
        """
        with self._lock:
            provider = self._by_reference.get(reference)
            if provider is None:
                provider = self._from_state(reference)
                self._by_reference[reference] = provider
            return provider

    def _from_state(self, reference: str) -> Provider:
        state = self._old.get(reference)
        if state is None:
            renamed = {new: old for old, new in self._deployment.snapshot.renames.items()}
            urn, provider_id = urns.split_reference(reference)
            state = self._old.get(f"{renamed.get(urn, urn)}::{provider_id}")
        if state is None:
            raise EngineError(f"there is no provider '{reference}' in the program or the state")
        provider = self.load(state.urn, state.inputs)
        provider.configure(state.urn, state.id, state.inputs)
        return provider

    def default(self, package: str, version: str, download_url: str, register: Register) -> str:
        """The reference of a package's default provider, which is registered when it is first asked for."""
        if download_url:
            raise NotSupported(f"plugin download URLs (package '{package}': {download_url})")
        key = f"{package}@{version}"
        with self._lock:
            if key not in self._defaults:
                self._defaults[key] = register(self._default_goal(package, version)).reference
            return self._defaults[key]

    def _default_goal(self, package: str, version: str) -> Goal:
        deployment = self._deployment
        type_, name = f"{urns.PROVIDER_PREFIX}{package}", default_name(version)
        properties: Properties = {}
        program = deployment.program
        for key, value in (program.config if program else {}).items():
            namespace, _, short = key.partition(":")
            if namespace == package and program is not None:
                properties[short] = Secret(value) if key in program.secret_keys else value
        if version:
            properties["version"] = version
        urn = urns.build(deployment.stack.name, deployment.stack.project, "", type_, name)
        return Goal(urn=urn, type=type_, name=name, custom=True, properties=properties)

    def new_id(self) -> str:
        """The id of a provider that is made now; in a preview nobody knows it yet."""
        return UNKNOWN_TEXT if self._deployment.dry_run else str(uuid.uuid4())

    def changed(self, old: ResourceState, reference: str) -> bool:
        """Whether another provider stands behind a resource, so that it must be replaced.

        Between two default providers only what their own difference calls a replacement counts.
        """
        if not old.provider or old.provider == reference:
            return False
        old_urn, old_id = urns.split_reference(old.provider)
        new_urn, new_id = urns.split_reference(reference)
        old_urn = self._deployment.snapshot.renames.get(old_urn, old_urn)
        if (old_urn, old_id) == (new_urn, new_id):
            return False
        if not (urns.is_default_provider(old_urn) and urns.is_default_provider(new_urn)):
            return True
        before = self._old.get(old.provider)
        if before is None:
            return False
        provider = self.get(reference)
        difference = provider.diff_config(new_urn, before.inputs, before.outputs, public(provider.config))
        return bool(difference.replaces)
