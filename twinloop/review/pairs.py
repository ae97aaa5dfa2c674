"""Evaluates stacks at two revisions, both at once: base first, head on top of what base left on paper."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from checks.plan import Resource, StackPlan
from twinloop.clouds import stack_file
from twinloop.engine import EngineError
from twinloop.problems import Problem
from twinloop.review import failures
from twinloop.review.evaluation import Bench
from twinloop.review.planting import plant_needed
from twinloop.stacks import plans, stated
from twinloop.stacks.local_state import configuration
from twinloop.stacks.plans import Evaluated

if TYPE_CHECKING:
    from pathlib import Path

    from twinloop.clouds.stack_file import StackFile


@dataclass(frozen=True, kw_only=True)
class Files:
    """The stack files of one revision.

    Args:
        found: those that can be read.
        refused: why others cannot.
    """

    found: Mapping[str, StackFile]
    refused: Mapping[str, Problem]

    @classmethod
    def of(cls, root: Path) -> Files:
        """Read them all."""
        found, refused = {}, {}
        for name in stack_file.known(root):
            try:
                found[name] = stack_file.read(root, name)
            except Problem as problem:
                refused[name] = problem
        return cls(found=found, refused=refused)

    @property
    def names(self) -> set[str]:
        """All of them, readable or not."""
        return {*self.found, *self.refused}


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What came of one stack at one revision."""

    resources: tuple[Resource, ...] = ()
    """What stands there; nothing where it could not be evaluated."""
    evaluated: Evaluated | None = None
    problem: Problem | None = None
    notes: tuple[str, ...] = ()


_NOT_THERE = Tried()


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One stack at both revisions."""

    stack: str
    plan: StackPlan
    base: Tried = _NOT_THERE
    head: Tried = _NOT_THERE
    is_new: bool = False
    is_gone: bool = False
    declared: Mapping[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Revisions:
    """Two benches and what stands on them.

    Args:
        base: the revision that it is compared with; None where that is live.
        head: the revision that is looked at.
        base_files: stack files of the base.
        head_files: stack files of the head.
        live: what really stands, where that is what the head is compared with; its bench has taken it over.
        untouched: stacks that cannot differ: neither they nor what they need changed.
        say: told of each stack that is begun.
    """

    base: Bench | None
    head: Bench
    base_files: Files
    head_files: Files
    live: Mapping[str, tuple[Resource, ...]] = field(default_factory=dict)
    untouched: Collection[str] = ()
    say: Callable[[str], None] = lambda _text: None

    def __post_init__(self) -> None:
        self._done: dict[str, threading.Event] = {}
        self._base = {name: Tried(resources=found) for name, found in self.live.items()}

    def evaluate(self, wanted: Sequence[str]) -> list[Pair]:
        """Evaluate these stacks and those that they need; one pair for each of the wanted ones."""
        before = stated.in_order(self.base_files.found, wanted)
        after = stated.in_order(self.head_files.found, wanted)
        self._done = {name: threading.Event() for name in before}
        if set(after) - set(self.untouched):
            self.head.start()  # it has time to come up until the base's first stack stands
        with ThreadPoolExecutor(2) as pool:
            left = pool.submit(self._all_of_base, before)
            right = pool.submit(self._all_of_head, after)
            left.result()
            tried = right.result()
        return [self._pair(name, tried.get(name, _NOT_THERE)) for name in wanted]

    def _all_of_base(self, names: Sequence[str]) -> None:
        try:
            for name in names:
                if self.base is not None:
                    self._base[name] = self._try(self.base, self.base_files.found, name)
                self._done[name].set()
        finally:
            for event in self._done.values():
                event.set()  # whatever happened: nobody waits for ever

    def _all_of_head(self, names: Sequence[str]) -> dict[str, Tried]:
        found: dict[str, Tried] = {}
        for name in names:
            if name in self._done:
                self._done[name].wait()
            base = self._base.get(name)
            if self.base is not None and base is not None and base.problem is None:
                self.head.take_over(self.base.backend(name).checkpoint, name)
                if name in self.untouched:
                    found[name] = base
                    continue
            found[name] = self._try(self.head, self.head_files.found, name)
        return found

    def _try(self, bench: Bench, files: Mapping[str, StackFile], name: str) -> Tried:
        file = files[name]
        self.say(f"evaluating {name} {'before' if bench is self.base else 'after'} the change")
        try:
            # On the twin a program is given what `up` would give it; on paper nobody opens a secret for it.
            given = configuration(file, closed=self.base is not None)
            notes = list(_closed(given.placeholders, file))
            notes += plant_needed(bench, file, files)
            evaluated = bench.bring_up(name, given)
        except Problem as problem:
            return Tried(problem=problem)
        except EngineError as failed:
            return Tried(problem=failures.problem_of(failed, file, bench))
        if (error := evaluated.outcome.error) is not None:
            return Tried(problem=failures.problem_of(error, file, bench), notes=tuple(notes))
        return Tried(resources=evaluated.resources, evaluated=evaluated, notes=tuple(notes))

    def _pair(self, name: str, head: Tried) -> Pair:
        base = self._base.get(name, _NOT_THERE)
        if name in self.base_files.refused:
            base = Tried(problem=self.base_files.refused[name])
        if name in self.head_files.refused:
            head = Tried(problem=self.head_files.refused[name])
        is_new = name not in (self.base_files.names if self.base is not None else self.live)
        if name not in self.head_files.names:
            plan = plans.gone(name, base.resources)
            return Pair(stack=name, plan=plan, base=base, head=head, is_gone=True)
        if head.evaluated is None or head is base:
            return Pair(
                stack=name, plan=plans.unchanged(name, base.resources), base=base, head=head, is_new=is_new
            )
        made = self.head.paper.made | (self.base.paper.made if self.base else set())
        return Pair(
            stack=name,
            plan=plans.plan(base.resources, head.evaluated, made.__contains__),
            base=base,
            head=head,
            is_new=is_new,
            declared=head.evaluated.outcome.sources,
        )


def _closed(keys: Sequence[str], file: StackFile) -> list[str]:
    if not keys:
        return []
    return [
        f"a placeholder stands for each secret of {file.path.name} that is not opened here: "
        + ", ".join(keys)
    ]
