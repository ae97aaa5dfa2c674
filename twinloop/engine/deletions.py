"""Deletes what the program no longer wants: dependents first, independent ones in parallel."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from twinloop.engine.applying import Applier
from twinloop.engine.deployment import Deployment
from twinloop.engine.errors import Cancelled, ProtectedResource, TargetsLeaveOut
from twinloop.engine.model import Op
from twinloop.engine.provider_context import ProviderFailure
from twinloop.engine.states import ResourceState


def doomed(deployment: Deployment) -> list[ResourceState]:
    """The states that this run has not confirmed and may touch.

    Raises:
        ProtectedResource: some of them are protected; all are named.
        TargetsLeaveOut: something that stays depends on one of them.
    """
    left = deployment.snapshot.left()
    chosen = [state for state in left if deployment.targeted(state.urn)]
    guarded = [state.urn for state in chosen if state.protect]
    if guarded and not deployment.options.unprotect:
        raise ProtectedResource(guarded, "deleted")
    if deployment.options.targets:
        _refuse_dangling(left, chosen)
    return chosen


def _refuse_dangling(left: Iterable[ResourceState], chosen: list[ResourceState]) -> None:
    gone = {state.urn for state in chosen if not state.delete}
    slots = {state.slot for state in chosen}
    for state in left:
        needed = sorted(state.depends_on() & gone)
        if needed and state.slot not in slots:
            raise TargetsLeaveOut(needed[0], [state.urn], deleted=True)


class Deleter:
    """Deletes a set of states in an order that never leaves a dependent behind."""

    def __init__(self, deployment: Deployment, applier: Applier) -> None:
        self._deployment = deployment
        self._applier = applier
        self._lock = threading.Lock()
        self._carried: dict[int, list[ResourceState]] = {}

    def run(self, states: list[ResourceState]) -> None:
        """Delete them all; where one fails, what it depends on stays and the rest goes on."""
        by_urn: dict[str, list[ResourceState]] = {}
        for state in states:
            by_urn.setdefault(state.urn, []).append(state)
        needs = {
            state.slot: [
                other for urn in self._needed(state) for other in by_urn.get(urn, ()) if other is not state
            ]
            for state in states
        }
        waiting = {state.slot: 0 for state in states}
        for others in needs.values():
            for other in others:
                waiting[other.slot] += 1
        ready = [state for state in reversed(states) if not waiting[state.slot]]
        with ThreadPoolExecutor(max(1, self._deployment.options.parallel)) as pool:
            running: dict[Future[bool], ResourceState] = {}
            while ready or running:
                for state in ready:
                    running[pool.submit(self._delete, state, by_urn)] = state
                ready = []
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    state = running.pop(future)
                    if not future.result():
                        continue
                    for other in needs[state.slot]:
                        waiting[other.slot] -= 1
                        if not waiting[other.slot]:
                            ready.append(other)

    def _needed(self, state: ResourceState) -> set[str]:
        renames = self._deployment.snapshot.renames
        return {renames.get(urn, urn) for urn in state.depends_on()} if renames else state.depends_on()

    def _delete(self, state: ResourceState, by_urn: dict[str, list[ResourceState]]) -> bool:
        op = Op.DELETE_REPLACED if state.delete else Op.DISCARD if state.external else Op.DELETE
        along = self._carried.get(state.slot, [])
        carrier = _carrier(state, by_urn)
        if carrier is not None:
            # It goes with its container, and is in the state for as long as that is.
            with self._lock:
                self._carried.setdefault(carrier.slot, []).extend([*along, state])
            return True
        try:
            with self._deployment.turn():
                self._applier.delete(state, op, along=along)
        except Cancelled:
            self._deployment.report.leave(state.urn)
            return False
        except ProviderFailure:
            return False
        return True


def _carrier(state: ResourceState, by_urn: dict[str, list[ResourceState]]) -> ResourceState | None:
    """The container that takes the resource along when it is deleted, if it is deleted in the cloud too."""
    if not state.deleted_with:
        return None
    return next(
        (
            other
            for other in by_urn.get(state.deleted_with, ())
            if not (other.delete or other.external or other.retain_on_delete)
        ),
        None,
    )
