"""The embedded engine, wired to our providers, the twin's state, and the twin itself."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from twinloop.clouds import environment, personas, stack_file
from twinloop.clouds import twin as twins
from twinloop.clouds.session import open_session
from twinloop.engine import Operation, Program, Stack, UnknownProvider, run, stack_outputs
from twinloop.stacks import sdk_imports
from twinloop.stacks.local_state import configuration, passphrase

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from twinloop.clouds.environment import Variables
    from twinloop.engine import Event, Options, Outcome
    from twinloop.stacks.target import Target

PACKAGES = ("azure-native", "kubernetes")
_ASKING = ("existing", "inside")  # keys of settings for which a program reads what stands


def stack_of(target: Target) -> Stack:
    """The stack in the twin's own backend."""
    return Stack(
        project=target.project,
        name=target.stack,
        backend=target.home.make().state,
        passphrase=passphrase(target.home),
    )


def run_embedded(
    operation: Operation,
    target: Target,
    options: Options,
    on_event: Callable[[Event], None],
    *,
    purge: bool = False,
    recover: Collection[str] = (),
) -> Outcome:
    """Run the program in this process and bring its resources where it wants them.

    A preview needs no twin that serves, unless it is to read what really exists, the stack takes what
    somebody else has made, or it asks a cluster's credentials to look into it. With `purge`, what is deleted
    leaves no tombstone; what is in `recover` (ARM ids) is taken back where it is made again.

    Raises:
        EngineError: it could not begin: the stack is locked, its state damaged, the passphrase wrong.
        Problem: there is no twin, no such persona, or the stack file cannot be used.
    """
    given = configuration(target.file)
    offline = operation == Operation.PREVIEW and not options.refresh and not _asks(target)
    variables = _remembered(target) if offline else _served(target)
    if not offline:
        # Two providers that first import it in two threads at once see half a module each.
        import requests  # noqa: F401
    program = Program(
        main=stack_file.program_folder(target.home.checkout),
        config=given.values,
        secret_keys=given.secret_keys,
        hushed=given.hushed,
    )
    sdk_imports.install()
    with environment.applied(variables):
        return run(
            operation,
            stack_of(target),
            program,
            partial(provider, purge=purge, recover=recover),
            options,
            on_event,
        )


def provider(package: str, version: str, *, purge: bool = False, recover: Collection[str] = ()) -> Any:
    """The provider of a package, one instance for each configuration.

    Raises:
        UnknownProvider: there is none here.
    """
    if package not in PACKAGES:
        raise UnknownProvider(package, version, PACKAGES)
    if package == "kubernetes":
        from twinloop.providers.kubernetes.provider import KubernetesProvider

        return KubernetesProvider()
    from twinloop.providers.azure_native.provider import AzureNativeProvider

    return AzureNativeProvider(purge=purge, recover=recover)


def outputs(target: Target, *, show_secrets: bool) -> dict[str, Any]:
    """The stack's outputs, secrets masked unless they are asked for.

    Raises:
        EngineError: there is no state, or it cannot be read.
    """
    return stack_outputs(stack_of(target), show_secrets=show_secrets)


def _asks(target: Target) -> bool:
    """Whether the program asks the cloud: our settings say `existing`, or `inside` of a cluster, anywhere."""

    def named(value: object) -> bool:
        if isinstance(value, dict):
            return any(word in value for word in _ASKING) or any(named(inner) for inner in value.values())
        return (
            isinstance(value, str) and value.startswith("{") and any(f'"{word}"' in value for word in _ASKING)
        )

    return any(named(value) for value in target.file.raw.values())


def _served(target: Target) -> Variables:
    return open_session(target.home, stack=target.stack, persona=target.persona).variables


def _remembered(target: Target) -> Variables:
    """The variables of a twin that may not serve: then nobody answers, and never the public cloud."""
    try:
        secret = str(json.loads(target.home.personas.read_text())[personas.check(target.persona)])
    except (OSError, ValueError, KeyError):
        secret = "none-before-the-first-start"  # noqa: S105 - says what it is
    return environment.variables(
        twins.remembered(target.home),
        persona=target.persona,
        secret=secret,
        subscription=target.file.subscription,
        tenant=target.file.tenant,
    )
