"""Resources that failed, as one problem of a person: what the services said, and the line that leads on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twinloop.clouds import personas
from twinloop.problems import Kind, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from twinloop.engine.errors import ResourceFailed
    from twinloop.stacks.target import Target

_DEAD = re.compile(
    r"connection refused|failed to establish a new connection|max retries exceeded|connection aborted|"
    r"connection reset|remote end closed|no route to host|ServiceRequestError|statuscode\.unavailable",
    re.IGNORECASE,
)
_DENIED = re.compile(r"AuthorizationFailed|does not have authorization|LinkedAuthorizationFailed")
_HELD = re.compile(r"SoftDeletedResourceExists|ConflictError: [^\n]*in deleted state", re.IGNORECASE)
# What the embedded engine says of a stack reference, and what the official CLI does.
_NEEDS_STACK = re.compile(r"stack '[^']*?([^'/]+)' has no state|unknown stack \"[^\"]*?([^\"/]+)\"")
_NOT_EMULATED = re.compile(r"NotEmulated|is not a resource type of this provider")
_UNSENT = "the inputs were refused"


def resource_failed(error: ResourceFailed, target: Target, command: str) -> Problem:
    """What a person is told: the first reason that is known by its words, else the words themselves.

    Args:
        error: every failure with its words.
        target: what was acted on.
        command: what was asked for, `up` or `destroy`: the way on is to ask for it again.
    """
    again = f"twinloop {command} -s {target.stack}"
    said = "\n".join(f"{urn.rsplit('::', 1)[-1]}: {message}" for urn, message in error.failures)
    problem = next((found for case in _CASES if (found := case(error, said, target, again))), None)
    if problem is None:
        problem = Problem(
            f"{len(error.failures)} resource(s) failed; everything that was done is saved.",
            next_step=f"put it right, then: {again}",
        )
    problem.where, problem.given = f"stack {target.stack}, {target.place}", said
    return problem


def _dead(_error: ResourceFailed, said: str, target: Target, again: str) -> Problem | None:
    if not _DEAD.search(said) or target.cloud != "twin":
        return None
    return Problem(
        "The local Azure stopped answering; what was done is saved.",
        next_step=f"{again}   starts it again and goes on from there",
        kind=Kind.TWIN_UNREACHABLE,
    )


def _denied(error: ResourceFailed, said: str, target: Target, again: str) -> Problem | None:
    if not _DENIED.search(said):
        return None
    return Problem(
        f"You may not do this: {len(error.failures)} resource(s) were refused.",
        allowed="somebody with a role that is named there",
        next_step=f"{again} --as {personas.DEPLOYER}   (you are {target.persona})"
        if target.cloud == "twin"
        else "ask for the role that is named there, then run it again",
        kind=Kind.REFUSED,
    )


def _unsent(error: ResourceFailed, _said: str, target: Target, _again: str) -> Problem | None:
    if not all(message.startswith(_UNSENT) for _, message in error.failures):
        return None
    return Problem(
        f"Azure would refuse what {len(error.failures)} resource(s) are given; nothing of it was sent.",
        next_step=f"put it right in the program or in {target.file.path.name}, then: "
        f"twinloop preview -s {target.stack}",
        kind=Kind.USAGE,
    )


def _held(_error: ResourceFailed, said: str, target: Target, again: str) -> Problem | None:
    if not _HELD.search(said) or target.cloud != "twin":
        return None
    return Problem(
        "A name is still held by what was deleted, as on Azure; everything that was done is saved.",
        allowed="a name that nothing deleted holds; `destroy --purge` leaves none behind",
        next_step=f"twinloop twin purge --all -s {target.stack} && {again}",
    )


def _not_emulated(_error: ResourceFailed, said: str, _target: Target, again: str) -> Problem | None:
    if not _NOT_EMULATED.search(said):
        return None
    return Problem(
        "The local Azure does not emulate this.",
        allowed="what docs/reference/emulated.md lists",
        next_step=f"leave it out by the settings, or act on Azure: {again} --cloud azure",
        kind=Kind.NOT_SUPPORTED,
    )


def _needs_stack(_error: ResourceFailed, said: str, target: Target, again: str) -> Problem | None:
    return needs_stack(said, target, again)


def needs_stack(said: str, target: Target, again: str, flags: str = "") -> Problem | None:
    """That a stack must be up first, where an engine says so.

    Args:
        said: what it said.
        target: what was acted on.
        again: the command that was typed.
        flags: of both commands, such as the engine.
    """
    found = _NEEDS_STACK.search(said)
    if found is None:
        return None
    needed = found[1] or found[2]
    return Problem(
        f"Stack '{target.stack}' reads outputs of stack '{needed}', which is not up.",
        where=f"stack {target.stack}, {target.place}",
        given=said,
        next_step=f"twinloop up -s {needed}{flags} && {again}{flags}",
    )


_CASES: tuple[Callable[[ResourceFailed, str, Target, str], Problem | None], ...] = (
    _dead,
    _denied,
    _unsent,
    _held,
    _not_emulated,
    _needs_stack,
)
