"""Every ARM type of the catalogue, by the generic rules; and the operations that take their time."""

from __future__ import annotations

from checks.catalogue.resource_types import resource_types
from twinloop.localazure.core import operations
from twinloop.localazure.core.arm import generic_router
from twinloop.localazure.core.deletion import finish_delete, revive
from twinloop.localazure.core.twin import Twin

router = generic_router(resource_types().values())
router.include(operations.router)


def attach(twin: Twin) -> None:
    """Let accepted deletions come to their end."""
    twin.lifecycle.on_due = lambda key: finish_delete(twin, key)
    twin.lifecycle.on_failed = lambda key: revive(twin, key)
    twin.on_start(lambda twin: twin.lifecycle.forget_old())
