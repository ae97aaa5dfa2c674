"""The table of commands: name -> the module that is imported only when the command is called."""

from __future__ import annotations

from dataclasses import dataclass

INFRASTRUCTURE = "Infrastructure"
LEARNING = "Machine learning"
CLOUDS = "The twin, and what it is made of"


@dataclass(frozen=True)
class Entry:
    """One word after `twinloop`: a command, or a noun with commands of its own.

    `module` has a `typer.Typer` in `attribute`. A noun's comes from `twinloop.cli.nouns.noun()`.
    """

    module: str
    help: str
    panel: str
    noun: bool = False
    attribute: str = "app"


_OPERATIONS = "twinloop.cli.operations"

COMMANDS: dict[str, Entry] = {
    "preview": Entry(
        _OPERATIONS, "Show what `up` would change; touches nothing.", INFRASTRUCTURE, attribute="preview"
    ),
    "up": Entry(
        _OPERATIONS, "Bring a stack up: make the cloud as the program says.", INFRASTRUCTURE, attribute="up"
    ),
    "refresh": Entry(
        _OPERATIONS,
        "Read what really exists and correct the state.",
        INFRASTRUCTURE,
        attribute="refresh",
    ),
    "destroy": Entry(_OPERATIONS, "Delete everything a stack has made.", INFRASTRUCTURE, attribute="destroy"),
    "review": Entry(
        "twinloop.cli.review",
        "Say what a change does, and to whom: resources, cost, access, reach, quota.",
        INFRASTRUCTURE,
    ),
    "check": Entry(
        "twinloop.cli.check",
        "Prove what must hold: access, reach, policies, quota, parity, coverage.",
        INFRASTRUCTURE,
        noun=True,
    ),
    "cost": Entry(
        "twinloop.cli.cost", "Say what stacks would cost on Azure, at rest and at worst.", INFRASTRUCTURE
    ),
    "stack": Entry("twinloop.cli.stack", "Outputs, list, and rescue of stacks.", INFRASTRUCTURE, noun=True),
    "new": Entry("twinloop.cli.new", "Settings of one more environment or team.", INFRASTRUCTURE, noun=True),
    "workspace": Entry("twinloop.cli.workspace", "The Azure ML workspace in use.", LEARNING, noun=True),
    "jobs": Entry("twinloop.cli.jobs", "Submit, follow and compare jobs.", LEARNING, noun=True),
    "submit": Entry("twinloop.cli.jobs", "Short for `jobs create -f FILE`.", LEARNING, attribute="submit"),
    "models": Entry("twinloop.cli.models", "Registered models.", LEARNING, noun=True),
    "mlflow": Entry("twinloop.cli.studio", "Open MLflow's own pages.", LEARNING, attribute="mlflow"),
    "twin": Entry("twinloop.cli.twin", "The local Azure: start, stop, look, use.", CLOUDS, noun=True),
    "studio": Entry(
        "twinloop.cli.studio", "Open the local Azure's pages in a browser.", CLOUDS, attribute="studio"
    ),
    "providers": Entry(
        "twinloop.cli.providers", "Serve our providers to the official CLI.", CLOUDS, noun=True
    ),
    "doctor": Entry("twinloop.cli.doctor", "What this machine lacks, for which use.", CLOUDS),
}
