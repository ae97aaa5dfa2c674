"""The one error boundary: every failure becomes words on stderr (or one JSON object) and an exit code."""

from __future__ import annotations

import errno
import os
from enum import IntEnum

from twinloop.problems import Kind, Problem


class Exit(IntEnum):
    """Part of the public contract: scripts branch on these."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    REFUSED = 4
    LOCKED = 5
    CHANGES_FOUND = 6
    STATE_CORRUPTED = 7
    TWIN_UNREACHABLE = 8
    NOT_SUPPORTED = 9
    FOUND = 10
    BUG = 70
    INTERRUPTED = 130


EXIT_OF = {
    Kind.FAILED: Exit.FAILED,
    Kind.USAGE: Exit.USAGE,
    Kind.NOT_FOUND: Exit.NOT_FOUND,
    Kind.REFUSED: Exit.REFUSED,
    Kind.LOCKED: Exit.LOCKED,
    Kind.CHANGES_FOUND: Exit.CHANGES_FOUND,
    Kind.STATE_CORRUPTED: Exit.STATE_CORRUPTED,
    Kind.TWIN_UNREACHABLE: Exit.TWIN_UNREACHABLE,
    Kind.NOT_SUPPORTED: Exit.NOT_SUPPORTED,
    Kind.FOUND: Exit.FOUND,
    Kind.INTERRUPTED: Exit.INTERRUPTED,
}


class UserError(Problem):
    """A problem that a command itself finds; the facts are keyword arguments, as of every `Problem`."""


_NEXT_OF = {
    errno.ENOSPC: "make room, then run the command again; what was acknowledged is saved",
    errno.EDQUOT: "make room, then run the command again; what was acknowledged is saved",
    errno.EROFS: "set TWINLOOP_HOME to a folder that can be written, then run the command again",
    errno.EACCES: "ask the owner, or set TWINLOOP_HOME to a folder of your own",
    errno.EPERM: "ask the owner, or set TWINLOOP_HOME to a folder of your own",
    errno.EEXIST: "move that file away, or set TWINLOOP_HOME to another folder",
    errno.ENOTDIR: "move that file away, or set TWINLOOP_HOME to another folder",
}


def of_machine(error: OSError) -> Problem | None:
    """What the file system of this machine refuses is for a person to put right; None for all else."""
    next_step = _NEXT_OF.get(error.errno or 0)
    if next_step is None:
        return None
    return Problem(
        f"This machine's file system refuses: {error.strerror}.",
        where=str(error.filename or "where Twinloop keeps its files: TWINLOOP_HOME, or .twinloop/"),
        given=f"{errno.errorcode.get(error.errno or 0)}, as user {os.getuid()} of this machine",
        allowed="a file or folder that this user may write, on a disk with room",
        next_step=next_step,
    )


def as_json(problem: Problem) -> dict[str, str]:
    """The `error` member of the JSON shape."""
    return {
        "code": str(problem.kind),
        "message": problem.message,
        "where": problem.where,
        "given": problem.given,
        "allowed": problem.allowed,
        "next": problem.next_step,
    }


def as_words(problem: Problem) -> list[tuple[str, str]]:
    """Label and text, line by line, as a person reads it; empty facts are left out."""
    lines = [
        ("where", problem.where),
        ("given", problem.given),
        ("allowed", problem.allowed),
        ("next", problem.next_step),
    ]
    return [("error", problem.message), *((label, text) for label, text in lines if text)]
