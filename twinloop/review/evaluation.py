"""Brings a stack up on paper: the embedded engine, the program in a child process, and no cloud."""

from __future__ import annotations

import os
import shutil
import threading
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from twinloop.engine import Limits, Operation, Options, Program, Stack, durable, run
from twinloop.engine.backend import Backend
from twinloop.engine.passphrase import Crypter
from twinloop.engine.processes import ProgramProcess
from twinloop.engine.store import Store, checkpoint_bytes
from twinloop.review import environments
from twinloop.review.paper import Paper
from twinloop.stacks.plans import Evaluated, evaluated

if TYPE_CHECKING:
    from twinloop.engine.states import ResourceState
    from twinloop.stacks.local_state import Configuration

# What a program's process is given of this one's variables: where programs are, and how text is written.
# Nothing else, so that no credential of a shell or a workflow reaches a program that is only looked at.
PASSED_ON: Final = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "SYSTEMROOT")
_PASSPHRASE: Final = "of a state that is thrown away"  # noqa: S105 - it guards placeholders


@dataclass(kw_only=True)
class Bench:
    """Where one revision is evaluated: its program's process, and a backend that is thrown away.

    Args:
        root: the revision's files, with `Pulumi.yaml`.
        folder: to be written in; the caller removes it.
        project: name of the Pulumi project.
        main: folder of the program.
        python: interpreter of its environment.
        limits: what the program may use.
        passphrase: of the states in the backend.
        beside: another bench of the same program and environment, whose process runs this one's too.
        command: for whom it is, to be run again where a stack cannot be brought up.
    """

    root: Path
    folder: Path
    project: str
    main: Path
    python: Path
    limits: Limits = field(default_factory=Limits)
    passphrase: str = field(default=_PASSPHRASE, repr=False)
    paper: Paper = field(default_factory=Paper)
    beside: Bench | None = None
    command: str = "twinloop review"

    def __post_init__(self) -> None:
        self._closing = threading.Lock()
        if self.beside is not None:
            self._process: ProgramProcess = self.beside._process
            return
        home = self.folder / "home"
        home.mkdir(parents=True)
        ahead = environments.imports(self.root, self.main)
        self._process = ProgramProcess(self.python, self._variables(home), self.limits, ahead)

    def _variables(self, home: Path) -> dict[str, str]:
        known = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        own = {"HOME": str(home), "TMPDIR": str(home), "PYTHONPATH": str(self.root)}
        return known | own | {"PYTHONIOENCODING": "utf-8"}

    def start(self) -> None:
        """Let the program's process come up while something else is done."""
        self._process.start()

    def backend(self, stack: str) -> Backend:
        """The files of a stack."""
        return Backend(self._stack(stack))

    def _stack(self, name: str) -> Stack:
        return Stack(
            project=self.project, name=name, backend=self.folder / "state", passphrase=self.passphrase
        )

    def take_over(self, state: Path, stack: str, *, journal: bool = False) -> None:
        """Begin a stack from another one's state file, or its journal, where there is one."""
        if state.exists():
            backend = self.backend(stack)
            path = backend.journal if journal else backend.checkpoint
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(state, path)

    def bring_up(self, stack: str, given: Configuration) -> Evaluated:
        """Make the stack on paper what the program says. `Outcome.error` tells where that was not possible.

        Raises:
            EngineError: the state to begin from cannot be read.
        """
        program = Program(
            main=self.main,
            config=given.values,
            secret_keys=given.secret_keys,
            hushed=given.hushed,
            transport="child",
            process=self._process,
        )
        # What is protected is replaced on paper all the same: that it would be is what a reader must know.
        options = Options(unprotect=True)
        self._begin(stack)
        outcome = run(
            Operation.UP, self._stack(stack), program, self.paper.provider, options, lambda _event: None
        )
        return evaluated(stack, self.states(stack), outcome)

    def _begin(self, stack: str) -> None:
        """A state with nothing in it, whose key is derived already: to derive one for each takes long."""
        backend = self.backend(stack)
        if self.passphrase != _PASSPHRASE or backend.checkpoint.exists() or backend.journal.exists():
            return
        provider = {"type": "passphrase", "state": {"salt": _salt_line()}}
        empty = {"resources": [], "secrets_providers": provider}
        durable.write(backend.checkpoint, checkpoint_bytes(backend.stack.full_name, empty))

    def states(self, stack: str) -> list[ResourceState]:
        """Everything that stands in the stack now."""
        snapshot = Store(self.backend(stack), self.passphrase).open()
        return [state for state in snapshot.states() if not (state.delete or state.pending_replacement)]

    def close(self) -> None:
        """End the program's process."""
        with self._closing:
            self._process.close()


@cache
def _salt_line() -> str:
    return Crypter.fresh(_PASSPHRASE, "on paper").salt_line
