"""The inputs of the review action: those of `pulumi/actions` that it honours, and a refusal of the others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

COMMANDS = ("review", "preview", "up", "refresh")
CLOUDS = ("twin", "azure")
AGAINST = ("code", "live")
SEVERITIES = ("refuse", "warn", "note", "none")
STACK = re.compile(r"[A-Za-z0-9][\w./-]{0,150}")
REF = re.compile(r"[A-Za-z0-9][\w./~^-]{0,200}")
URL = re.compile(r"(azblob|s3|gs|https|file)://\S{1,300}")
URN = re.compile(r"urn:pulumi:[^\s]{1,600}")
NUMBER = re.compile(r"[1-9][0-9]{0,8}")
DIGEST = re.compile(r"[0-9a-f]{64}")

# Names that pulumi/actions knows and this action does not honour. They are refused, never passed over.
REFUSED = {
    "always-include-summary": "the comment is cut between its parts, the riskiest first",
    "color": "what is shown is Markdown",
    "config-map": "settings are reviewed in the stack files; a setting from outside would not be",
    "continue-on-error": "a failed step ends the run, and the state says how far it came",
    "debug": "use the debug logging of the runner",
    "diff": "properties are always shown",
    "exclude": "only what is left of a stack would be reviewed",
    "exclude-dependents": "see exclude",
    "exclude-protected": "nothing is destroyed here",
    "log-flow": "use the debug logging of the runner",
    "log-verbosity": "use the debug logging of the runner",
    "message": "the commit says what an update is for",
    "plan": "give `digest`: the steps are planned again and compared",
    "policyPackConfigs": "policies come with the repository",
    "policyPacks": "policies come with the repository",
    "pulumi-version": "install the CLI before this action",
    "pulumi-version-file": "install the CLI before this action",
    "remove": "nothing is destroyed here",
    "replace": "a forced replacement belongs into the program",
    "secrets-provider": "the stack file names it",
    "suppress-outputs": "outputs are never shown",
    "suppress-progress": "progress is not shown in logs",
    "target-dependents": "see target",
    "upsert": "make a stack once by hand: pulumi stack init NAME",
}


class BadInput(Exception):
    """An input that cannot be meant: where, what was given, what is allowed."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What a workflow asked for."""

    command: str
    stacks: tuple[str, ...]
    work_dir: Path
    cloud: str
    against: str
    base: str
    digest: str
    out: Path
    cloud_url: str
    targets: tuple[str, ...]
    parallel: int
    time_limit: str
    memory_limit: str
    fail_on: str
    refresh: bool
    expect_no_changes: bool
    on_summary: bool
    on_pull_request: bool
    pull_request: str
    edit: bool


def read(given: Mapping[str, str], workspace: Path) -> Inputs:
    """The inputs as the workflow wrote them, all of them text.

    Raises:
        BadInput: with the first that cannot be meant.
    """
    for name, reason in REFUSED.items():
        if given.get(name, ""):
            raise BadInput(
                f"input {name}: given '{given[name]}', and not supported here: {reason}. Take it out."
            )
    command = _one_of("command", given.get("command", "") or "review", COMMANDS)
    stacks = tuple(
        _matching("stack-name", name, STACK)
        for name in re.split(r"[\s,]+", given.get("stack-name", ""))
        if name
    )
    if not stacks or (len(stacks) > 1 and command != "review"):
        most = "one or more" if command == "review" else "one"
        raise BadInput(f"input stack-name: given {len(stacks)} stacks; {command} takes {most}")
    return Inputs(
        command=command,
        stacks=stacks,
        work_dir=_within("work-dir", given.get("work-dir", "") or ".", workspace),
        cloud=_one_of("cloud", given.get("cloud", "") or "twin", CLOUDS),
        against=_one_of("against", given.get("against", "") or "code", AGAINST),
        base=_matching("base", given.get("base", ""), REF),
        digest=_matching("digest", given.get("digest", ""), DIGEST),
        out=_within("output-dir", given.get("output-dir", "") or "review", workspace),
        cloud_url=_matching("cloud-url", given.get("cloud-url", ""), URL),
        targets=tuple(_matching("target", urn, URN) for urn in given.get("target", "").splitlines() if urn),
        parallel=_number("parallel", given.get("parallel", "") or "16"),
        time_limit=_matching("time-limit", given.get("time-limit", ""), NUMBER),
        memory_limit=_matching("memory-limit", given.get("memory-limit", ""), NUMBER),
        fail_on=_one_of("fail-on", given.get("fail-on", "") or "refuse", SEVERITIES),
        refresh=_flag("refresh", given),
        expect_no_changes=_flag("expect-no-changes", given),
        on_summary=_flag("comment-on-summary", given),
        on_pull_request=_flag("comment-on-pr", given),
        pull_request=_matching("comment-on-pr-number", given.get("comment-on-pr-number", ""), NUMBER),
        edit=_flag("edit-pr-comment", given, unless_given=True),
    )


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise BadInput(f"input {name}: given '{value}'; allowed: {', '.join(allowed)}")
    return value


def _matching(name: str, value: str, form: re.Pattern[str]) -> str:
    if value and not form.fullmatch(value):
        raise BadInput(f"input {name}: given '{value}'; allowed: {form.pattern}")
    return value


def _number(name: str, value: str) -> int:
    if not value.isdecimal() or not 0 < int(value) <= 256:  # noqa: PLR2004 - as the tool itself
        raise BadInput(f"input {name}: given '{value}'; allowed: 1 to 256")
    return int(value)


def _flag(name: str, given: Mapping[str, str], *, unless_given: bool = False) -> bool:
    value = given.get(name, "") or str(unless_given).lower()
    return _one_of(name, value, ("true", "false")) == "true"


def _within(name: str, value: str, workspace: Path) -> Path:
    path = (workspace / value).resolve()
    if not path.is_relative_to(workspace.resolve()):
        raise BadInput(f"input {name}: given '{value}'; allowed: a folder of the workspace")
    return path
