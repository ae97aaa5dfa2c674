"""The stacks that a check looks at: which were asked for, brought up on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from twinloop.cli.output import running, say, wants_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twinloop.review.checking import Checked

Stacks = Annotated[
    list[str] | None,
    typer.Option("--stack", "-s", help="A stack; repeatable. All that have a file, unless given."),
]


def checked_stacks(stacks: Sequence[str] | None, with_: str = "") -> Checked:
    """Bring the stacks up on paper, saying so to a person.

    Args:
        stacks: as they were typed; all that have a file where there are none.
        with_: one that is looked at beside them.

    Raises:
        Problem: as `twinloop.review.checking.checked`.
    """
    from twinloop.clouds.home import find_home
    from twinloop.review.checking import checked

    names = list(dict.fromkeys(map(short, stacks or ())))
    beside = [short(with_)] if with_ and names else []
    return checked(
        find_home().checkout,
        names,
        lambda text: None if wants_json() else say(f"[dim]{text}[/]"),
        beside=beside,
        command=running(),
    )


def short(stack: str) -> str:
    """A stack's name without its organisation and project."""
    return stack.rsplit("/", 1)[-1]
