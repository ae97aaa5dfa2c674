"""What is said when settings cannot be used: every problem at once, each with the next thing to type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One reason why the settings of a stack are refused."""

    key: str  # as `pulumi config` takes it, for example twinloop:clusters[0].maxNodes
    given: str  # what stands there, in words or quoted
    allowed: str  # what may stand there
    next_step: str  # a command, or a sentence where no command helps
    line: int = 0  # of the stack file; 0 where the settings came from elsewhere

    def __str__(self) -> str:
        """Two lines: what is wrong, and what to type next."""
        where = f" (line {self.line})" if self.line else ""
        return f"{self.key}{where}: {self.given}; allowed: {self.allowed}\n      next: {self.next_step}"


class SettingsError(ValueError):
    """The settings of one stack are not usable; carries all reasons."""

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        plural = "" if len(self.problems) == 1 else "s"
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        super().__init__(f"{source}: {len(self.problems)} setting{plural} not usable\n{lines}")


def set_command(key: str, value: object, stack: str) -> str:
    """The command that sets a key; structured keys need `--path`."""
    path = "--path " if any(sign in key for sign in ".[") else ""
    return f"pulumi config set {path}'{key}' {_quoted(value)} --stack {stack}"


def remove_command(key: str, stack: str) -> str:
    """The command that removes a key."""
    path = "--path " if any(sign in key for sign in ".[") else ""
    return f"pulumi config rm {path}'{key}' --stack {stack}"


def _quoted(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if text and all(sign.isalnum() or sign in "._-@:/" for sign in text) else f"'{text}'"
