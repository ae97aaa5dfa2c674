"""A review as JSON, of the shape that `review.schema.json` publishes."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from twinloop.review.labels import counts, in_cloud, is_known, name_of, type_of

if TYPE_CHECKING:
    from decimal import Decimal

    from checks.cost import Estimate, Item
    from checks.plan import Change
    from twinloop.review.model import Review, StackReview

VERSION = 1
"""Counted up when a reader of the shape would have to change; new keys alone are no reason."""


@cache
def schema() -> dict[str, Any]:
    """The published JSON Schema, draft 2020-12."""
    text = resources.files("twinloop.review").joinpath("review.schema.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def as_json(review: Review) -> dict[str, Any]:
    """The whole review as plain data: all that changes, and none of what stays the same."""
    return {
        "version": VERSION,
        "base": asdict(review.base),
        "head": asdict(review.head),
        "digest": review.digest,
        "stacks": [_stack(stack) for stack in review.stacks],
    }


def _stack(stack: StackReview) -> dict[str, Any]:
    found = counts(stack.plan.changes)
    return {
        "stack": stack.stack,
        "environment": stack.environment,
        "isNew": stack.is_new,
        "isGone": stack.is_gone,
        "evaluated": is_known(stack),
        "notes": list(stack.notes),
        "counts": {op: found[op] for op in ("create", "update", "replace", "delete", "same")},
        "changes": [_change(one, stack) for one in stack.plan.changes if one.op != "same"],
        "cost": {
            "before": bill(stack.cost_before),
            "after": bill(stack.cost_after) if is_known(stack) else None,
        },
        "access": [_picked(one, "access") for one in stack.access],
        "exposure": [_picked(one, "exposure") for one in stack.exposure],
        "quota": [_picked(one, "quota") for one in stack.quota],
        "findings": [
            _picked(one, "finding") | {"place": _place(stack, one.resource or one.rule)}
            for one in stack.findings
        ],
    }


def _change(change: Change, stack: StackReview) -> dict[str, Any]:
    one = change.resource
    return {
        "op": change.op,
        "urn": one.urn,
        "type": one.type,
        "name": name_of(one.urn),
        "id": one.id,
        "component": not in_cloud(one),
        "protect": one.protect,
        "differences": [_picked(found, "difference") for found in change.differences],
        "place": _place(stack, one.urn),
    }


def _place(stack: StackReview, key: str) -> dict[str, Any] | None:
    place = stack.places.get(key)
    return asdict(place) if place else None


def bill(estimate: Estimate) -> dict[str, Any]:
    """An estimate in the published shape; `twinloop cost --json` has it, too."""
    return {
        "currency": "USD",
        "hours": 730,
        "atRest": _amount(estimate.at_rest),
        "atWorst": _amount(estimate.at_worst),
        "unknown": len(estimate.unknown),
        "items": [_item(item) for item in estimate.items],
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "resource": item.resource,
        "type": type_of(item.resource),
        "what": item.what,
        "atRest": _amount(item.at_rest),
        "atWorst": _amount(item.at_worst),
        "unknown": item.is_unknown,
        "hidden": item.hidden,
        "ceiling": item.ceiling,
        "byUse": item.by_use,
        "unitPrice": _amount(item.unit_price),
        "unit": item.unit,
        "basis": item.basis,
        "source": item.source,
        "asOf": item.as_of,
        "region": item.region,
    }


def _amount(amount: Decimal | None) -> str | None:
    """Exact, as text: a number of JSON would be read as a binary fraction."""
    return None if amount is None else f"{amount:f}"


def _picked(one: Any, kind: str) -> dict[str, Any]:
    """The published keys of a class of the checks, whatever else it carries for other readers."""
    published = schema()["$defs"][kind]["properties"]
    facts = {key: getattr(one, key) for key in published if hasattr(one, key)}
    found: dict[str, Any] = json.loads(json.dumps(facts, default=str))
    return found
