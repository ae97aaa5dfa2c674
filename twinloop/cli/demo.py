"""The story of `make demo`: a platform on the local Azure, a model trained on it, and where to go from there.

Run again it finds all of it there: nothing is made twice, deterministic steps are reused, the registry stays.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from twinloop.cli import garbage
from twinloop.cli.errors import EXIT_OF, of_machine
from twinloop.cli.output import console, fail, say
from twinloop.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from twinloop.cli.scene import Scene
    from twinloop.clouds.home import Home
    from twinloop.stacks.outcome import Outcome

PIPELINE = Path("pipelines") / "classical" / "training.yml"
MODEL = "breast-cancer-classifier"
STACKS = ("shared", "dev")
STACK = "dev"
NEXT = (
    ("look around", "twinloop stack output -s dev"),
    ("", "twinloop jobs show"),
    ("", f"twinloop models show {MODEL}"),
    ("submit again, changed", f"twinloop submit {PIPELINE} --set inputs.rounds=300 --stream"),
    ("use any Azure client", 'eval "$(twinloop twin env --as data-scientist)"'),
    ("rehearse prod", "twinloop preview -s prod"),
    ("see a refusal (exit 4)", "twinloop up -s dev --as data-scientist --refresh"),
    ("stop, all stays", "twinloop twin stop"),
    ("stop and remove all", "make clean"),
)


@dataclass
class Chapters:
    """Chapters of the story with their durations in seconds."""

    console: Console
    took: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def chapter(self, title: str) -> Iterator[None]:
        """Head one chapter and take its time."""
        self.console.print(f"\n[bold cyan]{len(self.took) + 1}. {title}[/]")
        began = time.monotonic()
        yield
        self.took[title] = time.monotonic() - began
        self.console.print(f"[dim]   {self.took[title]:.1f} s[/]")


def tell() -> int:
    """Tell the whole story; returns the exit code."""
    from twinloop.clouds.home import find_home

    began = time.monotonic()
    home, out = find_home(), console()
    story = Chapters(out)
    with story.chapter("The local Azure"):
        _start(home, out)
    outcomes = {}
    for stack in STACKS:
        with story.chapter(f"Stack {stack}, as infra-engineer: twinloop up -s {stack}"):
            outcomes[stack] = _bring_up(home, stack, out)
    _train(story, out)
    with story.chapter("What stands"):
        _describe_platform(home, outcomes, out)
    out.print("\n[bold]Next, to paste[/]")
    scripts = Path(sys.executable).parent
    if str(scripts) not in os.environ.get("PATH", "").split(os.pathsep):
        out.print(f'  {"have the tool on your path":<28}export PATH="{scripts}:$PATH"', markup=False)
    for label, line in NEXT:
        out.print(f"  {label:<28}{line}", markup=False)
    _link(home, out)
    out.print(f"\n[dim]The whole story took {time.monotonic() - began:.0f} s.[/]")
    return 0


def _link(home: Home, out: Console) -> None:
    """A link that opens what stands in a browser, without signing in."""
    from twinloop.cli.studio import link
    from twinloop.clouds import personas
    from twinloop.clouds.session import open_twin

    twin, _ = open_twin(home)
    out.print("\n[bold]To click[/]: jobs, the model, computes, and a picture of each stack")
    out.print(f"  {link(twin, personas.DEPLOYER)}", markup=False, soft_wrap=True)
    out.print(
        "[dim]  The browser warns once of a certificate that it does not know: the twin has its own.\n"
        "  The link is good for a day or two; another one: twinloop studio[/]"
    )


def _start(home: Home, out: Console) -> None:
    from twinloop.clouds.session import open_twin

    twin, started = open_twin(home)
    state = "started" if started else "was running"
    out.print(f"   {state} at {twin.base}; it lives in {twin.home.root}", markup=False)


def _bring_up(home: Home, stack: str, out: Console) -> Outcome:
    from twinloop.cli.diff import summary
    from twinloop.cli.progress import shown
    from twinloop.clouds import personas
    from twinloop.stacks.outcome import Operation, Options
    from twinloop.stacks.problems import problem_of
    from twinloop.stacks.run import execute
    from twinloop.stacks.target import target

    on = target(home, stack=stack, persona=personas.DEPLOYER, environment=os.environ)
    with shown(f"up {stack}") as on_event:
        outcome = execute(Operation.UP, on, Options(), on_event, yes=True)
    if outcome.error is not None:
        raise problem_of(outcome.error, on)
    out.print(f"   {summary(outcome, on.cloud)}", markup=False)
    return outcome


def _train(story: Chapters, out: Console) -> None:
    from twinloop.cli import models as model_page
    from twinloop.cli import streaming
    from twinloop.cli.output import words
    from twinloop.cli.scene import Where, opened
    from twinloop.clouds import personas
    from twinloop.loops import models
    from twinloop.loops.submit import read, submit

    document = read(PIPELINE)
    with ExitStack() as held:
        with story.chapter(f"A model, as data-scientist: twinloop submit {PIPELINE} --stream"):
            scene = held.enter_context(opened(Where(stack=STACK, persona=personas.SCIENTIST)))
            job = submit(scene.client, document)
            say(f"   submitted [bold]{job.name}[/]")
            ended = streaming.watch(scene, job.name, words())
            streaming.require_success(ended)
            out.print(streaming.metrics_table(streaming.logged_metrics(scene, ended)) or "")
        with story.chapter(f"Where the model stands: twinloop models show {MODEL}"):
            model_page.describe(out, models.show(scene.client, MODEL))
            _registration(scene, ended.job, out)


def _registration(scene: Scene, job: str, out: Console) -> None:
    """What this run's register step decided, and why."""
    import json
    import tempfile

    from twinloop.loops.download import Wanted, download

    with tempfile.TemporaryDirectory() as folder:
        files = download(scene.client, job, folder=Path(folder), wanted=Wanted("registration"))
        found = next(json.loads(file.read_text()) for file in files if file.name == "registration.json")
    what = f"registered version {found['version']}" if found["registered"] else "registered nothing new"
    out.print(f"  this run     {what}: {found['reason']}", markup=False)


def _describe_platform(home: Home, outcomes: dict[str, Outcome], out: Console) -> None:
    from infra.rights.table import ENVIRONMENT, in_force
    from infra.settings import EnvironmentSettings
    from twinloop.stack_settings import load

    for stack, outcome in outcomes.items():
        found = _by_concern(outcome)
        counts = ", ".join(f"{concern} {count}" for concern, count in found.most_common())
        out.print(f"  {stack:<14}{found.total()} Azure resources: {counts}", markup=False)
    settings = load(home.checkout / f"Pulumi.{STACK}.yaml")
    if not isinstance(settings, EnvironmentSettings):
        return
    out.print(
        f"  {'workspace':<14}{settings.names.workspace} in {settings.names.resource_group}", markup=False
    )
    clusters = ", ".join(
        f"{one.name} ({one.vm_size}, {one.min_nodes} to {one.max_nodes} nodes, {one.priority})"
        for one in settings.clusters
    )
    out.print(f"  {'clusters':<14}{clusters}", markup=False)
    people: dict[str, list[str]] = {}
    for grant in in_force(ENVIRONMENT, settings.access.people_may):
        if grant.who in {"data-scientists", "ml-engineers", "platform-admins", "auditors"}:
            people.setdefault(grant.who, []).append(f"{grant.role.value} on {grant.on}")
    for who, grants in people.items():
        out.print(f"  {who:<18}{'; '.join(grants)}", markup=False)


def _by_concern(outcome: Outcome) -> Counter[str]:
    """Resources that stand, by the component they belong to."""
    types = {step.urn: step.type for step in outcome.steps}
    counts: Counter[str] = Counter()
    for step in outcome.steps:
        if step.type.startswith("azure-native:") and step.op != "read":
            owner = types.get(step.parent, "").rpartition(":")[2]
            counts[re.sub(r"(?<=[a-z])(?=[A-Z])", " ", owner).lower() if owner != "Stack" else "group"] += 1
    return counts


def main() -> int:
    """Tell the story; what a person can put right is told as by every command."""
    garbage.rarely()
    try:
        return tell()
    except (Problem, OSError) as error:
        problem = error if isinstance(error, Problem) else of_machine(error)
        if problem is None:
            raise
        fail(problem)
        return EXIT_OF[problem.kind]


if __name__ == "__main__":
    sys.exit(main())
