"""What can go wrong in the engine: one class per thing a caller may catch, its facts as attributes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class EngineError(Exception):
    """Anything the engine refuses or fails at."""


@dataclass(frozen=True)
class LockHolder:
    """Who holds a stack's lock, as the lock file says."""

    pid: int
    username: str
    hostname: str
    timestamp: str
    path: Path

    def __str__(self) -> str:
        return f"{self.username}@{self.hostname} (pid {self.pid}) since {self.timestamp}"


class StackLocked(EngineError):
    """Another process is changing the stack."""

    def __init__(self, stack: str, holder: LockHolder) -> None:
        super().__init__(
            f"stack '{stack}' is locked by {holder}. Wait for it to end; if that process is gone for good, "
            f"delete {holder.path}"
        )
        self.stack = stack
        self.holder = holder


class StateCorrupted(EngineError):
    """The state file cannot be read; nothing was overwritten."""

    def __init__(self, path: Path, problem: str, backup: Path | None) -> None:
        way_out = (
            f"the newest good backup is {backup}; to restore it: cp '{backup}' '{path}'"
            if backup
            else "there is no good backup of it"
        )
        super().__init__(f"state file {path} cannot be read: {problem}. Nothing was changed; {way_out}")
        self.path = path
        self.problem = problem
        self.backup = backup


class StateDiverged(EngineError):
    """A journal was left by an interrupted run, and another tool has written the state since."""

    def __init__(self, path: Path, journal: Path) -> None:
        super().__init__(
            f"{journal} was left by an interrupted run, but {path} was written by another tool since. "
            "Compare them; to go on with the state as it stands, move the journal away: "
            f"mv '{journal}' '{journal}.old'"
        )
        self.path = path
        self.journal = journal


class PassphraseWrong(EngineError):
    """The passphrase does not open the secrets of this stack."""

    def __init__(self, stack: str) -> None:
        super().__init__(
            f"the passphrase does not open the secrets of stack '{stack}'; give the one it was made with"
        )
        self.stack = stack


class ProtectedResource(EngineError):
    """Protected resources stand in the way of a delete or a replacement."""

    def __init__(self, urns: Sequence[str], action: str) -> None:
        listed = "\n".join(f"  - {urn}" for urn in urns)
        super().__init__(
            f"{len(urns)} protected resource(s) would be {action}; nothing was:\n{listed}\n"
            "Set protect=False in the program and run `up`, or unprotect them first"
        )
        self.urns = tuple(urns)
        self.action = action


class ProgramFailed(EngineError):
    """The program raised, or ended with an error."""


class ResourceFailed(EngineError):
    """One or more resources could not be brought where the program wants them."""

    def __init__(self, failures: Sequence[tuple[str, str]]) -> None:
        listed = "\n".join(f"  - {urn}: {message}" for urn, message in failures)
        super().__init__(f"{len(failures)} resource(s) failed; what was done is saved:\n{listed}")
        self.failures = tuple(failures)


class NotSupported(EngineError):
    """The program asks for something that this engine does not do."""

    def __init__(self, what: str, instead: str = "use the official CLI for it (`--engine pulumi`)") -> None:
        super().__init__(f"the embedded engine does not support {what}; {instead}")
        self.what = what


class ChangesNotExpected(EngineError):
    """There are changes although none were expected."""

    def __init__(self, steps: Sequence[str]) -> None:
        listed = "\n".join(f"  - {step}" for step in steps)
        super().__init__(f"no changes were expected, but there are {len(steps)}:\n{listed}")
        self.steps = tuple(steps)


class UnknownProvider(EngineError):
    """There is no provider for a package."""

    def __init__(self, package: str, version: str, known: Sequence[str] = ()) -> None:
        names = f"; there are: {', '.join(known)}" if known else ""
        super().__init__(f"no provider for package '{package}' version '{version or 'any'}'{names}")
        self.package = package
        self.version = version


class UnknownTarget(EngineError):
    """A target names no resource."""

    def __init__(self, targets: Sequence[str]) -> None:
        super().__init__(
            f"no resource matches the target(s) {', '.join(targets)}; "
            "a target is a URN, in which `*` stands for a part of it"
        )
        self.targets = tuple(targets)


class TargetsLeaveOut(EngineError):
    """What the targets name cannot be done without resources that they do not name."""

    def __init__(self, urn: str, others: Sequence[str], *, deleted: bool = False) -> None:
        listed = ", ".join(others)
        told = (
            f"{listed} depends on {urn}, which would be deleted"
            if deleted
            else f"{urn} needs {listed}, which the targets leave out"
        )
        super().__init__(f"{told}: add it to the targets too")
        self.urn = urn
        self.others = tuple(others)
        self.deleted = deleted


class StackMissing(EngineError):
    """The stack has no state yet."""

    def __init__(self, stack: str) -> None:
        super().__init__(f"stack '{stack}' has no state yet; run `up` first")
        self.stack = stack


class Cancelled(EngineError):
    """A person stopped the run; what was running is finished and saved.

    `left` has what was about to begin; what the program had not come to yet is known to nobody.
    """

    def __init__(self, done: Sequence[str] = (), left: Sequence[str] = ()) -> None:
        lines = [f"  done: {step}" for step in done] + [f"  not begun: {urn}" for urn in left]
        super().__init__("\n".join(["the run was stopped; what was running is finished and saved", *lines]))
        self.done = tuple(done)
        self.left = tuple(left)


class PolicyPackFailed(EngineError):
    """A policy pack could not be started or asked; nothing was touched."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"policy pack {path}: {problem}")
        self.path = path
        self.problem = problem


class PolicyViolated(EngineError):
    """Mandatory policies are violated."""

    def __init__(self, violations: Sequence[str]) -> None:
        listed = "\n".join(violations)
        super().__init__(f"{len(violations)} mandatory policies are violated:\n{listed}")
        self.violations = list(violations)
