"""What a person can put right: where, what was given, what is allowed, and what to type next."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Why a command stopped; the command line gives each kind an exit code of its own."""

    FAILED = "failed"
    USAGE = "usage"
    NOT_FOUND = "not-found"
    REFUSED = "refused"
    LOCKED = "locked"
    CHANGES_FOUND = "changes-found"
    STATE_CORRUPTED = "state-corrupted"
    TWIN_UNREACHABLE = "twin-unreachable"
    NOT_SUPPORTED = "not-supported"
    FOUND = "found"
    INTERRUPTED = "interrupted"


class Problem(Exception):
    """A failure that a person can put right, with the facts to do so.

    Args:
        message: one sentence: what went wrong.
        where: the file, key, resource or address it went wrong at.
        given: what was found there.
        allowed: what would have been accepted.
        next_step: a command line, or one sentence, that leads on.
        kind: why it stopped; the class's own kind where left out.
    """

    kind: Kind = Kind.FAILED
    result: object = None
    """What was done until then, for `--json`."""

    def __init__(
        self,
        message: str,
        *,
        where: str = "",
        given: str = "",
        allowed: str = "",
        next_step: str = "",
        kind: Kind | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.given = given
        self.allowed = allowed
        self.next_step = next_step
        if kind is not None:
            self.kind = kind


class BadUsage(Problem):
    """The command line or a setting is wrong; nothing was touched."""

    kind = Kind.USAGE


class NotFound(Problem):
    """What was named does not exist."""

    kind = Kind.NOT_FOUND


class Refused(Problem):
    """It exists and could be done, but not by this person, not here, or not so."""

    kind = Kind.REFUSED


class NotSupported(Problem):
    """Twinloop does not do this yet, and says so before it touches anything."""

    kind = Kind.NOT_SUPPORTED
