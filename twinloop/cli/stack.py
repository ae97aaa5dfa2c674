"""`twinloop stack ...`: what a stack tells others, which stacks there are, the rescue of a damaged state."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from twinloop.cli.nouns import noun
from twinloop.cli.options import Cloud, CloudName, Stack, Yes
from twinloop.cli.output import Json, emit, rows, say
from twinloop.clouds.home import find_home
from twinloop.problems import NotFound

if TYPE_CHECKING:
    from twinloop.stacks.inventory import Row

app = noun("What a stack tells others, which stacks there are, and the rescue of a damaged state.")


@app.command("output")
def output(
    name: Annotated[str, typer.Argument(help="Only this output; its bare value.", show_default=False)] = "",
    *,
    stack: Stack = "",
    cloud: Cloud = CloudName.TWIN,
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="Show secrets in clear.")] = False,
    _json: Json = False,
) -> None:
    """Print a stack's outputs, or one of them."""
    from twinloop.cli.diff import output_lines, value_text
    from twinloop.stacks.run import outputs
    from twinloop.stacks.target import target

    on = target(find_home(), stack=stack, cloud=cloud.value, environment=os.environ)
    found = outputs(on, show_secrets=show_secrets)
    if not name:
        emit(found, rows(("output", "value"), output_lines(found)))
        return
    if name not in found:
        raise NotFound(
            f"Stack '{on.stack}' has no output '{name}'.",
            where=f"stack {on.stack} on the {on.cloud}",
            given=name,
            allowed=", ".join(sorted(found)) or "none: it has no outputs yet",
            next_step=f"twinloop stack output -s {on.stack}",
        )
    value = found[name]
    text = value if isinstance(value, str) else value_text(value, longest=1_000_000)
    emit(value, lambda out: out.print(text, markup=False))


@app.command("ls")
def ls(*, _json: Json = False) -> None:
    """List the stacks of this checkout, and what each has on the twin."""
    from twinloop.clouds import stack_file
    from twinloop.stacks.inventory import stacks_on_twin

    home = find_home()
    found = stacks_on_twin(home, stack_file.known(home.checkout))
    lines = [
        (
            row.name,
            row.subscription or "-",
            _standing(row),
            row.changed_at or "-",
        )
        for row in found
    ]
    emit(
        [row.as_json() for row in found], rows(("stack", "subscription", "on the twin", "last change"), lines)
    )


def _standing(row: Row) -> str:
    if row.damaged:
        return "cannot be read"
    counted = f"{row.resources} resources" if row.exists else "-"
    return counted if row.has_file else f"{counted}, but its file Pulumi.{row.name}.yaml is gone"


@app.command("restore")
def restore(*, stack: Stack = "", yes: Yes = False, _json: Json = False) -> None:
    """Put the newest good backup in place of a state that cannot be read; the damaged file is kept."""
    from twinloop.stacks.inventory import restore as put_back
    from twinloop.stacks.target import target

    on = target(find_home(), stack=stack, environment=os.environ)
    backup, damaged = put_back(on, force=yes)
    emit(
        {"restored": str(backup), "damaged": str(damaged)},
        f"Restored from {backup}; the damaged state is kept as {damaged}.",
    )
    say(f"next: twinloop refresh -s {on.stack}   (the backup may be older than what exists)")
