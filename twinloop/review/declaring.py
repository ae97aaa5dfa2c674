"""What the stacks of this checkout declare now: brought up on paper, without a cloud, a state or a secret."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from twinloop.clouds import stack_file
from twinloop.engine import EngineError
from twinloop.review import failures
from twinloop.review.evaluation import Bench
from twinloop.review.planting import plant_needed
from twinloop.stacks import stated
from twinloop.stacks.local_state import configuration

if TYPE_CHECKING:
    from checks.plan import Resource


def declared(
    checkout: Path, stacks: Sequence[str], say: Callable[[str], None] = lambda _text: None, *, command: str
) -> dict[str, tuple[Resource, ...]]:
    """The resources of each stack, in the order asked for.

    Args:
        checkout: the folder of `Pulumi.yaml`.
        stacks: short names; all that have a file where empty, each after what it needs.
        say: told of each stack that is begun.
        command: which one asks, to be run again where a stack cannot be brought up.

    Raises:
        Problem: there is no such stack, its settings cannot be used, or its program fails.
    """
    names = stacks or stack_file.known(checkout)
    files = {name: stack_file.read(checkout, name) for name in names}
    for name in stack_file.known(checkout):
        files.setdefault(name, stack_file.read(checkout, name))
    found: dict[str, tuple[Resource, ...]] = {}
    with tempfile.TemporaryDirectory(prefix="twinloop-declared-") as folder:
        bench = Bench(
            root=checkout,
            folder=Path(folder) / "bench",
            project=stack_file.project_name(checkout),
            main=stack_file.program_folder(checkout),
            python=Path(sys.executable),
            command=command,
        )
        try:
            for name in stated.in_order(files, names):
                say(f"evaluating {name}")
                found[name] = _evaluated(bench, files, name)
        finally:
            bench.close()
    return {name: found[name] for name in (stacks or found)}


def _evaluated(bench: Bench, files: dict[str, stack_file.StackFile], name: str) -> tuple[Resource, ...]:
    file = files[name]
    given = configuration(file, closed=True)
    plant_needed(bench, file, files)
    try:
        evaluated = bench.bring_up(name, given)
    except EngineError as failed:
        raise failures.problem_of(failed, file, bench) from failed
    if (error := evaluated.outcome.error) is not None:
        raise failures.problem_of(error, file, bench) from error
    return evaluated.resources
