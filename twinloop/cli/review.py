"""`twinloop review`: what a change does, and to whom; for a person, a pull request, and a gate."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from twinloop.cli.nouns import verb
from twinloop.cli.options import CloudName, EngineName
from twinloop.cli.output import Json, emit, say, wants_json
from twinloop.problems import BadUsage, Kind, Problem

if TYPE_CHECKING:
    from rich.text import Text

    from twinloop.review.model import Review
    from twinloop.review.reviewing import Reviewed

app = verb()
STDOUT = Path("-")
SUMMARY_LIMIT = 1_000_000  # characters; GitHub takes one MiB for the summary of a step


class Against(StrEnum):
    """What the program is compared with."""

    CODE = "code"
    LIVE = "live"


class Severity(StrEnum):
    """From which severity on a review fails."""

    REFUSE = "refuse"
    WARN = "warn"
    NOTE = "note"
    NONE = "none"


class Style(StrEnum):
    """Whose lines put findings beside file and line."""

    GITHUB = "github"
    AZURE = "azure-pipelines"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Where the review goes, beside the terminal."""

    markdown: Path | None
    html: Path | None
    summary: Path | None
    annotations: Style


Stacks = Annotated[
    list[str] | None,
    typer.Option("--stack", "-s", help="A stack; repeatable. All that have a file, unless given."),
]
Base = Annotated[
    str,
    typer.Option(
        metavar="GIT_REF",
        show_default=False,
        help="Compare with this commit; else with where the default branch and this one parted.",
    ),
]
Head = Annotated[
    str,
    typer.Option(metavar="GIT_REF", show_default=False, help="Review this commit; else the working tree."),
]
AgainstWhat = Annotated[
    Against, typer.Option("--against", help="Compare with code at --base, or with what really stands.")
]
OfCloud = Annotated[
    CloudName, typer.Option("--cloud", help="With --against live: of the twin, or of Azure by pulumi.")
]
OfEngine = Annotated[
    EngineName, typer.Option("--engine", help="With --against live: auto is embedded on the twin.")
]
SameEnv = Annotated[
    bool,
    typer.Option("--same-env", help="Evaluate both revisions in this environment, whatever their locks."),
]
TimeLimit = Annotated[
    int, typer.Option("--time-limit", metavar="SECONDS", min=0, help="Of one program; 0 is no limit.")
]
MemoryLimit = Annotated[
    int, typer.Option("--memory-limit", metavar="MIB", min=0, help="Of one program; 0 is no limit.")
]
ToMarkdown = Annotated[
    Path | None,
    typer.Option("--markdown", metavar="FILE", help="Write one pull-request comment; - is stdout."),
]
ToHtml = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write a page that stands alone, with pictures.")
]
ToSummary = Annotated[
    Path | None,
    typer.Option("--summary", metavar="FILE", help="Add the whole as Markdown: $GITHUB_STEP_SUMMARY."),
]
Annotate = Annotated[
    Style, typer.Option("--annotations", help="Print findings so that a build shows them at file and line.")
]
FailOn = Annotated[
    Severity, typer.Option("--fail-on", help="Exit with 10 if a finding is as grave as this, or graver.")
]


@app.command("review")
def review_command(
    *,
    stack: Stacks = None,
    base: Base = "",
    head: Head = "",
    against: AgainstWhat = Against.CODE,
    cloud: OfCloud = CloudName.TWIN,
    engine: OfEngine = EngineName.AUTO,
    same_env: SameEnv = False,
    time_limit: TimeLimit = 0,
    memory_limit: MemoryLimit = 0,
    markdown: ToMarkdown = None,
    html: ToHtml = None,
    summary: ToSummary = None,
    annotations: Annotate = Style.NONE,
    fail_on: FailOn = Severity.REFUSE,
    _json: Json = False,
) -> None:
    """Say what a change does, and to whom: resources, cost per month, access, reach, quota.

    Code is compared with code on paper: no account, no state, no twin. Nothing is ever changed.

    [bold]Examples[/]

      twinloop review                                    your branch and what is not committed yet
      twinloop review -s prod --base v1.4                one stack, since a release
      twinloop review --base origin/main --markdown comment.md --html review.html
      twinloop review -s dev --against live              code against what stands on the twin
      twinloop review -s prod --against live --cloud azure
    """
    outputs = Outputs(markdown=markdown, html=html, summary=summary, annotations=annotations)
    _refuse_mixtures(outputs, against, cloud, engine, base)
    from twinloop.review.reviewing import Limits

    reviewed = _reviewed(
        stacks=tuple(stack or ()),
        base=base,
        head=head,
        live=cloud.value if against is Against.LIVE else "",
        official=engine is EngineName.PULUMI,
        same_environment=same_env,
        limits=Limits(seconds=time_limit, memory=memory_limit * 2**20),
    )
    _write(reviewed.review, outputs)
    from twinloop.review.as_json import as_json

    document = as_json(reviewed.review)
    problem = _verdict(reviewed, fail_on)
    if problem is None:
        emit(document, None if markdown == STDOUT else _text(reviewed.review))
        return
    problem.result = document
    if not wants_json() and markdown != STDOUT:
        emit(document, _text(reviewed.review))
    raise problem


def _refuse_mixtures(
    outputs: Outputs, against: Against, cloud: CloudName, engine: EngineName, base: str
) -> None:
    if outputs.markdown == STDOUT and wants_json():
        raise BadUsage(
            "stdout can carry one thing only.",
            where="--markdown and --json",
            given="--markdown - --json",
            allowed="--markdown FILE --json",
            next_step="name a file for the Markdown",
        )
    if against is Against.LIVE and base:
        raise BadUsage(
            "What really stands has no revision to be compared with.",
            where="--base",
            given=f"--base {base} --against live",
            allowed="--base with --against code; --head with either",
            next_step="run it again without --base",
        )
    if against is Against.CODE and (cloud is CloudName.AZURE or engine is EngineName.PULUMI):
        raise BadUsage(
            "Code is compared with code on paper, by the embedded engine: no cloud takes part.",
            where="--cloud, --engine",
            given=f"--cloud {cloud.value} --engine {engine.value} --against code",
            allowed="--cloud and --engine with --against live",
            next_step="run it again without them, or with --against live",
        )
    if cloud is CloudName.AZURE and engine is EngineName.EMBEDDED:
        raise BadUsage(
            "The embedded engine acts on the twin only.",
            where="--engine",
            given="--engine embedded --cloud azure",
            allowed="--engine pulumi (or auto) with --cloud azure",
            next_step="run it again without --engine",
        )


def _reviewed(**asked: Any) -> Reviewed:
    from twinloop.clouds.home import find_home
    from twinloop.review.reviewing import Request, review

    request = Request(home=find_home(), **asked)
    return review(request, lambda text: None if wants_json() else say(f"[dim]{_escaped(text)}[/]"))


def _write(review: Review, outputs: Outputs) -> None:
    from twinloop.clouds.files import write_durably

    if outputs.markdown is not None or outputs.summary is not None:
        from twinloop.review.markdown import markdown

        if outputs.markdown == STDOUT:
            sys.stdout.write(markdown(review)[0])
        elif outputs.markdown is not None:
            write_durably(outputs.markdown, markdown(review)[0])
        if outputs.summary is not None:
            # Other steps of the job may have written to it before.
            with outputs.summary.open("a", encoding="utf-8") as stream:
                stream.write(markdown(review, limit=SUMMARY_LIMIT)[0])
    if outputs.html is not None:
        from twinloop.review.html import html

        write_durably(outputs.html, html(review))
    if outputs.annotations is not Style.NONE:
        from twinloop.review.annotations import annotations

        # Builds read both streams; stdout is kept clean where it carries data.
        data = wants_json() or outputs.markdown == STDOUT
        style: Literal["github", "azure-pipelines"] = (
            "github" if outputs.annotations is Style.GITHUB else "azure-pipelines"
        )
        (sys.stderr if data else sys.stdout).write(annotations(review, style))


def _verdict(reviewed: Reviewed, fail_on: Severity) -> Problem | None:
    """What a gate must know: a stack that cannot be evaluated, else the gravest finding."""
    if reviewed.failures:
        first = reviewed.failures[0]
        if len(reviewed.failures) == 1:
            return first
        return Problem(
            f"{len(reviewed.failures)} stacks cannot be evaluated with this change.",
            where=", ".join(one.where for one in reviewed.failures),
            given="\n".join(f"{one.message} {one.given}" for one in reviewed.failures),
            next_step=first.next_step,
            kind=first.kind,
        )
    if fail_on is Severity.NONE:
        return None
    grave = list(Severity)[: list(Severity).index(fail_on) + 1]
    found = [one for stack in reviewed.review.stacks for one in stack.findings if one.severity in grave]
    if not found:
        return None
    beyond = " or graver" if len(grave) > 1 else ""
    return Problem(
        f"{len(found)} finding{'s' if len(found) > 1 else ''} of this change "
        f"{'are' if len(found) > 1 else 'is'} of severity '{fail_on.value}'{beyond}.",
        where="--fail-on",
        given="\n".join(f"{one.stack}: {one.rule}: {one.what}" for one in found),
        allowed=f"findings less grave than '{fail_on.value}'",
        next_step=found[0].fix,
        kind=Kind.FOUND,
    )


def _text(review: Review) -> Text:
    from twinloop.cli.review_text import text

    return text(review)


def _escaped(words: str) -> str:
    from rich.markup import escape

    return escape(words)
