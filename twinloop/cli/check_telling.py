"""How a check ends: its findings, and exit code 10 where one of them would stop `twinloop up`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from twinloop.cli.output import emit, wants_json
from twinloop.problems import Kind, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from checks.findings import Finding


def tell(
    found: Sequence[Finding], more: dict[str, Any], table: Text | None, none: str = "nothing found"
) -> None:
    """Print findings, with a table before them; what is refused ends with exit code 10.

    Args:
        found: in the order in which they are told.
        more: what `--json` has beside them.
        table: the figures that they come from; left out where it has a header only.
        none: what is told where nothing is found.
    """
    from rich.text import Text as RichText

    from twinloop.cli import check_tables

    shape = {"findings": [asdict(one) for one in found], **more}
    shown = RichText()
    if table is not None and table.plain.count("\n"):
        shown.append_text(table).append("\n\n")
    shown.append_text(check_tables.findings(found, none))
    refused = [one for one in found if one.severity == "refuse"]
    if not refused:
        emit(shape, shown)
        return
    if not wants_json():
        emit(shape, shown)
    problem = Problem(
        f"{len(refused)} finding{'s' if len(refused) > 1 else ''} would stop `twinloop up`.",
        where=", ".join(dict.fromkeys(one.stack for one in refused)),
        given="\n".join(f"{one.stack}: {one.rule}: {one.what}" for one in refused),
        allowed="findings of severity warn and note",
        next_step=refused[0].fix,
        kind=Kind.FOUND,
    )
    problem.result = shape
    raise problem
