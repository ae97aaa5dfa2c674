"""The program against what stands, by the official CLI: its state and its preview, wherever that is."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from twinloop.engine import EngineError, Operation, Options, Outcome
from twinloop.problems import BadUsage, Problem
from twinloop.review.assembling import Surroundings, assembled
from twinloop.review.digests import digest
from twinloop.review.live import NO_FILES, now
from twinloop.review.model import Review, Side
from twinloop.review.pairs import Files, Pair, Tried
from twinloop.review.preparing import Request, Reviewed, Say, head_of, named, neighbours, wanted_of
from twinloop.stacks import official_plan, plans
from twinloop.stacks.problems import problem_of
from twinloop.stacks.run import execute
from twinloop.stacks.target import target

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from twinloop.stacks.target import Target


def review_official(request: Request, say: Say) -> Reviewed:
    """Compare the working tree with what stands, as the official CLI sees both.

    Raises:
        Problem: there is no official CLI, it could not tell, or something was asked that it does not do.
    """
    _refuse(request)
    root: Path = request.home.checkout
    new = head_of(request, root)
    files = Files.of(root)
    wanted = wanted_of(request.stacks, (files, NO_FILES), root)
    cloud = "Azure" if request.live == "azure" else f"the twin {request.home.root}"
    say(f"comparing {named(new.side)} with what stands on {cloud}, by the official CLI: {', '.join(wanted)}")
    read_at = now()
    pairs = [_pair(request, name, say) for name in wanted]
    others = standing_beside(request, neighbours(files, wanted))
    stacks = assembled(pairs, Surroundings(base=NO_FILES, head=files, neighbours=others, sources={}))
    review = Review(
        base=Side(what="live state", name=cloud, at=read_at),
        head=new.side,
        stacks=stacks,
        digest=digest(stack.plan for stack in stacks),
    )
    return Reviewed(review, tuple(pair.head.problem for pair in pairs if pair.head.problem is not None))


def _refuse(request: Request) -> None:
    given = {
        "--head": request.head,
        "--time-limit": request.limits.seconds,
        "--memory-limit": request.limits.memory,
        "--same-env": request.same_environment,
    }
    for option, value in given.items():
        if value:
            raise BadUsage(
                "The official CLI runs the program of the working tree, in its environment, unlimited.",
                where=option,
                given=option,
                allowed=f"{option} with --against code, or with the embedded engine on the twin",
                next_step=f"run it again without {option}",
            )


def standing_beside(request: Request, names: Iterable[str]) -> list[Pair]:
    """Other stacks as they stand: their roles, identities and cores count for those that are reviewed.

    One whose state cannot be read is left out: nobody asked for it.
    """
    found = []
    for name in names:
        with suppress(Problem):
            resources = official_plan.standing(name, official_plan.deployment(_target(request, name)) or ())
            there = Tried(resources=resources)
            found.append(Pair(stack=name, plan=plans.unchanged(name, resources), base=there, head=there))
    return found


def _target(request: Request, name: str) -> Target:
    return target(
        request.home,
        stack=name,
        cloud="azure" if request.live == "azure" else "twin",
        engine="pulumi",
        environment=os.environ,
    )


def _pair(request: Request, name: str, say: Say) -> Pair:
    on = _target(request, name)
    say(f"evaluating {name} after the change")
    deployment = official_plan.deployment(on)
    before = official_plan.standing(name, deployment or ())
    try:
        outcome = execute(
            Operation.PREVIEW, on, Options(), lambda _event: None, quiet_stdout=True, judge=False
        )
    except EngineError as error:
        outcome = Outcome(Operation.PREVIEW, False, (), {}, (), {}, 0.0, error)  # noqa: FBT003 - its order
    is_new = deployment is None
    if outcome.error is not None:
        failed = Tried(problem=problem_of(outcome.error, on, "preview"))
        return Pair(stack=name, plan=plans.unchanged(name, before), head=failed, is_new=is_new)
    evaluated = official_plan.evaluated(on, outcome, deployment or ())
    return Pair(
        stack=name,
        plan=plans.plan(before, evaluated),
        base=Tried(resources=before),
        head=Tried(resources=evaluated.resources, evaluated=evaluated),
        is_new=is_new,
    )
