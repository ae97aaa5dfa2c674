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


def is_machinery(step: Step) -> bool:
    """Whether a step is a default provider: the engine's own, of no interest to people."""
    return step.type.startswith("pulumi:providers:") and step.name.startswith("default_")


def output_lines(outputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and value of each output, by name; text as it is, everything else as JSON."""
    return [
        (name, value if isinstance(value, str) else value_text(value, longest=1_000_000))
        for name, value in sorted(outputs.items())
    ]


def short_type(token: str) -> str:
    """`azure-native:storage:StorageAccount` -> `storage:StorageAccount`; components as they are."""
    return token.removeprefix("azure-native:")


def plan_tree(outcome: Outcome, *, details: bool) -> Tree:
    """Every changed resource under its parents; unchanged ones only where they hold changed ones.

    Args:
        outcome: of any operation.
        details: show the inputs of what is created, too.
    """
    known = {step.urn: step for step in outcome.steps}
    shown: dict[str, list[Step]] = {}
    for step in outcome.steps:
        if step.op not in QUIET and not is_machinery(step) and not _is_half(step, outcome.steps):
            shown.setdefault(step.urn, []).append(step)
    top = Tree(Text(f"stack {_stack_name(outcome)}", style="bold"), guide_style="dim")
    branches: dict[str, Tree] = {}

    def branch(urn: str) -> Tree:
        if urn in branches:
            return branches[urn]
        step = known.get(urn)
        if step is None or step.type == "pulumi:pulumi:Stack":
            return top
        above = branch(step.parent) if step.parent else top
        branches[urn] = above.add(_label(shown.get(urn, [step])[-1]))
        return branches[urn]

    for urn, steps in shown.items():
        if steps[-1].type != "pulumi:pulumi:Stack":
            node = branch(urn)
            for line in _lines(steps[-1], details=details):
                node.add(line)
    return top


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
    rest = sum(counts.get(op, 0) for op in QUIET)
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
    label = Text()
    if sign:
        label.append(f"{sign} {step.op} ", style=f"bold {colour}")
    label.append(step.name, style=colour or "dim")
    label.append(f"  {short_type(step.type)}", style="dim")
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
    return next((step.urn.split(":")[2] for step in outcome.steps), "")
