"""`twinloop cost`: what the stacks of this checkout would cost on Azure, at rest and at worst."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from twinloop.cli.nouns import verb
from twinloop.cli.output import Json, emit, running, say
from twinloop.clouds.home import find_home

app = verb()


@app.command()
def cost(
    *,
    stack: Annotated[
        list[str] | None,
        typer.Option("--stack", "-s", help="A stack; repeatable. All of this checkout if left out."),
    ] = None,
    sources: Annotated[
        bool, typer.Option("--sources", help="Show how each figure is made, and from where its price is.")
    ] = False,
    write: Annotated[
        list[Path] | None,
        typer.Option(
            "--write",
            metavar="FILE",
            help="Put it into a Markdown file, between <!-- cost --> and <!-- /cost -->, or line by line "
            "between <!-- cost in detail --> and <!-- /cost in detail -->; repeatable.",
        ),
    ] = None,
    _json: Json = False,
) -> None:
    """Say what the stacks would cost on Azure a month; needs no account, asks nobody, touches nothing.

    [bold]At rest[/] nobody works: least nodes, no traffic. [bold]At worst[/] all is at its limit all
    month: most nodes, daily caps filled. What only use decides has a unit price and is in neither sum; what
    has no sourced price is unknown, never zero. Prices are a table in the repository, with sources and dates.

    [bold]Examples[/]

      twinloop cost -s dev -s prod
      twinloop cost -s prod --sources
      twinloop cost --write README.md --write docs/infra-engineer/costs.md
    """
    from checks.cost import estimate
    from twinloop.cli import cost_tables
    from twinloop.review.as_json import bill
    from twinloop.review.declaring import declared

    checkout = find_home().checkout
    wanted = [name.rsplit("/", 1)[-1] for name in stack or ()]
    once = list(dict.fromkeys(wanted))
    found = declared(checkout, once, lambda text: say(f"[dim]{text}[/]"), command=running())
    bills = {name: estimate(resources) for name, resources in found.items()}
    shape = [{"stack": name, **bill(one)} for name, one in bills.items()]
    if write:
        for page in write:
            cost_tables.put_into(page, bills)
        names = ", ".join(map(str, write))
        emit(
            {"files": [str(page) for page in write], "stacks": shape},
            f"Written between the markers: {names}.",
        )
        return
    emit({"stacks": shape}, cost_tables.text(bills, sources=sources))
