"""`twinloop check`: what must hold of the stacks, proved on paper before anything is deployed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twinloop.cli.check_asking import EXAMPLE, answer
from twinloop.cli.check_policies import policies, policies_of_all
from twinloop.cli.check_stacks import Stacks, checked_stacks, short
from twinloop.cli.check_telling import tell
from twinloop.cli.nouns import noun
from twinloop.cli.output import Json, running, say, wants_json
from twinloop.problems import BadUsage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checks.findings import Finding

app = noun(
    "Prove on paper what must hold: access, reach, policies, quota, parity, coverage, what cannot be undone."
)

Against = Annotated[
    str, typer.Option("--against", metavar="STACK", help="The environment that the others are compared with.")
]


@app.command()
def permissions(
    *,
    stack: Stacks = None,
    can: Annotated[
        str | None, typer.Option("--can", metavar="QUESTION", help='"training in prod read the registry"')
    ] = None,
    who: Annotated[str, typer.Option("--who", help="An identity's purpose, a group, an object id.")] = "",
    what: Annotated[str, typer.Option("--what", help="read, write, pull, submit, ... or an operation.")] = "",
    where: Annotated[
        str, typer.Option("--where", help="registry, images, curated, vault, ... or an id.")
    ] = "",
    _json: Json = False,
) -> None:
    """Who lacks a right for what is declared, who has more than that, and: can X do Y on Z?

    Roles and assignments are joined by what an identity is for, so that it works before any of them exists.
    A question is answered with the assignment that allows it, or with the missing role and the row to write.

    [bold]Examples[/]

      twinloop check permissions -s prod
      twinloop check permissions --can "training in prod read the registry"
      twinloop check permissions -s prod --who training --what read --where curated
    """
    asked = [flag for flag in (who, what, where) if flag]
    if can == "" or (can and asked) or (asked and len(asked) < 3):  # noqa: PLR2004 - who, what and where
        raise BadUsage(
            "A question has all of its parts, once.",
            where="--can, --who, --what, --where",
            given=" ".join(part for part in (can, *asked) if part) or "an empty question",
            allowed='--can "WHO VERB WHERE", or --who, --what and --where together',
            next_step=EXAMPLE,
        )
    if can or asked:
        answer(list(stack or ()), can or "", who, what, where)
        return
    checked = checked_stacks(stack)
    none = "nothing found: every identity has what it needs, and not more"
    tell(checked.permissions_findings(), {}, None, none)


@app.command()
def reachability(
    *,
    stack: Stacks = None,
    paths: Annotated[bool, typer.Option("--paths", help="Show every path that was followed.")] = False,
    _json: Json = False,
) -> None:
    """Whether jobs, pods, people and CI reach what they need, and what lies open.

    Images, packages, stores, registry, vault and monitoring are followed through isolation mode, outbound
    rules, private endpoints, DNS zones and public doors; pipelines say what they need by their files.

    [bold]Examples[/]

      twinloop check reachability -s prod
      twinloop check reachability -s prod --paths
    """
    from twinloop.cli import check_tables

    checked = checked_stacks(stack)
    followed = checked.paths()
    table = check_tables.paths(followed) if paths else None
    tell(checked.reachability_findings(), {"paths": [asdict(one) for one in followed]}, table)


app.command()(policies)


@app.command()
def quota(
    *,
    stack: Stacks = None,
    limits: Annotated[
        Path | None,
        typer.Option(
            "--limits",
            metavar="FILE",
            help="Limits as az prints them of the subscription; they count before those of the settings.",
        ),
    ] = None,
    _json: Json = False,
) -> None:
    """Cores at the worst case against the quota: clusters, pools with their surge, deployments with reserve.

    Blue stands beside green, and Azure ML keeps a fifth more for upgrades. What the outer loop deploys is
    told by [bold]twinloop:expectedDeployments[/]; limits are those of [bold]twinloop:quotas[/].

    [bold]Examples[/]

      twinloop check quota -s prod
      az vm list-usage --location westeurope > limits.json
      twinloop check quota -s prod --limits limits.json
    """
    from twinloop.cli import check_tables

    if limits is not None and len(stack or ()) != 1:
        raise BadUsage(
            "A file of limits is of one subscription and one region.",
            where="--limits",
            given=f"{len(stack or ())} stacks",
            allowed="one stack, whose subscription and region they are",
            next_step=f"twinloop check quota -s prod --limits {limits}",
        )
    checked = checked_stacks(stack)
    uses = checked.quota_uses(limits)
    found = checked.quota_findings(limits)
    tell(found, {"uses": [asdict(one) for one in uses]}, check_tables.quota(uses), "nothing found: all fits")


@app.command()
def irreversibility(
    *,
    stack: Stacks = None,
    base: Annotated[
        str,
        typer.Option(
            "--base",
            metavar="GIT_REF",
            help="Compare with this commit; else with where the default branch and this one parted.",
        ),
    ] = "",
    _json: Json = False,
) -> None:
    """What of this change cannot be undone, and is refused unless the settings waive it.

    A waiver says who, why and until when; the lines to copy are in the finding.

    [bold]Example[/]

      twinloop check irreversibility -s prod --base origin/main
    """
    tell(_irreversible(stack, base), {}, None)


@app.command()
def parity(*, stack: Stacks = None, against: Against = "dev", _json: Json = False) -> None:
    """How environments differ in settings and resources, each difference with its reason.

    The reason is the comment beside the setting; a grant's is in its row. A difference without one is found.

    [bold]Example[/]

      twinloop check parity -s staging -s prod
    """
    from twinloop.cli import check_tables

    checked = checked_stacks(stack, with_=against)
    found = checked.differences(against)
    if checked.wanted == (against,):
        say(f"[dim]{against} is what the others are compared with; see: twinloop check parity[/]")
    tell(
        checked.parity_findings(against),
        {"against": against, "differences": [asdict(one) for one in found]},
        check_tables.differences(found, against),
        f"nothing found: {len(found):,} differences, each with its reason",
    )


@app.command()
def coverage(*, stack: Stacks = None, _json: Json = False) -> None:
    """Which of the ten elements of the life cycle of models an environment has, and what it lacks.

    [bold]Example[/]

      twinloop check coverage
    """
    from twinloop.cli import check_tables

    checked = checked_stacks(stack)
    found = checked.covered()
    shape = [asdict(one) | {"whole": one.whole} for one in found]
    none = f"nothing found: {len(found)} of {len(found)} elements covered"
    tell(checked.coverage_findings(), {"elements": shape}, check_tables.covered(found), none)


@app.command(name="all")
def everything(*, stack: Stacks = None, against: Against = "dev", _json: Json = False) -> None:
    """All of it in one go, but for what cannot be undone: that is about a change, and has its own command.

    [bold]Example[/]

      twinloop check all -s prod
    """
    from twinloop.review.checking import in_order

    checked = checked_stacks(stack)
    environments = {
        name for name, file in checked.files.items() if file.value("twinloop:kind") == "environment"
    }
    found = [
        *checked.permissions_findings(),
        *checked.reachability_findings(),
        *policies_of_all(checked),
        *checked.quota_findings(),
        *(checked.parity_findings(against) if against in environments else ()),
        *checked.coverage_findings(),
    ]
    if against not in environments:
        say(f"[dim]not compared: {against} is not among the stacks that were looked at (--against)[/]")
    tell(in_order(found), {}, None)


def _irreversible(stacks: Sequence[str] | None, base: str) -> list[Finding]:
    """What a review of the change says cannot be undone."""
    from checks.catalogue.one_way import RULES
    from twinloop.clouds.home import find_home
    from twinloop.review.reviewing import Request, review

    request = Request(home=find_home(), stacks=tuple(map(short, stacks or ())), base=base, command=running())
    reviewed = review(request, lambda text: None if wants_json() else say(f"[dim]{text}[/]"))
    if reviewed.failures:
        raise reviewed.failures[0]
    return [one for each in reviewed.review.stacks for one in each.findings if one.rule in RULES]
