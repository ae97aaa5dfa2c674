"""A new environment's stack file, written from another one: each difference carries its reason."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from infra.rules.together import across_stacks
from infra.settings import EnvironmentSettings, SharedSettings
from infra.stackfile import text as stack_text
from infra.stackfile.files import read, with_plain
from infra.stackfile.refusals import SettingsError
from twinloop.clouds import pulumi_yaml, stack_file
from twinloop.clouds.files import write_durably
from twinloop.clouds.new_draft import Answers, Difference, Draft
from twinloop.problems import BadUsage, Refused
from twinloop.stack_settings import closed, load, opened

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from infra.settings import Settings
    from infra.stackfile.refusals import Problem as SettingProblem

NAME_LENGTH = 12  # of an environment, because names in Azure are made of it
STACK_NAME = re.compile(r"(?:[A-Za-z0-9][\w.-]*/){0,2}[A-Za-z0-9][\w.-]{0,99}")


@dataclass(frozen=True, kw_only=True)
class NewStack:
    """A stack file that has passed every check and is not written yet.

    Args:
        name: as it was given, with its organisation.
        path: where it will lie.
        text: its content.
        differences: from the file that it was copied from.
        shared: file of the shared stack, and its new content, where that changes too.
    """

    name: str
    path: Path
    text: str
    settings: EnvironmentSettings
    differences: tuple[Difference, ...]
    shared: tuple[Path, str] | None = None


def plan(checkout: Path, answers: Answers, *, today: date) -> NewStack:
    """Write the file in memory and hold it against all rules, alone and beside the other stacks.

    Raises:
        BadUsage: an answer cannot be meant, or the result would be refused; nothing was written.
        Refused: the stack has a file already.
        NotFound: there is no stack to copy.
    """
    short = answers.name.rsplit("/", 1)[-1]
    if not STACK_NAME.fullmatch(answers.name):
        raise BadUsage(
            "This is no name of a stack.",
            where="NAME",
            given=answers.name,
            allowed="letters, digits, hyphens, dots and underscores, e.g. dev-alice or acme/dev-eu",
            next_step="choose another name",
        )
    path = checkout / f"Pulumi.{short}.yaml"
    if path.exists():
        raise Refused(
            f"Stack '{short}' has a file already, and nothing is ever overwritten.",
            where=str(path),
            given=short,
            next_step=f"choose another name, or edit that file, then: twinloop preview -s {short}",
        )
    source = _source(checkout, answers.source)
    others = _others(checkout)
    draft = Draft(answers, source, others, short)
    text = draft.write((checkout / f"Pulumi.{answers.source}.yaml").read_text(encoding="utf-8"), today)
    plain = opened(checkout / f"Pulumi.{answers.source}.yaml")
    settings = _checked(text, plain, path, others, answers)
    shared = _with_ci(checkout, settings, others)
    return NewStack(
        name=answers.name,
        path=path,
        text=text,
        settings=settings,
        differences=tuple(draft.differences),
        shared=shared,
    )


def write(stack: NewStack) -> None:
    """Put it where it belongs: whole or not at all, and never over another file.

    Raises:
        Refused: somebody else made the file in the meantime.
    """
    beside = stack.path.with_name(f".{stack.path.name}.{secrets.token_hex(4)}")
    try:
        write_durably(beside, stack.text)
        os.link(beside, stack.path)
    except FileExistsError:
        raise Refused(
            f"{stack.path.name} has been made in the meantime.",
            where=str(stack.path),
            given="a file that somebody else wrote",
            next_step=f"look at {stack.path.name}, then keep it or choose another name",
        ) from None
    finally:
        beside.unlink(missing_ok=True)
    if stack.shared:
        write_durably(*stack.shared)


def _source(checkout: Path, name: str) -> EnvironmentSettings:
    file = stack_file.read(checkout, name)
    settings = _loaded(file.path)
    if not isinstance(settings, EnvironmentSettings):
        raise BadUsage(
            f"Stack '{name}' is no environment, so none can be made from it.",
            where="--from",
            given=f"twinloop:kind: {settings.kind}",
            allowed=", ".join(
                one for one, kind in _others(checkout).items() if isinstance(kind, EnvironmentSettings)
            ),
            next_step="name one of these with --from",
        )
    if sealed := closed(file.path):
        raise Refused(
            f"{file.path.name} has secrets that cannot be opened here, so nothing is made from it.",
            where=str(file.path),
            given=", ".join(sealed),
            allowed="a source without secrets, or the passphrase that opens them",
            next_step="export PULUMI_CONFIG_PASSPHRASE=..., then run it again; or choose another --from",
        )
    return settings


def _loaded(path: Path) -> Settings:
    try:
        return load(path)
    except SettingsError as error:
        raise BadUsage(
            f"{path.name} cannot be used, so nothing is made from it.",
            where=str(path),
            given="\n".join(str(problem) for problem in error.problems),
            next_step=f"put {path.name} right first",
        ) from error


def _others(checkout: Path) -> dict[str, Settings]:
    """The settings of every stack file that can be used."""
    found = {}
    for name in stack_file.known(checkout):
        try:
            found[name] = load(checkout / f"Pulumi.{name}.yaml")
        except SettingsError:
            continue  # its own stack's commands say so
    return found


def _checked(
    text: str, plain: Mapping[str, str], path: Path, others: Mapping[str, Settings], answers: Answers
) -> EnvironmentSettings:
    """The settings that the text says, right in themselves and beside the other stacks.

    Raises:
        BadUsage: they are not.
    """
    name = path.name.removeprefix("Pulumi.").removesuffix(".yaml")
    try:
        settings = read(with_plain(pulumi_yaml.parse(text)["config"], plain), source=path.name, stack=name)
    except SettingsError as error:
        problems = list(error.problems)
    else:
        before = set(across_stacks(others))
        problems = [one for one in across_stacks({**others, name: settings}) if one not in before]
        if not problems and isinstance(settings, EnvironmentSettings):
            return settings
    raise BadUsage(
        f"Stack '{name}' would not be usable; nothing was written.",
        where=path.name,
        given="\n".join(f"{one.key}: {one.given}" for one in problems),
        allowed="\n".join(one.allowed for one in problems),
        next_step=_instead(problems, name, answers),
    )


def _instead(problems: list[SettingProblem], name: str, answers: Answers) -> str:
    if any(one.key == "twinloop:environment" for one in problems) and not answers.environment:
        shorter = re.sub(r"[^a-z0-9-]|-(?=-)|^[^a-z]+", "", name.lower())[:NAME_LENGTH].strip("-")
        fitting = shorter if len(shorter) > 1 else f"{answers.source}-{shorter}".strip("-")[:NAME_LENGTH]
        return f"run it again with --environment {fitting}, or another name of that form"
    kind = "team" if answers.team else "environment"
    return f"run it again with other answers: twinloop new {kind} --help lists them"


def _with_ci(
    checkout: Path, settings: EnvironmentSettings, others: Mapping[str, Settings]
) -> tuple[Path, str] | None:
    """The shared stack's file with identities of CI for the new environment, where it has none for it."""
    name, wanted = settings.shared.stack, settings.shared.ci_environment
    shared = others.get(name)
    if wanted is None or not isinstance(shared, SharedSettings) or wanted in shared.deployed_environments:
        return None
    path = checkout / f"Pulumi.{name}.yaml"
    text = path.read_text(encoding="utf-8")
    return path, stack_text.with_element(text, "twinloop:deployedEnvironments", wanted)
