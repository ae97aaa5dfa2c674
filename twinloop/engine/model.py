"""The words of the engine's face: what to run, on which stack, and what is told about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from twinloop.engine.errors import EngineError

if TYPE_CHECKING:
    from twinloop.engine.processes import ProgramProcess
    from twinloop.engine.states import ResourceState


class Operation(StrEnum):
    """What a run does."""

    PREVIEW = "preview"
    UP = "up"
    REFRESH = "refresh"
    DESTROY = "destroy"


class Op(StrEnum):
    """What happens to one resource; the values are Pulumi's."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REPLACE = "replace"
    CREATE_REPLACEMENT = "create-replacement"
    DELETE_REPLACED = "delete-replaced"
    READ = "read"
    REFRESH = "refresh"
    IMPORT = "import"
    DISCARD = "discard"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack in a file backend."""

    project: str
    name: str
    backend: Path
    """Folder that holds `.pulumi/`."""
    passphrase: str = field(repr=False)
    organization: str = "organization"

    @property
    def full_name(self) -> str:
        """`<organization>/<project>/<stack>`, as the state file says it."""
        return f"{self.organization}/{self.project}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What programs in a child process may use."""

    seconds: int = 0
    """Of one program; 0 is no limit."""
    memory: int = 0
    """Bytes of address space; 0 is no limit."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """A Pulumi Python program and its configuration."""

    main: Path
    """Folder of `__main__.py`."""
    config: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret_keys: frozenset[str] = frozenset()
    hushed: frozenset[str] | None = field(default=None, repr=False)
    """Texts that nothing that a run tells may hold; the values of `secret_keys` where None."""
    transport: Literal["in-process", "child"] = "in-process"
    python: Path | None = None
    """Interpreter of a child; this process's own where None."""
    process: ProgramProcess | None = None
    """A child that runs several programs, one after the other; one of its own where None."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to run."""

    parallel: int = 16
    targets: tuple[str, ...] = ()
    refresh: bool = False
    expect_no_changes: bool = False
    unprotect: bool = False
    """Delete protected resources too; the engine obeys, the caller decides where that is allowed."""
    policy_packs: tuple[Path, ...] = ()
    """Folders with a `PulumiPolicy.yaml`, each started as a process that is asked about every resource."""


ChangeKind = Literal["add", "update", "delete", "add-replace", "update-replace", "delete-replace"]


@dataclass(frozen=True)
class PropertyChange:
    """One property's way from before to after; secrets are masked, unknown values say so."""

    path: str
    kind: ChangeKind
    before: Any
    after: Any


@dataclass(frozen=True)
class Step:
    """What happens, or would happen, to one resource; `old` and `new` are masked for people to read."""

    op: Op
    urn: str
    type: str
    name: str
    parent: str
    old: Mapping[str, Any] | None = None
    new: Mapping[str, Any] | None = None
    changes: tuple[PropertyChange, ...] = ()
    replace_keys: tuple[str, ...] = ()
    protect: bool = False
    id: str = ""


@dataclass(frozen=True)
class StepStarted:
    """A step began."""

    step: Step


@dataclass(frozen=True)
class StepDone:
    """A step ended well; in a preview: a step was planned."""

    step: Step
    seconds: float


@dataclass(frozen=True)
class StepFailed:
    """A step failed."""

    step: Step
    error: str


@dataclass(frozen=True)
class Diagnostic:
    """A message of the program, a provider or the engine."""

    severity: Literal["debug", "info", "warning", "error"]
    urn: str
    message: str


@dataclass(frozen=True)
class Violation:
    """What a policy pack said against a resource, or against the stack where `urn` is empty."""

    pack: str
    version: str
    policy: str
    level: Literal["advisory", "mandatory"]
    urn: str
    message: str


class Standing(NamedTuple):
    """A stack's resources as they are, secrets and all: for who judges a plan, and nobody's output."""

    before: tuple[ResourceState, ...] = ()
    """When the run began."""
    after: tuple[ResourceState, ...] = ()
    """Now; after a preview, as they would be."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    `ok` is False when anything failed; `error` then says what, and `diagnostics` has every message.
    """

    operation: Operation
    ok: bool
    steps: tuple[Step, ...]
    outputs: Mapping[str, Any]
    diagnostics: tuple[Diagnostic, ...]
    counts: Mapping[str, int]
    seconds: float
    error: EngineError | None = None
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)
    """URN -> `file:line` of the program that declares the resource, as the program said."""
    renames: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Old URN -> new URN, of what an alias named."""
    stack: str = ""
    """Its name, without organisation and project: a stack with nothing in it has no step to read it off."""
    violations: tuple[Violation, ...] = ()
    """What policy packs said."""
    standing: Standing = field(default_factory=Standing, repr=False)

    @property
    def changed(self) -> bool:
        """Whether anything was, or would be, changed."""
        return any(op not in {Op.SAME, Op.READ, Op.REFRESH} for op in self.counts)


@dataclass(frozen=True)
class Finished:
    """The run ended."""

    outcome: Outcome


Event = StepStarted | StepDone | StepFailed | Diagnostic | Finished

ProviderHost = Callable[[str, str], Any]
"""(package, version) -> an object with the methods of `ResourceProviderServicer`; raises UnknownProvider."""
