"""The states of a job, and which may follow which."""

from __future__ import annotations

NOT_STARTED = "NotStarted"
QUEUED = "Queued"
PREPARING = "Preparing"
RUNNING = "Running"
FINALIZING = "Finalizing"
CANCEL_REQUESTED = "CancelRequested"
COMPLETED = "Completed"
FAILED = "Failed"
CANCELED = "Canceled"

TERMINAL = frozenset({COMPLETED, FAILED, CANCELED})
_ORDER = (NOT_STARTED, QUEUED, PREPARING, RUNNING, FINALIZING)


def may_follow(old: str, new: str) -> bool:
    """Whether a job in state `old` may go to `new`: forward, or to an end; an end is final.

    A job whose cancellation was asked for ends, and does nothing else. One that was being prepared when the
    twin died goes back to the queue.
    """
    if old in TERMINAL:
        return False
    if new in TERMINAL:
        return True
    if old == CANCEL_REQUESTED:
        return False
    if new == CANCEL_REQUESTED:
        return True
    return _ORDER.index(new) >= _ORDER.index(old) or (new == QUEUED and old == PREPARING)
