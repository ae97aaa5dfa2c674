"""Questions as people ask them, "can training in prod read the registry?", and what to write if not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise

from checks.access_needs import ROWS, row
from checks.access_places import KINDS, place
from checks.access_query import Right, Rights, UnknownPrincipal
from checks.access_scopes import words
from checks.catalogue.access_words import Phrase, phrases
from checks.catalogue.roles import builtin_roles
from checks.estate import estate
from checks.nearest import UnknownWord
from checks.permissions import RoleDefinition
from checks.plan import Resource
from checks.role_ranking import roles_allowing

# A verb on a kind of place, as the words of checks/catalogue/access_words.toml.
MEANING: Mapping[tuple[str, str], str] = {
    ("read", "registry"): "use what the registry holds",
    ("use", "registry"): "use what the registry holds",
    ("write", "registry"): "promote to the registry",
    ("promote", "registry"): "promote to the registry",
    ("delete", "registry"): "delete from the registry",
    ("read", "images"): "pull images",
    ("pull", "images"): "pull images",
    ("write", "images"): "push images",
    ("push", "images"): "push images",
    **{
        (verb, kind): f"{verb} blobs"
        for verb in ("read", "write", "delete")
        for kind in ("storage", "lake", "container")
    },
    ("read", "vault"): "read secrets",
    ("write", "vault"): "write secrets",
    ("change", "vault"): "change the vault's settings",
    ("read", "workspace"): "see jobs and models",
    ("submit", "workspace"): "submit jobs",
    ("register", "workspace"): "register models",
    ("deploy", "workspace"): "make and change endpoints",
    ("change", "workspace"): "change or delete the workspace itself",
    ("write", "workspace"): "submit jobs",
    ("start", "workspace"): "start and stop computes",
    ("read", "logs"): "query logs",
    ("read", "group"): "see every resource and its settings",
    ("write", "group"): "create, change and delete every resource",
    ("change", "group"): "create, change and delete every resource",
    ("assign", "group"): "assign any role",
    ("change", "network"): "change networks",
    ("read", "kubernetes"): "log in to Kubernetes clusters",
    ("use", "kubernetes"): "log in to Kubernetes clusters",
    ("change", "kubernetes"): "change everything in Kubernetes clusters",
}
VERBS = tuple(dict.fromkeys(verb for verb, _ in MEANING))
_FILLERS = frozenset(("can", "may", "the", "a", "an", "does", "do", "to", "into", "from", "on", "at"))
_EXAMPLE = '"training in prod read the registry"'


class UnclearQuestion(UnknownWord):
    """A question that cannot be understood; the text says how one looks."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """Who, what, and where."""

    who: str
    what: str
    """A verb, words of the table (`submit jobs`), or an operation as Azure writes it."""
    where: str
    stack: str = ""
    """Of who asks; the place is looked for there first."""
    where_stack: str = ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Yes by an assignment, or no with what is missing."""

    question: Question
    principal: str
    action: str
    data: bool
    scope: str
    where: str
    right: Right | None
    role: str = ""
    """The role that is missing."""
    fix: str = ""

    @property
    def allowed(self) -> bool:
        """Whether it may, without elevation and without a condition that nobody here understands."""
        return self.right is not None and self.right.standing and not self.right.condition


def parse(text: str, stacks: Iterable[str]) -> Question:
    """A question from its words: who, a verb, where; a stack may stand in both parts.

    Raises:
        UnclearQuestion: there is no verb, or nothing before or after it.
    """
    tokens = [one for one in re.findall(r"[^\s?,]+", text.lower()) if one not in _FILLERS]
    at = next((index for index, one in enumerate(tokens) if one in VERBS), None)
    if at is None:
        raise _without_verb(text, tokens)
    known = {name.lower(): name for name in stacks}
    _refuse_strange_stacks(tokens, known)
    who, stack = _without_stack(tokens[:at], known)
    where, where_stack = _without_stack(tokens[at + 1 :], known)
    if not who or not where:
        missing = "nobody before" if not who else "no place after"
        raise UnclearQuestion(f"{missing} '{tokens[at]}' in {text!r}; ask as in {_EXAMPLE}")
    return Question(who=who, what=tokens[at], where=where, stack=stack, where_stack=where_stack)


def _without_verb(text: str, tokens: list[str]) -> UnclearQuestion:
    meant = next((one for one in tokens if get_close_matches(one, VERBS, n=1)), "")
    said = f"no verb in {text!r}: one of {', '.join(VERBS)}, as in {_EXAMPLE}"
    return UnclearQuestion(said, given=meant, known=VERBS)


def _refuse_strange_stacks(tokens: list[str], known: Mapping[str, str]) -> None:
    """What stands behind `in` is a stack: else the word would be taken for a part of a name.

    Raises:
        UnclearQuestion: it is none.
    """
    for before, word in pairwise(tokens):
        if before == "in" and word not in known:
            raise UnclearQuestion(
                f"'{word}' is no stack: {', '.join(known.values())}", given=word, known=known
            )


def _without_stack(tokens: list[str], known: Mapping[str, str]) -> tuple[str, str]:
    stack = next((known[one] for one in tokens if one in known), "")
    rest = [one for one in tokens if one not in known and one not in ("in", "of")]
    return " ".join(rest), stack


def answer(
    question: Question,
    resources: Iterable[Resource],
    *,
    people: Mapping[str, str],
    roles: Mapping[str, RoleDefinition] | None = None,
) -> Answer:
    """Decide a question by the planned assignments.

    Args:
        question: as `parse` returns it.
        resources: of all stacks.
        people: names of groups by object id.
        roles: built-in roles by GUID; those of the catalogue unless given.

    Raises:
        UnknownPrincipal: nobody is called so, or several are.
        UnknownPlace: no resource is called so, or several are.
        UnclearQuestion: the verb says nothing there.
    """
    found = tuple(resources)
    joined = estate(found)
    kind, target = place(question.where, joined, [question.where_stack or question.stack])
    action, data = _meant(question.what, kind)
    rights = Rights(found, people=people, roles=roles)
    who = _called(question, rights)
    right = rights.can(who, action, target.id, data=data)
    answered = Answer(
        question=question,
        principal=rights.name_of(who),
        action=action,
        data=data,
        scope=target.id,
        where=words(target.id),
        right=right,
    )
    return answered if answered.allowed else _denied(answered, rights.roles, kind, target, roles)


def _called(question: Question, rights: Rights) -> str:
    """Who is meant: of the stack that is named, else of any; groups of people are of no stack."""
    if question.stack:
        with suppress(UnknownPrincipal):
            inside = f"{question.stack}/{question.who}"
            rights.name_of(inside)
            return inside
    return question.who


def _denied(
    answered: Answer,
    known: Mapping[str, RoleDefinition],
    kind: str,
    target: Resource,
    roles: Mapping[str, RoleDefinition] | None,
) -> Answer:
    fitting = roles_allowing(answered.action, known, data=answered.data)
    if not fitting:
        names = ", ".join(sorted(role.name for role in (roles or builtin_roles()).values())[:4])
        fix = f"no role that is known gives {answered.action} ({names}, ...): add one with its source"
        return Answer(**{**vars(answered), "role": "", "fix": fix})
    role = fitting[0].name.partition(" (")[0] if fitting[0].guid not in builtin_roles() else fitting[0].name
    on = f"lake-{target.id.rpartition('/')[2]}" if kind == "container" else kind or "group"
    fix = f"add to {ROWS}: {row(answered.question.who, role, on)}"
    if answered.right is not None and not answered.right.standing:
        fix = f"it may elevate itself to {answered.right.role}; for standing access {fix}"
    elif answered.right is not None:
        fix = f"{answered.right.role} is given under a condition that is not understood; {fix}"
    return Answer(**{**vars(answered), "role": role, "fix": fix})


def _meant(what: str, kind: str) -> tuple[str, bool]:
    """The operation of a verb or of words, and whether it is of the data plane."""
    if "/" in what:
        data = any(one.data for one in phrases() if one.action.lower() == what.lower())
        return what, data
    named = _phrase(MEANING.get((what.lower(), kind), what))
    if named is None:
        verbs = sorted(verb for verb, place_kind in MEANING if place_kind == kind)
        known = ", ".join(verbs) or f"none is known there; {', '.join(sorted(KINDS))} have some"
        raise UnclearQuestion(f"'{what}' says nothing on a {kind or 'resource of this type'}: {known}")
    return named.action, named.data


def _phrase(text: str) -> Phrase | None:
    return next((one for one in phrases() if one.words == text.lower()), None)
