"""The program against what stands on the twin: the head is brought on paper on top of a copy of the state."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from checks.plan import Resource
from twinloop.engine import EngineError, Stack
from twinloop.engine.backend import Backend
from twinloop.review.assembling import Surroundings, assembled
from twinloop.review.digests import digest
from twinloop.review.model import Review, Side
from twinloop.review.pairs import Files, Revisions
from twinloop.review.places import Sources
from twinloop.review.preparing import (
    Request,
    Reviewed,
    Say,
    bench,
    head_of,
    named,
    neighbours,
    wanted_of,
    with_environment,
)
from twinloop.review.revisions import Repository
from twinloop.stacks import local_state, stated
from twinloop.stacks.plans import resource_of
from twinloop.stacks.problems import problem_of
from twinloop.stacks.target import target

if TYPE_CHECKING:
    from twinloop.review.evaluation import Bench

NO_FILES = Files(found={}, refused={})


def now() -> str:
    """This moment, as a review writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def review_live(request: Request, say: Say) -> Reviewed:
    """Compare the program with the twin's states; they are read, and nothing else is.

    Raises:
        Problem: no stack is known by that name, a state cannot be read, the head is missing.
    """
    with ExitStack() as exits:
        folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="twinloop-review-")))
        new = head_of(request, folder)
        files = Files.of(new.root)
        wanted = wanted_of(request.stacks, (files, NO_FILES), new.root)
        say(f"comparing {named(new.side)} with what stands on the twin: {', '.join(wanted)}")
        made, environment = bench(new, folder / "head-bench", request, say)
        exits.callback(made.close)
        beside = neighbours(files, wanted)
        every = stated.in_order(files.found, [*wanted, *beside])
        live = _taken_over(request, made, every)
        read_at = now()
        revisions = Revisions(base=None, head=made, base_files=NO_FILES, head_files=files, live=live, say=say)
        pairs = revisions.evaluate([*wanted, *beside])
        asked, others = pairs[: len(wanted)], pairs[len(wanted) :]
        prefix = Repository(request.home.checkout).prefix()
        sources = {
            pair.stack: Sources(root=new.root.resolve(), prefix=prefix, declared=pair.declared)
            for pair in pairs
        }
        stacks = assembled(asked, Surroundings(base=NO_FILES, head=files, neighbours=others, sources=sources))
    base = Side(what="live state", name=f"the twin {request.home.root}", at=read_at)
    review = Review(
        base=base,
        head=with_environment(new.side, environment),
        stacks=stacks,
        digest=digest(stack.plan for stack in stacks),
    )
    return Reviewed(review, tuple(pair.head.problem for pair in asked if pair.head.problem is not None))


def _taken_over(request: Request, made: Bench, names: Sequence[str]) -> dict[str, tuple[Resource, ...]]:
    """Copy each stack's state onto the bench; what stands in those that there are."""
    home = request.home
    live = {}
    for name in names:
        stack = Stack(project=made.project, name=name, backend=home.state, passphrase="")
        backend = Backend(stack)
        if not backend.checkpoint.exists() and not backend.journal.exists():
            continue
        made.passphrase = local_state.passphrase(home)
        try:
            backend.read()  # where it lies, so that an error names it and its backups
            made.take_over(backend.checkpoint, name)
            made.take_over(backend.journal, name, journal=True)
            states = made.states(name)
        except EngineError as error:
            raise problem_of(error, target(home, stack=name, environment={}), "preview") from error
        live[name] = tuple(resource_of(name, state) for state in states)
    return live
