"""The resource graph of one stack, coloured by what happens to each box; unchanged ones are folded.

Groups that neither change nor touch a change are one box without arrows: a stack has hundreds of resources,
and a reader looks for the few that change and for what those rest on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from twinloop.pictures.layered import Node, draw
from twinloop.review.labels import in_cloud, name_of, shortened, type_of

if TYPE_CHECKING:
    from checks.plan import Change
    from twinloop.review.model import StackReview

SHOWN = 1  # unchanged boxes of a group that are drawn; more are one box
ELSEWHERE = "elsewhere"  # the box of all groups that no change touches
BOXES = 400  # more would be no picture


def picture(review: StackReview, anchors: Mapping[str, str]) -> str:
    """The graph as SVG; a box that changes leads to its change.

    Args:
        review: one stack.
        anchors: by URN, the id on the page of what changes.
    """
    changes = {change.resource.urn: change for change in review.plan.changes if in_cloud(change.resource)}
    folds = dict(_folds(changes))
    nodes = list(_nodes(changes, folds, anchors))
    if not nodes:
        return '<p class="soft">There is nothing to draw.</p>'
    if len(nodes) > BOXES:
        return f'<p class="soft">{len(nodes)} boxes would be no picture; all changes are listed below.</p>'
    edges = [
        (folds.get(needed, needed), folds.get(urn, urn))
        for urn, change in changes.items()
        for needed in change.resource.depends_on
        if ELSEWHERE not in {folds.get(needed), folds.get(urn)}
    ]
    return draw(nodes, edges, title=f"Resources of stack {review.stack}, coloured by what happens to them")


def _group(change: Change) -> str:
    """The component that a resource belongs to: the frame that its box stands in."""
    parent = change.resource.parent
    return name_of(parent) if parent and not type_of(parent).startswith("pulumi:") else ""


def _folds(changes: Mapping[str, Change]) -> Iterator[tuple[str, str]]:
    """URN to the id of the one box that stands for it: the unchanged of its group, or what is far off."""
    same, near = defaultdict(list), _near(changes)
    for urn, change in changes.items():
        if change.op == "same":
            group = _group(change)
            same[f"same:{group}" if group in near else ELSEWHERE].append(urn)
    for box, urns in same.items():
        if len(urns) > SHOWN or box == ELSEWHERE:
            yield from ((urn, box) for urn in urns)


def _near(changes: Mapping[str, Change]) -> set[str]:
    """Groups in which something changes, or rests on a change, or that a change rests on; all if none is."""
    pairs = [
        (change, changes[needed])
        for change in changes.values()
        for needed in (change.resource.urn, *change.resource.depends_on)
        if needed in changes
    ]
    touched = {_group(one) for pair in pairs if any(one.op != "same" for one in pair) for one in pair}
    return touched or {_group(one) for one in changes.values()}


def _nodes(
    changes: Mapping[str, Change], folds: Mapping[str, str], anchors: Mapping[str, str]
) -> Iterator[Node]:
    folded: dict[str, list[Change]] = defaultdict(list)
    for urn, change in changes.items():
        if urn in folds:
            folded[folds[urn]].append(change)
            continue
        anchor = anchors.get(urn, "")
        yield Node(
            id=urn,
            label=change.resource.name,
            sub=shortened(change.resource.type.removeprefix("azure-native:"), 60),
            kind=change.op,
            href=f"#{anchor}" if anchor else "",
            group=_group(change),
            title=f"{change.op}: {change.resource.type} {change.resource.name}",
        )
    for box, found in folded.items():
        names = ", ".join(sorted(change.resource.name for change in found))
        yield Node(
            id=box,
            label=f"{len(found)} unchanged" + (" elsewhere" if box == ELSEWHERE else ""),
            kind="same",
            group="" if box == ELSEWHERE else _group(found[0]),
            title=shortened(names, 600),
        )
