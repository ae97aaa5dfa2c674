"""The logs of a job and its steps: which there are, and the next piece of one."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from twinloop.localazure.jobs import states
from twinloop.localazure.jobs.folders import PIPELINE_LOG, STD_LOG
from twinloop.localazure.pages.addresses import run_page
from twinloop.localazure.pages.markup import Markup, el, join

if TYPE_CHECKING:
    from twinloop.localazure.jobs.records import Job
    from twinloop.localazure.pages.job_facts import Facts

TAIL = 64 * 1024  # bytes that a page begins with
CHUNK = 256 * 1024  # bytes that one look brings at most
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_OVERWRITTEN = re.compile(r"[^\n]*\r(?!\n)")  # a progress bar's earlier states


@dataclass(frozen=True)
class Log:
    """One log file of one run."""

    run: Job
    name: str
    path: Path

    @property
    def id(self) -> str:
        """Its name within the page."""
        return f"{self.run.name}/{self.name}"


@dataclass(frozen=True)
class Piece:
    """Part of a log."""

    text: str
    next: int
    """Where the next piece begins, in bytes."""
    skipped: int = 0
    """Bytes before it that are not shown."""


def logs(facts: Facts) -> list[Log]:
    """All log files of the job and its steps; what the user wrote comes first."""
    if not facts.reads_runs:
        return []
    found = []
    for run in facts.tree:
        folder = facts.folder(run)
        names = sorted(folder.log_files(), key=lambda name: (not name.startswith("user_logs/"), name))
        found += [Log(run, name, folder.logs / name) for name in names]
    return found


def chosen(facts: Facts, wanted: str) -> Log | None:
    """The log that is asked for, else the one that a reader wants: of what failed, what runs, the last."""
    there = logs(facts)
    if named := next((log for log in there if log.id == wanted), None):
        return named
    users = [log for log in there if log.name in {STD_LOG, PIPELINE_LOG} or log.name.startswith("user_logs/")]
    for good in ({states.FAILED}, {states.RUNNING, states.FINALIZING}, {states.COMPLETED}):
        if fitting := [log for log in users if log.run.status in good and log.run is not facts.job]:
            return fitting[0] if states.FAILED in good else fitting[-1]
    return next(iter(users), None) or next(iter(there), None)


def piece(log: Log, start: int | None) -> Piece:
    """What a log holds from a byte on; its end where `start` is None."""
    try:
        with log.path.open("rb") as file:
            size = file.seek(0, 2)
            begin = max(0, size - TAIL) if start is None else min(start, size)
            file.seek(begin)
            data = file.read(TAIL if start is None else CHUNK)
    except FileNotFoundError:
        return Piece("", 0)
    if start is None and begin:  # begin with a whole line
        line = data.find(b"\n") + 1
        data, begin = data[line:], begin + line
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(data)
    waiting = len(decoder.getstate()[0])  # a letter of which only the first bytes are there
    clean = _OVERWRITTEN.sub("", _COLOURS.sub("", text))
    return Piece(clean, begin + len(data) - waiting, begin if start is None else 0)


def panel(facts: Facts, log: Log | None) -> Markup:
    """The list of logs and the end of the chosen one; a script lets it grow."""
    if not facts.reads_runs:
        return el("p", f"{facts.viewer.name} may not read what runs of this workspace log.", class_="empty")
    if log is None:
        text = "There is no log yet." if not facts.job.ended_already else "It left no log."
        return join(tabs(facts, None), el("p", text, class_="empty"), _screen(facts, "", "", 0))
    shown = piece(log, None)
    return join(tabs(facts, log), _screen(facts, log.id, shown.text, shown.next, skipped=shown.skipped))


def tabs(facts: Facts, current: Log | None) -> Markup:
    """Links to every log, by step."""
    groups: dict[str, list[Markup]] = {}
    for log in logs(facts):
        href = run_page(facts.job, log=log.id) + "#logs"
        here = current is not None and log.id == current.id
        tab = el(
            "a",
            log.path.name,
            href=href,
            title=log.name,
            data_log=log.id,
            aria_current="true" if here else None,
        )
        groups.setdefault(log.run.display_name or log.run.name, []).append(tab)
    rows = [
        el("li", el("b", name) if len(groups) > 1 else None, " ", links) for name, links in groups.items()
    ]
    return el("ul", rows, class_="tabs", id="tabs")


def _screen(facts: Facts, name: str, text: str, after: int, *, skipped: int = 0) -> Markup:
    note = el("p", f"The first {skipped:,} bytes are not shown.", class_="note") if skipped else None
    follow = el(
        "label", el("input", type="checkbox", checked=True, id="follow"), " follow", class_="live-only"
    )
    state = el("span", "", id="pulse", class_="live-only", role="status")
    whole = el("a", "whole file", href=run_page(facts.job, "log", log=name), download=True)
    bar = el("div", el("code", name), whole, follow, state, class_="logbar")
    screen = el(
        "pre", text, id="screen", data_log=name, data_next=after, tabindex=0, aria_label=f"log {name}"
    )
    return join(note, bar, screen)
