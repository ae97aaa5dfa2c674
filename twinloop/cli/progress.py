"""What is happening, while it happens: a live tree on a terminal, plain lines anywhere else."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

from twinloop.cli.diff import QUIET, STACK, is_component, is_machinery, short_type
from twinloop.cli.output import wants_json, words
from twinloop.stacks.outcome import Diagnostic, StepDone, StepFailed, StepStarted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from twinloop.stacks.outcome import Event, Step

_PAST = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "replace": "replaced",
    "create-replacement": "created anew",
    "delete-replaced": "old one deleted",
    "import": "taken in",
    "discard": "forgotten",
}
_SHOWN_SEVERITIES = frozenset(("info", "warning", "error"))
_COLOURS = {"warning": "yellow", "error": "red", "info": "cyan"}


@contextmanager
def shown(title: str, *, planning: bool = False) -> Iterator[Callable[[Event], None]]:
    """Show the events that the given function is handed; nothing with `--json`.

    Args:
        title: first line of the tree.
        planning: a preview: what it plans is printed at its end, so only messages are shown on the way.
    """
    console = words()
    if wants_json():
        yield lambda _event: None
    elif sys.stderr.isatty() and console.is_terminal:
        with _LiveTree(console, title, planning=planning) as tree:
            yield tree.take
    else:
        yield lambda event: _plain(console, event, planning=planning)


def _plain(console: Console, event: Event, *, planning: bool) -> None:
    if isinstance(event, StepDone | StepStarted) and (event.step.type == STACK or is_machinery(event.step)):
        return
    if isinstance(event, StepDone) and not planning and event.step.op not in QUIET:
        step = event.step
        done = _PAST.get(str(step.op), str(step.op))
        console.print(f"{done:<9} {short_type(step.type)}  {step.name}  {event.seconds:.1f} s", markup=False)
    elif isinstance(event, StepFailed):
        console.print(f"failed    {short_type(event.step.type)}  {event.step.name}", markup=False)
    elif isinstance(event, Diagnostic):
        _say(console, event)


def _say(console: Console, event: Diagnostic) -> None:
    """A message of the program or a provider; errors are told at the end, with what to do next."""
    if event.severity in _SHOWN_SEVERITIES and event.severity != "error":
        name = event.urn.rsplit("::", 1)[-1]
        line = Text(f"{event.severity}: ", _COLOURS[event.severity])
        line.append(f"{name}: {event.message.strip()}" if name else event.message.strip(), "")
        console.print(line)


@dataclass
class _Node:
    step: Step
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    error: str = ""

    @property
    def busy(self) -> bool:
        return self.ended is None

    @property
    def seconds(self) -> float:
        return (self.ended or time.monotonic()) - self.began


class _LiveTree:
    """Components with their children, redrawn as it goes; finished ones fold when there is no room."""

    def __init__(self, console: Console, title: str, *, planning: bool) -> None:
        from rich.live import Live

        self._console = console
        self._title = title
        self._planning = planning
        self._nodes: dict[str, _Node] = {}
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._live = Live(
            get_renderable=self._draw,
            console=console,
            refresh_per_second=8,
            transient=True,
            auto_refresh=True,
        )

    def __enter__(self) -> _LiveTree:
        self._live.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._live.stop()

    def take(self, event: Event) -> None:
        """Take one event of the engine in; called from its threads."""
        if isinstance(event, Diagnostic):
            _say(self._console, event)
            return
        if not isinstance(event, StepStarted | StepDone | StepFailed):
            return
        with self._lock:
            step = event.step
            node = self._nodes.get(step.urn)
            if node is None:
                node = self._nodes[step.urn] = _Node(step)
            node.step = step
            if not isinstance(event, StepStarted):
                node.ended = time.monotonic()
            if isinstance(event, StepFailed):
                node.error = event.error

    def _draw(self) -> Tree:
        with self._lock:
            tree = Tree(self._head(), guide_style="dim")
            room = max(5, self._console.size.height - 4)
            worth = [urn for urn, node in self._nodes.items() if self._worth_showing(node)]
            chosen = self._chosen(worth, room)
            branches: dict[str, Tree] = {}
            for urn in worth:
                if urn in chosen:
                    self._branch(urn, branches, tree)
            waiting = sum(self._nodes[urn].busy for urn in worth if urn not in chosen)
            if waiting:
                tree.add(Text(f"and {waiting} more under way", "dim"))
            return tree

    def _head(self) -> Text:
        nodes = [node for node in self._nodes.values() if node.step.type != STACK]
        head = Text(self._title, "bold", no_wrap=True, overflow="ellipsis")
        head.append(f"   {time.monotonic() - self._began:.0f} s", "dim")
        if not nodes:
            head.append("   reading the program", "dim")
            return head
        failed = sum(bool(node.error) for node in nodes)
        busy = sum(node.busy for node in nodes)
        head.append(f"   {len(nodes) - busy - failed} done, {busy} under way", "not bold")
        if failed:
            head.append(f", {failed} failed", "red")
        return head

    def _chosen(self, worth: list[str], room: int) -> set[str]:
        """What fits: what failed, what is under way, then what ended last; each with the parents it needs."""
        nodes = self._nodes

        def urgency(urn: str) -> tuple[int, float]:
            node = nodes[urn]
            return (0 if node.error else 1 if node.busy else 2), -(node.ended or node.began)

        lines: set[str] = set()
        chosen: set[str] = set()
        for urn in sorted(worth, key=urgency):
            needed = {urn, *self._parents(urn)} - lines
            if len(lines) + len(needed) > room:
                break
            lines |= needed
            chosen.add(urn)
        return chosen

    def _parents(self, urn: str) -> list[str]:
        node = self._nodes.get(urn)
        above = node.step.parent if node else ""
        if above not in self._nodes or self._nodes[above].step.type == STACK:
            return []
        return [above, *self._parents(above)]

    def _worth_showing(self, node: _Node) -> bool:
        if node.step.type == STACK or is_machinery(node.step) or (is_component(node.step) and not node.error):
            return False  # a component is shown for what it holds
        return node.busy or bool(node.error) or (node.step.op not in QUIET and not self._planning)

    def _branch(self, urn: str, branches: dict[str, Tree], top: Tree) -> Tree:
        if urn in branches:
            return branches[urn]
        node = self._nodes.get(urn)
        if node is None or node.step.type == STACK:
            return top
        above = self._branch(node.step.parent, branches, top)
        branches[urn] = above.add(_label(node))
        return branches[urn]


def _label(node: _Node) -> Text:
    step = node.step
    label = Text(no_wrap=True, overflow="ellipsis")
    if is_component(step) and not node.error:  # it is there at once; what it holds is not
        label.append(step.name, "bold")
        return label
    if node.error:
        sign, style = "✗", "red"
    elif node.busy:
        sign, style = "◌", "yellow"
    else:
        sign, style = "✓", "green"
    state = "failed" if node.error else (f"{step.op}…" if node.busy else _PAST.get(str(step.op), ""))
    label.append(f"{sign} ", style)
    label.append(f"{state:<9} ", style)
    label.append(f"{node.seconds:4.1f} s  ", "dim")
    label.append(step.name)
    label.append(f"  {short_type(step.type).rpartition(':')[2]}", "dim")
    return label
