"""Options of the commands on jobs, each written down once, and az's meaning of `-s`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperCommand

if TYPE_CHECKING:
    from typer._click import Context

File = Annotated[Path | None, typer.Option("--file", "-f", help="YAML file of the job.", show_default=False)]
Path_ = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="YAML file of the job.", show_default=False)
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Change one value of the file, or add a key; repeatable.",
        show_default=False,
    ),
]
Stream = Annotated[bool, typer.Option("--stream", help="Follow it to its end (az's -s, see above).")]
Validate = Annotated[
    bool, typer.Option("--skip-validation", help="Leave out the official client's own checks.")
]
SaveAs = Annotated[
    Path | None,
    typer.Option(
        "--save-as", "-a", help="Write the job as Azure ML accepted it to this file.", show_default=False
    ),
]
JobName = Annotated[
    str, typer.Option("--name", "-n", help="Name of the job; one is made up if left out.", show_default=False)
]
Web = Annotated[bool, typer.Option("--web", "-e", help="Open its page in the browser.")]
Job = Annotated[
    str,
    typer.Argument(metavar="[JOB]", help="Name of the job; the newest if left out.", show_default=False),
]
Named = Annotated[str, typer.Option("--name", "-n", help="The job, as az names it.", show_default=False)]
Sample = Annotated[
    str,
    typer.Option(
        "--sample",
        metavar="ROWS|SHARE%",
        help="Run on a part of the data, such as 100 or 5%; what it was is tagged on the job.",
        show_default=False,
    ),
]
RegisterSample = Annotated[
    bool,
    typer.Option("--register-sample", help="Let a step register a model although it saw a sample only."),
]
Seed = Annotated[int, typer.Option("--sample-seed", help="Another number draws other rows.")]


class LikeAz(TyperCommand):
    """A command on which `-s` without a word behind it is az's `--stream`; with one it is our stack."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Read the words after az's `-s` was told from ours."""
        return super().parse_args(ctx, az_stream(args))


def az_stream(args: list[str]) -> list[str]:
    """The words of a command line with az's `-s` written out.

    In az it takes no value, so it ends the line or an option follows; a stack's name does neither.
    """
    told = []
    for at, word in enumerate(args):
        following = args[at + 1] if at + 1 < len(args) else "-"
        told.append("--stream" if word == "-s" and following.startswith("-") else word)
    return told
