"""One step from a checkout to a twin that serves, knows the settings, and is spoken to as a persona."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twinloop import __version__
from twinloop.clouds import environment, personas, seed, stack_file, twin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twinloop.clouds.environment import Variables
    from twinloop.clouds.home import Home
    from twinloop.clouds.twin import Twin


@dataclass(frozen=True)
class Session:
    """A twin that serves, and who a command is on it."""

    twin: Twin
    persona: str
    variables: Variables
    started: bool


def open_twin(home: Home, *, stack: str = "") -> tuple[Twin, bool]:
    """The twin of this home, started if need be, and told of changed settings.

    Returns:
        The twin, and whether this call started it.

    Raises:
        TwinUnreachable: it did not come up.
        Problem: the settings are wrong, or do not fit what the twin already holds.
    """
    changed = seed.pending(home.make(), stack=stack)
    if changed is not None:
        seed.write(home, changed)
    found, started = twin.start(home, version=__version__)
    if changed is not None:
        if not started:
            found.call("POST", "/_twin/seed", changed.document)
        seed.settle(home, changed)
    return found, started


def open_session(home: Home, *, stack: str, persona: str) -> Session:
    """A twin, and the variables that make any official client act on it as a persona.

    Raises:
        NotFound: there is no such stack or persona.
        TwinUnreachable: the twin did not come up.
    """
    file = stack_file.read(home.checkout, stack)
    found, started = open_twin(home, stack=file.name)
    chosen = environment.variables(
        found,
        persona=persona,
        secret=personas.secret(home, persona),
        subscription=file.subscription,
        tenant=file.tenant,
    )
    return Session(found, persona, chosen, started)


@contextmanager
def acting(home: Home, *, stack: str, persona: str) -> Iterator[Session]:
    """Point this process at the twin as a persona; enter it before `azure.ai.ml` is imported.

    Raises:
        NotFound: there is no such stack or persona.
        TwinUnreachable: the twin did not come up.
    """
    session = open_session(home, stack=stack, persona=persona)
    with environment.applied(session.variables):
        yield session
