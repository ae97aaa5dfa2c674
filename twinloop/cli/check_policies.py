"""`twinloop check policies`: which properties of what the stacks declare may not be, by the policy pack."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from twinloop.cli.check_stacks import Stacks, checked_stacks, short
from twinloop.cli.check_telling import tell
from twinloop.cli.output import Json, emit, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checks.findings import Finding
    from twinloop.review.checking import Checked


def policies(
    *,
    stack: Stacks = None,
    list_: Annotated[
        bool,
        typer.Option("--list", help="Show all rules with their levels and sources, and evaluate nothing."),
    ] = False,
    _json: Json = False,
) -> None:
    """What the policies (policies/) refuse of the stacks, or advise against.

    A rule is mandatory or advisory by what the settings say the stack is for; [bold]--list[/] shows both for
    each kind of stack, and with [bold]-s[/] for that stack. A mandatory rule that is broken ends with 10, as
    it would stop [bold]twinloop up[/].

    [bold]Examples[/]

      twinloop check policies -s prod
      twinloop check policies --list
      twinloop check policies --list -s staging
    """
    if list_:
        _list(stack or ())
        return
    from twinloop.cli import check_tables

    checked = checked_stacks(stack)
    found = checked.policies_findings()
    held = checked.held()
    leveled = [asdict(one) | {"level": _LEVELS[one.severity]} for one in found]
    tell(
        found,
        {"findings": leveled, "stacks": [asdict(one) for one in held]},
        check_tables.held(held, found),
    )


_LEVELS = {"refuse": "mandatory", "warn": "advisory"}


def policies_of_all(checked: Checked) -> tuple[Finding, ...]:
    """The findings beside those of other checks; says why there are none where the pack cannot be asked."""
    from twinloop.stacks.paper_policies import unasked

    if reason := unasked(checked.checkout):
        say(f"[dim]policies were not asked: {reason}; twinloop preview asks every pack[/]")
        return ()
    return checked.policies_findings()


def _list(stacks: Sequence[str]) -> None:
    from twinloop.cli import check_tables
    from twinloop.clouds import stack_file
    from twinloop.clouds.home import find_home
    from twinloop.stacks.paper_policies import listed

    checkout = find_home().checkout
    names = dict.fromkeys(map(short, stacks))
    rules = listed(checkout, [stack_file.read(checkout, name) for name in names])
    emit({"rules": [asdict(one) for one in rules]}, check_tables.rules(rules))
