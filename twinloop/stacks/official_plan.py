"""What the official CLI would change: its state and its preview, as the checks look at them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from checks.catalogue.resource_types import resource_types
from checks.plan import Resource
from twinloop.engine import EngineError, Op, Outcome, Stack, Step
from twinloop.engine.backend import Backend
from twinloop.problems import Problem
from twinloop.providers.azure_native.addresses import arm_id
from twinloop.stacks.events import readable
from twinloop.stacks.masked import formed
from twinloop.stacks.official import executable
from twinloop.stacks.plans import Evaluated
from twinloop.stacks.problems import problem_of

if TYPE_CHECKING:
    from twinloop.stacks.target import Target

_GOING = frozenset((Op.DELETE, Op.DELETE_REPLACED, Op.DISCARD))


def evaluated(on: Target, outcome: Outcome, entries: Iterable[Mapping[str, Any]]) -> Evaluated:
    """What a preview of the official CLI came to, on what its state knows.

    Args:
        on: what was previewed.
        outcome: of the preview.
        entries: the resources of the state, as `deployment` gives them.
    """
    known = tuple(entries)
    before = standing(on.stack, known)
    after = tuple(_after(on, outcome.steps, before))
    needs = {str(entry["urn"]): _needs(entry) for entry in known}
    return Evaluated(
        stack=on.stack, resources=after, needs=needs, outcome=_with_renames(outcome, before, after)
    )


def standing(stack: str, entries: Iterable[Mapping[str, Any]]) -> tuple[Resource, ...]:
    """The resources of a state as the checks look at them."""
    return tuple(_resource(stack, entry) for entry in entries)


def deployment(on: Target) -> list[dict[str, Any]] | None:
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
        inputs=formed(entry["type"], readable(entry.get("inputs") or {})),
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
            inputs=formed(step.type, inputs),
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
