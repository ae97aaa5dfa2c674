"""How a job's failure reads: which step, what happened, the last words of its log."""

from __future__ import annotations

from typing import Any

from twinloop.localazure.jobs.folders import STD_LOG, JobFolder

TAIL = 20  # lines
_SIGNALLED = 128


class StepFailed(Exception):
    """A run that cannot go on; becomes the job's error."""

    def __init__(self, message: str, code: str = "UserError") -> None:
        super().__init__(message)
        self.code = code


def error(code: str, message: str) -> dict[str, Any]:
    """A job's error as it is kept."""
    return {"code": code, "message": message}


def named(step: str, run: str) -> str:
    """What failed, as a sentence begins: a job that is no pipeline has no step of another name."""
    return f"Job '{run}'" if step == run else f"Step '{step}' (run {run})"


def ended_badly(step: str, run: str, exit_code: int, folder: JobFolder) -> dict[str, Any]:
    """The error of a command that ended with another code than 0."""
    logs = [name for name in folder.log_files() if name.startswith("user_logs/")]
    log = STD_LOG if STD_LOG in logs or not logs else next((n for n in logs if folder.tail(1, n)), logs[0])
    how = f"exit code {exit_code}"
    if exit_code > _SIGNALLED:
        how += f" (signal {exit_code - _SIGNALLED})"
    words = folder.tail(TAIL, log)
    last = f"The last lines of {log}:\n{words}" if words.strip() else f"{log} is empty."
    return error("UserError", f"{named(step, run)} ended with {how}. {last}")
