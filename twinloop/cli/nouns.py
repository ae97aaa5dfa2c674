"""A noun of the command line: an app whose commands stay under their word even when there is only one."""

from __future__ import annotations

import typer


def noun(help_text: str) -> typer.Typer:
    """Make the Typer app of a noun; its commands follow as `@app.command("list")`."""
    app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", add_completion=False)

    @app.callback(help=help_text)
    def keep_commands_under_the_noun() -> None:
        """Typer folds a lone command into its app unless there is a callback."""

    return app


def verb() -> typer.Typer:
    """Make the Typer app of a command that stands alone; one `@app.command()` follows."""
    return typer.Typer(rich_markup_mode="rich", add_completion=False)
