"""Stands in for a shared stack whose file is not in this checkout: its outputs, on paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from twinloop.engine import durable
from twinloop.engine.store import checkpoint_bytes
from twinloop.review.placeholders import guid
from twinloop.stacks import stated

if TYPE_CHECKING:
    from twinloop.clouds.stack_file import StackFile
    from twinloop.review.evaluation import Bench


def plant_needed(bench: Bench, file: StackFile, files: Mapping[str, StackFile]) -> list[str]:
    """Write the state of a stack that this one needs and that nobody here can evaluate; notes about it.

    An environment asks the shared stack for the ids of CI's identities only; all else it computes.
    """
    needed, environment = stated.needed_stack(file), stated.ci_environment(file)
    if not needed or not environment or needed in files:
        return []
    purposes = ("ci-preview", f"ci-deploy-{environment}", f"ci-models-{environment}")
    ids = {purpose: guid("identity of", needed, purpose) for purpose in purposes}
    bench.paper.made.update(ids.values())
    backend = bench.backend(needed)
    stack = backend.stack
    resource = {
        "urn": f"urn:pulumi:{needed}::{stack.project}::pulumi:pulumi:Stack::{stack.project}-{needed}",
        "custom": False,
        "type": "pulumi:pulumi:Stack",
        "outputs": {"ciPrincipalIds": ids},
    }
    durable.write(backend.checkpoint, checkpoint_bytes(stack.full_name, {"resources": [resource]}))
    return [f"stack '{needed}' has no file here: placeholders stand for the identities that it publishes"]
