"""How the states of jobs look: a kind of the pictures, a word, a sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twinloop.localazure.jobs import states
from twinloop.localazure.pages.markup import Markup, el
from twinloop.pictures.kinds import KINDS

if TYPE_CHECKING:
    from twinloop.localazure.jobs.records import Job

_KINDS = {
    states.COMPLETED: "completed",
    states.FAILED: "failed",
    states.CANCELED: "canceled",
    states.CANCEL_REQUESTED: "canceled",
    states.NOT_STARTED: "waiting",
    states.QUEUED: "waiting",
}
REUSED = "azureml.isreused"
REUSED_RUN = "azureml.reusedrunid"


def kind(job: Job) -> str:
    """The kind of box that a job is."""
    if is_reused(job):
        return "reused"
    return _KINDS.get(job.status, "running")


def is_reused(job: Job) -> bool:
    """Whether an earlier run answered for it."""
    return job.run_properties.get(REUSED) == "true"


def badge(job: Job) -> Markup:
    """The state as a coloured word with its sign."""
    look = kind(job)
    word = "Reused" if look == "reused" else job.status
    return el("span", el("i", KINDS[look].sign, aria_hidden="true"), word, class_=f"badge kind kind-{look}")
