"""`twinloop new ...`: a stack file for one more environment or team, from a few answers."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twinloop.cli.nouns import noun
from twinloop.cli.options import Stack
from twinloop.cli.output import Json, emit, say, wants_json
from twinloop.problems import BadUsage

if TYPE_CHECKING:
    from pathlib import Path

    from twinloop.clouds.new_draft import Answers
    from twinloop.clouds.new_stack import NewStack

app = noun(
    """A stack file for one more environment or team; nothing is ever overwritten.

    [bold]Examples[/]

      twinloop new team alice                          dev-alice: small, cheap, previews at once
      twinloop new environment qa --from staging       with identities of CI in the shared stack
      twinloop new environment acme/dev-eu --location northeurope --dry-run
      twinloop new environment play --profile sandbox  fits a fresh subscription, costs least at rest
    """
)

Source = Annotated[str, typer.Option("--from", metavar="STACK", help="The environment that is copied.")]
Short = Annotated[
    str,
    typer.Option(
        "--environment",
        metavar="NAME",
        help="The environment's name in Azure, 2 to 12 characters; the stack's own unless given.",
        show_default=False,
    ),
]
Subscription = Annotated[
    str, typer.Option(help="Azure subscription; that of the copied one unless given.", show_default=False)
]
Location = Annotated[
    str, typer.Option(help="Azure region; that of the copied one unless given.", show_default=False)
]
Space = Annotated[
    str,
    typer.Option(
        "--address-space",
        metavar="CIDR",
        help="Its network; the next free /20 unless given.",
        show_default=False,
    ),
]
Budget = Annotated[
    float | None, typer.Option(min=1, help="Per month, in the subscription's currency.", show_default=False)
]
Owner = Annotated[str, typer.Option(metavar="EMAIL", help="Who answers for it.", show_default=False)]
CostCentre = Annotated[str, typer.Option("--cost-centre", help="Who pays for it.", show_default=False)]
Existing = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SECTION=ID",
        help="Take a resource in place of the copied one's: group, network, logs, vault, images, or "
        "identities.PURPOSE; repeatable.",
        show_default=False,
    ),
]
Profile = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="sandbox: fits a fresh subscription's default quota, and costs least while nobody works.",
        show_default=False,
    ),
]
Gpus = Annotated[bool, typer.Option("--gpus", help="With GPU clusters, as far as there are cores.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be written; write nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Take every proposal; ask nothing.")]


@app.command("environment")
def environment(
    name: Annotated[str, typer.Argument(help="The stack, e.g. qa or acme/dev-eu.")],
    *,
    source: Source = "dev",
    short: Short = "",
    subscription: Subscription = "",
    location: Location = "",
    address_space: Space = "",
    budget: Budget = None,
    owner: Owner = "",
    cost_centre: CostCentre = "",
    ci: Annotated[
        bool,
        typer.Option("--ci/--no-ci", help="Whether CI previews and deploys it, as its own identities."),
    ] = True,
    profile: Profile = "",
    existing: Existing = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    _json: Json = False,
) -> None:
    """Write the settings of one more environment, as its source is but for what is said here.

    Clusters become as large as the quotas of the subscription leave room for. With CI, the shared stack's
    file gets the environment's identities too.
    """
    from twinloop.clouds.new_draft import Answers

    _make(
        Answers(
            name=name,
            source=source,
            environment=short,
            subscription=subscription,
            location=location,
            address_space=address_space,
            budget=budget,
            owner=owner,
            cost_centre=cost_centre,
            gpus=True,
            ci=ci and not profile,
            profile=_profile(profile),
            existing=_pairs(existing or []),
        ),
        ask=not yes,
        dry_run=dry_run,
    )


@app.command("team")
def team(
    name: Annotated[str, typer.Argument(help="The team or person; the stack becomes SOURCE-NAME.")],
    *,
    source: Source = "dev",
    short: Short = "",
    subscription: Subscription = "",
    location: Location = "",
    address_space: Space = "",
    budget: Budget = None,
    owner: Owner = "",
    cost_centre: CostCentre = "",
    gpus: Gpus = False,
    existing: Existing = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    _json: Json = False,
) -> None:
    """Write the settings of an environment for one team: two nodes, no GPUs, a tenth of the budget, no CI.

    Its stack is named after the copied one: `twinloop new team alice` makes `dev-alice`.
    """
    from twinloop.clouds.new_draft import Answers

    organisation, _, own = name.rpartition("/")
    stack = f"{organisation}/{source}-{own}" if organisation else f"{source}-{own}"
    _make(
        Answers(
            name=stack,
            source=source,
            team=True,
            environment=short,
            subscription=subscription,
            location=location,
            address_space=address_space,
            budget=budget,
            owner=owner,
            cost_centre=cost_centre,
            gpus=gpus,
            existing=_pairs(existing or []),
        ),
        ask=not yes,
        dry_run=dry_run,
    )


@app.command("stand-ins")
def stand_ins(*, stack: Stack = "", _json: Json = False) -> None:
    """Make on the twin, and only there, what a stack takes by `existing`, so that it can be rehearsed.

    What is there already is left alone. Sizes and addresses are invented: their owner knows the real ones.
    """
    from twinloop.clouds import stand_ins as rehearsal
    from twinloop.clouds.home import find_home
    from twinloop.clouds.personas import DEPLOYER
    from twinloop.clouds.session import open_session
    from twinloop.stack_settings import load
    from twinloop.stacks.choice import choose

    home = find_home()
    chosen = choose(home, stack)
    session = open_session(home, stack=chosen, persona=DEPLOYER)
    made = rehearsal.make(session, load(home.checkout / f"Pulumi.{chosen}.yaml"))
    words = "\n".join(f"made on the twin: {one}" for one in made) or "Nothing was missing on the twin."
    emit({"stack": chosen, "made": made}, words)


def _make(answers: Answers, *, ask: bool, dry_run: bool) -> None:
    from twinloop.clouds import new_stack
    from twinloop.clouds.home import find_checkout

    checkout = find_checkout()
    today = datetime.now(UTC).date()
    planned = new_stack.plan(checkout, answers, today=today)
    if ask and sys.stdin.isatty() and not wants_json():
        planned = new_stack.plan(checkout, _asked(answers, planned), today=today)
    if not dry_run:
        new_stack.write(planned)
    emit(_facts(planned, checkout, written=not dry_run), _words(planned, written=not dry_run))


def _asked(answers: Answers, planned: NewStack) -> Answers:
    """The same answers, after a person was asked for those that matter; Enter takes the proposal."""
    from infra.sections.taken import TakenNetwork

    say("Enter takes what stands in brackets.")
    azure, network = planned.settings.azure, planned.settings.network
    told: dict[str, Any] = {
        "subscription": answers.subscription or _ask("Azure subscription", azure.subscription_id),
        "location": answers.location or _ask("Azure region", azure.location),
        "owner": answers.owner or _ask("Who answers for it (e-mail)", planned.settings.owner),
    }
    if not isinstance(network, TakenNetwork):
        told["address_space"] = answers.address_space or _ask("Address space", network.address_space)
    if answers.budget is None:
        amount = _ask("Budget per month", f"{planned.settings.budget.monthly_amount:g}")
        told["budget"] = _amount(amount)
    return replace(answers, **told)


def _ask(question: str, proposal: str) -> str:
    return str(typer.prompt(question, default=proposal, err=True)).strip()


def _amount(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadUsage(
            "This is no amount.",
            where="budget",
            given=text,
            allowed="a number, e.g. 150",
            next_step="type it in digits: --budget 150",
        ) from None


def _profile(given: str) -> str:
    from twinloop.clouds.new_sandbox import PROFILE

    if given not in {"", PROFILE}:
        raise BadUsage(
            "There is no such profile.",
            where="--profile",
            given=given,
            allowed=f"{PROFILE}, or none for an environment like its source",
            next_step=f"--profile {PROFILE}",
        )
    return given


def _pairs(given: list[str]) -> dict[str, str]:
    pairs = {}
    for one in given:
        section, equals, arm_id = one.partition("=")
        if not equals:
            raise BadUsage(
                "A resource to take is named with the section that takes it.",
                where="--existing",
                given=one,
                allowed="SECTION=ID",
                next_step="for example --existing vault=/subscriptions/...",
            )
        pairs[section] = arm_id
    return pairs


def _facts(planned: NewStack, checkout: Path, *, written: bool) -> dict[str, Any]:
    changed = [planned.path, *([planned.shared[0]] if planned.shared else [])]
    return {
        "stack": planned.name,
        "environment": planned.settings.environment,
        "files": [str(path.relative_to(checkout)) for path in changed],
        "written": written,
        "differences": [
            {"key": one.key, "value": one.value, "reason": one.reason} for one in planned.differences
        ],
        "next": _next(planned),
    }


def _next(planned: NewStack) -> list[str]:
    name, short = planned.name, planned.name.rsplit("/", 1)[-1]
    return [
        f"twinloop preview -s {short}",
        f"twinloop up -s {planned.settings.shared.stack}",
        f"twinloop up -s {short}",
        f"git add {planned.path.name}" + (f" {planned.shared[0].name}" if planned.shared else ""),
        f"pulumi stack init {name}",
    ]


def _words(planned: NewStack, *, written: bool) -> str:
    lines = [f"{'Wrote' if written else 'Would write'} {planned.path.name}; it passes every check."]
    for one in planned.differences:
        value = "left out" if one.value is None else one.value
        lines.append(f"  {one.key}: {value}" + (f"  ({one.reason})" if one.reason else ""))
    if planned.shared:
        environment = planned.settings.shared.ci_environment
        lines.append(
            f"{'Changed' if written else 'Would change'} {planned.shared[0].name}: identities of CI for "
            f"{environment}, made by the next up of that stack."
        )
    on_twin, on_azure = _next(planned)[:-2], _next(planned)[-2:]
    lines += ["Next, on the twin:", *(f"  {line}" for line in on_twin)]
    lines += ["and for Azure, after a review:", *(f"  {line}" for line in on_azure)]
    return "\n".join(lines)
