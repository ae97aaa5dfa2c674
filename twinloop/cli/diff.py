"""A plan, or what was done, as a person reads it: what, path by path, and why something is replaced."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from rich.text import Text
from rich.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from twinloop.stacks.outcome import Outcome, PropertyChange, Step

QUIET = frozenset(("same", "read", "refresh"))
_SIGNS = {
    "create": ("+", "green"),
    "import": ("=", "green"),
    "update": ("~", "yellow"),
    "replace": ("±", "magenta"),
    "create-replacement": ("+", "green"),
    "delete-replaced": ("-", "red"),
    "delete": ("-", "red"),
    "discard": ("-", "red"),
}
_PART_OF_REPLACE = frozenset(("create-replacement", "delete-replaced"))
_PLANNED = {"create": "to create", "update": "to update", "replace": "to replace", "delete": "to delete"}
_DONE = {"create": "created", "update": "updated", "replace": "replaced", "delete": "deleted"}
LONGEST = 100  # characters of a value in a diff
LONGEST_NAME = 56  # characters that names are aligned to; a longer one pushes its type to the right
STACK = "pulumi:pulumi:Stack"


def is_machinery(step: Step) -> bool:
    """Whether a step is a default provider: the engine's own, of no interest to people."""
    return step.type.startswith("pulumi:providers:") and step.name.partition("_")[0] == "default"


def is_component(step: Step) -> bool:
    """Whether a step only groups others: its type is of no provider."""
    return step.type.partition(":")[0] not in {"azure-native", "pulumi"}


def output_lines(outputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and value of each output, by name; text as it is, everything else as JSON."""
    return [
        (name, value if isinstance(value, str) else value_text(value, longest=1_000_000))
        for name, value in sorted(outputs.items())
    ]


def fitted(value: str, room: int) -> str:
    """A value cut to the room on a screen; of an ARM id the end is kept, which tells it from others."""
    if len(value) <= room:
        return value
    return f"…{value[1 - room :]}" if value.startswith("/") else f"{value[: room - 1]}…"


def short_type(token: str) -> str:
    """`azure-native:storage:StorageAccount` -> `storage:StorageAccount`, a component's -> its last word."""
    package, _, rest = token.partition(":")
    if package == "azure-native":
        return rest
    return token if package == "pulumi" else rest.rpartition(":")[2]


def plan_tree(outcome: Outcome, *, details: bool, fold: bool = False) -> Tree:
    """Every changed resource under its parents; unchanged ones only where they hold changed ones.

    Args:
        outcome: of any operation.
        details: show the inputs of what is created, too.
        fold: show a component in one line where the same has happened to all that it holds.
    """
    shown = {
        step.urn: step
        for step in outcome.steps
        if step.op not in QUIET and not is_machinery(step) and not _is_half(step, outcome.steps)
    }
    below = _children(outcome, shown)
    known = {step.urn: step for step in outcome.steps}
    top = Tree(Text(f"stack {_stack_name(outcome)}", style="bold"), guide_style="dim")

    def add(above: Tree, urns: list[str]) -> None:
        labels = {urn: _label(shown.get(urn, known[urn])) for urn in urns}
        width = min(max(map(len, labels.values()), default=0), LONGEST_NAME)
        for urn in urns:
            step = shown.get(urn, known[urn])
            inside = _inside(urn, below)
            held = [shown[one] for one in inside if one in shown]
            whole = fold and _is_uniform(step, held, len(inside))
            node = above.add(_with_type(labels[urn], step, width, _counts(held) if whole else ""))
            if not whole:
                for line in _lines(step, details=details) if urn in shown else ():
                    node.add(line)
                add(node, below.get(urn, []))

    add(top, below.get("", []))
    return top


def _children(outcome: Outcome, shown: Mapping[str, Step]) -> dict[str, list[str]]:
    """What is shown below each URN; what stands at the top, below the empty one."""
    known = {step.urn: step for step in outcome.steps}
    below: dict[str, list[str]] = {}
    seen: set[str] = set()

    def place(urn: str) -> None:
        step = known[urn]
        if urn in seen or step.type == STACK:
            return
        seen.add(urn)
        above = step.parent if step.parent in known and known[step.parent].type != STACK else ""
        if above:
            place(above)
        below.setdefault(above, []).append(urn)

    for urn in shown:
        place(urn)
    return below


def _inside(urn: str, below: Mapping[str, list[str]]) -> list[str]:
    """Everything below a URN, at any depth."""
    return [found for child in below.get(urn, []) for found in (child, *_inside(child, below))]


def _is_uniform(step: Step, held: list[Step], inside: int) -> bool:
    """Whether nothing is lost by showing a component's name and what it holds as numbers."""
    ops = {str(one.op) for one in held}
    return (
        len(held) == inside > 0 and len(ops) == 1 and ops <= {"create", "delete", str(step.op)} - {"update"}
    )


def _counts(held: list[Step]) -> str:
    kinds = Counter(short_type(step.type).rpartition(":")[2] for step in held)
    said = (kind if times == 1 else f"{times} {kind}" for kind, times in kinds.most_common())
    return ", ".join(said)


def summary(outcome: Outcome, place: str) -> Text:
    """Counts and time in one line."""
    planned = str(outcome.operation) == "preview"
    words = _PLANNED if planned else _DONE
    counts = Counter(str(step.op) for step in outcome.steps if not is_machinery(step))
    counts["replace"] = counts["replace"] or counts["create-replacement"]
    line = Text()
    for op, word in words.items():
        if counts.get(op):
            line.append(f"{counts[op]} {word}, ", style=_SIGNS[op][1])
    looked = "refresh"  # before a plan: what was looked at is in the plan again
    rest = sum(counts.get(op, 0) for op in QUIET if op != looked or str(outcome.operation) == looked)
    line.append(f"{rest} unchanged" if line or rest else "nothing to do")
    line.append(
        f"  ({outcome.operation} of {_stack_name(outcome)} on the {place}, {outcome.seconds:.1f} s)", "dim"
    )
    return line


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """What `--json` shows of an outcome."""
    return {
        "operation": str(outcome.operation),
        "ok": outcome.ok,
        "changed": outcome.changed,
        "counts": dict(outcome.counts),
        "seconds": round(outcome.seconds, 3),
        "steps": [_step_json(step) for step in outcome.steps],
        "outputs": dict(outcome.outputs),
        "diagnostics": [
            {"severity": one.severity, "urn": one.urn, "message": one.message}
            for one in outcome.diagnostics
            if one.severity != "debug"
        ],
    }


def value_text(value: Any, *, longest: int = LONGEST) -> str:
    """A value in one line, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    if text in {'"[secret]"', '"[unknown]"'}:
        text = text.strip('"')
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _step_json(step: Step) -> dict[str, Any]:
    return {
        "op": str(step.op),
        "urn": step.urn,
        "type": step.type,
        "name": step.name,
        "parent": step.parent,
        "id": step.id,
        "protect": step.protect,
        "replaceKeys": list(step.replace_keys),
        "changes": [
            {"path": one.path, "kind": one.kind, "before": one.before, "after": one.after}
            for one in step.changes
        ],
    }


def _is_half(step: Step, steps: Iterable[Step]) -> bool:
    """Whether a step is one half of a replacement that is shown as a whole."""
    return step.op in _PART_OF_REPLACE and any(one.urn == step.urn and one.op == "replace" for one in steps)


def _label(step: Step) -> Text:
    sign, colour = _SIGNS.get(str(step.op), ("", ""))
    label = Text(no_wrap=True, overflow="ellipsis")
    if sign:
        label.append(f"{sign} {step.op} ", style=f"bold {colour}")
    label.append(step.name, style=colour or "dim")
    return label


def _with_type(label: Text, step: Step, width: int, holds: str) -> Text:
    label.append(" " * (width - len(label)) + f"  {holds or short_type(step.type)}", style="dim")
    if step.protect and step.op in {"delete", "replace"}:
        label.append("  protected", style="bold red")
    return label


def _lines(step: Step, *, details: bool) -> list[Text]:
    lines = []
    if step.replace_keys:
        lines.append(Text(f"replaced, because this cannot change: {', '.join(step.replace_keys)}", "magenta"))
    lines += [_change(one) for one in step.changes]
    if details and step.op == "create":
        lines += [Text(f"{key}: {value_text(value)}", "green") for key, value in _inputs(step).items()]
    return lines


def _inputs(step: Step) -> Mapping[str, Any]:
    return {key: value for key, value in (step.new or {}).items() if not key.startswith("__")}


def _change(change: PropertyChange) -> Text:
    line = Text(f"{change.path}: ")
    if change.kind.startswith("add"):
        line.append(value_text(change.after), "green")
    elif change.kind.startswith("delete"):
        line.append(value_text(change.before), "red strike")
        line.append(" (removed)", "red")
    else:
        line.append(value_text(change.before), "red")
        line.append(" -> ", "dim")
        line.append(value_text(change.after), "green")
    if change.kind.endswith("-replace"):
        line.append("  (forces replacement)", "magenta")
    return line


def _stack_name(outcome: Outcome) -> str:
    return outcome.stack or next((step.urn.split(":")[2] for step in outcome.steps), "")
