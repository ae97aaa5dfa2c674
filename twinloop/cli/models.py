"""`twinloop models ...`: what is registered, and what each model came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from twinloop.cli.nouns import noun
from twinloop.cli.options import bundled
from twinloop.cli.output import emit, rows
from twinloop.cli.scene import Where, opened

if TYPE_CHECKING:
    from rich.console import Console

    from twinloop.loops.models import Lineage, Model

app = noun(
    """Registered models.

    [bold]Examples[/]

      twinloop models list
      twinloop models show breast-cancer-classifier
    """
)


@app.command("list")
@bundled
def list_models(
    *,
    where: Where,
) -> None:
    """List the models of the workspace, each with its newest version."""
    from twinloop.loops import models

    with opened(where) as scene:
        found = models.names(scene.client)
    lines = [
        (
            model.name,
            model.version,
            model.scores.get("test_roc_auc", "-"),
            model.created,
            model.lineage.get("job", "-"),
        )
        for model in found
    ]
    table = rows(("model", "version", "test ROC AUC", "registered", "job"), lines)
    emit([_plain(model) for model in found], table if found else "No model was registered yet.")


@app.command("show")
@bundled
def show(
    name: Annotated[str, typer.Argument(help="The model.")],
    *,
    version: Annotated[str, typer.Option("--version", "-v", help="The newest if left out.")] = "",
    where: Where,
) -> None:
    """Show a model with its scores and its lineage: model, job, data, code."""
    from twinloop.loops import models

    with opened(where) as scene:
        found = models.show(scene.client, name, version)
    emit(
        _plain(found.model)
        | {
            "jobStatus": found.job_status,
            "submittedBy": found.submitted_by,
            "jobInputs": dict(found.inputs),
            "missing": found.missing,
        },
        lambda out: describe(out, found),
    )


def describe(out: Console, found: Lineage) -> None:
    """Print one model: where it stands, what it scored, what it came from."""
    model, lineage = found.model, found.model.lineage
    out.print(f"[bold]{model.name}[/] version [bold]{model.version}[/]  ({model.type})")
    if model.description:
        out.print(model.description, markup=False)
    if model.scores:
        scores = ", ".join(f"{key.removeprefix('test_')} {value}" for key, value in model.scores.items())
        out.print(f"on the test rows: {scores}", markup=False)
    commit = lineage.get("commit", "")
    dirty = " with uncommitted changes" if lineage.get("uncommitted_changes") == "true" else ""
    chain = [
        ("from job", f"{found.job}  {found.job_status}".strip()),
        ("submitted by", found.submitted_by),
        ("on data", f"sha256 {lineage['data_sha256'][:16]}..., {lineage.get('data_rows', '?')} rows"
         if "data_sha256" in lineage else ""),
        ("by code", commit[:12] + dirty if commit else "no commit known: submitted outside a git work tree"),
        ("not known", found.missing),
    ]  # fmt: skip
    for label, text in chain:
        if text:
            out.print(f"  {label:<13}{text}", markup=False)


def _plain(model: Model) -> dict[str, object]:
    return {
        "name": model.name,
        "version": model.version,
        "type": model.type,
        "description": model.description,
        "created": model.created,
        "createdBy": model.created_by,
        "path": model.path,
        "scores": model.scores,
        "lineage": model.lineage,
        "tags": dict(model.tags),
    }
