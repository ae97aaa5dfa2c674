"""The program against what stands, by the official CLI: its state and its preview, wherever that is."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from checks.catalogue.resource_types import resource_types
from checks.plan import Resource
from twinloop.engine import EngineError, Op, Operation, Options, Outcome, Stack, Step
from twinloop.engine.backend import Backend
from twinloop.problems import BadUsage, Problem
from twinloop.providers.azure_native.addresses import arm_id
from twinloop.review import plans
from twinloop.review.assembling import Surroundings, assembled
from twinloop.review.digests import digest
from twinloop.review.evaluation import Evaluated
from twinloop.review.live import NO_FILES, now
from twinloop.review.model import Review, Side
from twinloop.review.pairs import Files, Pair, Tried
from twinloop.review.preparing import Request, Reviewed, Say, head_of, named, wanted_of
from twinloop.stacks.events import readable
from twinloop.stacks.official import executable
from twinloop.stacks.problems import problem_of
from twinloop.stacks.run import execute
from twinloop.stacks.target import Target, target

if TYPE_CHECKING:
    from pathlib import Path

_GOING = frozenset((Op.DELETE, Op.DELETE_REPLACED, Op.DISCARD))


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
    stacks = assembled(pairs, Surroundings(base=NO_FILES, head=files, sources={}))
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


def _pair(request: Request, name: str, say: Say) -> Pair:
    on = target(
        request.home,
        stack=name,
        cloud="azure" if request.live == "azure" else "twin",
        engine="pulumi",
        environment=os.environ,
    )
    say(f"evaluating {name} after the change")
    deployment = _deployment(on)
    before = tuple(_resource(name, entry) for entry in deployment or ())
    try:
        outcome = execute(Operation.PREVIEW, on, Options(), lambda _event: None, quiet_stdout=True)
    except EngineError as error:
        outcome = Outcome(Operation.PREVIEW, False, (), {}, (), {}, 0.0, error)  # noqa: FBT003 - its order
    is_new = deployment is None
    if outcome.error is not None:
        failed = Tried(problem=problem_of(outcome.error, on, "preview"))
        return Pair(stack=name, plan=plans.unchanged(name, before), head=failed, is_new=is_new)
    after = tuple(_after(on, outcome.steps, before))
    renamed = _with_renames(outcome, before, after)
    needs = {entry["urn"]: _needs(entry) for entry in deployment or ()}
    evaluated = Evaluated(stack=name, resources=after, needs=needs, outcome=renamed)
    return Pair(
        stack=name,
        plan=plans.plan(before, evaluated),
        base=Tried(resources=before),
        head=Tried(resources=after, evaluated=evaluated),
        is_new=is_new,
    )


def _deployment(on: Target) -> list[dict[str, Any]] | None:
    """The resources of the state; None where the stack was never brought up.

    Raises:
        Problem: it cannot be read.
    """
    if on.cloud == "twin":
        stack = Stack(project=on.project, name=on.stack, backend=on.home.state, passphrase="")
        try:
            checkpoint = Backend(stack).read()
        except EngineError as error:
            raise problem_of(error, on, "preview") from error
        return None if checkpoint is None else list(checkpoint.deployment.get("resources") or [])
    command = [executable(), "stack", "export", "--stack", on.stack, "--cwd", str(on.home.checkout)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and "no stack named" in done.stderr:
        return None
    if done.returncode:
        raise Problem(
            f"The official CLI does not give the state of stack '{on.stack}'.",
            where=" ".join(command),
            given=done.stderr.strip(),
            next_step="pulumi login, then: pulumi stack ls",
        )
    return list(json.loads(done.stdout)["deployment"].get("resources") or [])


def _resource(stack: str, entry: Mapping[str, Any]) -> Resource:
    return Resource(
        stack=stack,
        urn=entry["urn"],
        type=entry["type"],
        name=entry["urn"].rpartition("::")[2],
        id=str(entry.get("id", "")) if entry.get("custom") else "",
        inputs=readable(entry.get("inputs") or {}),
        outputs=readable(entry.get("outputs") or {}),
        parent=str(entry.get("parent", "")),
        depends_on=tuple(sorted(entry.get("dependencies") or ())),
        protect=bool(entry.get("protect")),
        taken=bool(entry.get("external")),
    )


def _needs(entry: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(urns or ()) for key, urns in (entry.get("propertyDependencies") or {}).items()}


def _after(on: Target, steps: Iterable[Step], before: Iterable[Resource]) -> Iterator[Resource]:
    """The resources with the change: what the preview says, on what the state knows of them."""
    known = {resource.urn: resource for resource in before}
    by_id = {resource.id: resource for resource in before if resource.id}
    seen: set[str] = set()
    for step in steps:
        if step.op in _GOING or step.urn in seen:
            continue
        seen.add(step.urn)
        was = known.get(step.urn) or by_id.get(step.id)
        inputs = dict(step.new if step.new is not None else was.inputs if was else {})
        made_anew = step.op in {Op.CREATE, Op.REPLACE, Op.CREATE_REPLACEMENT}
        row = resource_types().get(step.type)
        foreseen = arm_id(row, inputs, on.file.subscription) if row and made_anew else None
        yield Resource(
            stack=on.stack,
            urn=step.urn,
            type=step.type,
            name=step.name,
            id=foreseen or step.id or (was.id if was else ""),
            inputs=inputs,
            outputs=was.outputs if was and not made_anew else {},
            parent=step.parent,
            depends_on=was.depends_on if was else (),
            protect=step.protect,
            taken=step.op is Op.READ or bool(was and was.taken and not made_anew),
        )


def _with_renames(outcome: Outcome, before: Iterable[Resource], after: Iterable[Resource]) -> Outcome:
    """The outcome, with what an alias renamed: a URN is another one, the resource's id is not."""
    old = {resource.id: resource.urn for resource in before if resource.id}
    there = set(old.values())
    renames = {
        old[resource.id]: resource.urn
        for resource in after
        if resource.id in old and resource.urn not in there
    }
    return replace(outcome, renames=renames)
