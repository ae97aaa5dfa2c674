"""Operations in words: the gravest first, what a wider one includes left out, the rest by provider."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import groupby

from checks.access_operations import Operation, is_ambient
from checks.catalogue.access_words import Phrase
from checks.permissions import ASSIGN, Permission, RoleDefinition, allows

_AT_A_GLANCE = 3  # more than these are put into one bracket, or counted
_PROVIDERS = {
    "microsoft.alertsmanagement": "alerts",
    "microsoft.apimanagement": "API management",
    "microsoft.authorization": "roles, policies and locks",
    "microsoft.consumption": "consumption",
    "microsoft.containerregistry": "image registries",
    "microsoft.containerservice": "Kubernetes clusters",
    "microsoft.costmanagement": "costs",
    "microsoft.eventgrid": "events",
    "microsoft.insights": "monitoring",
    "microsoft.keyvault": "vaults",
    "microsoft.machinelearningservices": "Azure ML",
    "microsoft.monitor": "Azure Monitor",
    "microsoft.network": "networks",
    "microsoft.operationalinsights": "log workspaces",
    "microsoft.resources": "deployments and groups",
    "microsoft.storage": "storage",
    "microsoft.support": "support requests",
}


def tell(operations: Sequence[Operation]) -> str:
    """What operations let somebody do, in words."""
    shown = _shown(operations)
    told = [one.phrase for one in shown if one.phrase]
    named = [*_roles(operations), *_merged(told), *_unknown(operations)]
    rest = [one for one in shown if not one.phrase]
    telling = [one for one in rest if not is_ambient(one)]
    if telling or not named:
        named += _by_provider(telling or rest, other="other parts of " if named else "")
    return ", ".join(dict.fromkeys(named))


def actions(operations: Sequence[Operation]) -> tuple[str, ...]:
    """Operations as Azure writes them: those that a wider one includes are left out."""
    kept = []
    wide = [one for one in operations if "*" in one.action]
    for one in operations:
        if one.role:
            kept.append(f"{one.action} ({one.role_name})")
        elif not one.unknown_role and not any(_covers(other, one) for other in wide):
            kept.append(one.action)
    return tuple(dict.fromkeys(kept))


def risks(operations: Iterable[Operation]) -> tuple[str, ...]:
    """The privileged kinds among operations, each once."""
    found = tuple(operations)
    kinds = dict.fromkeys(one.phrase.risk for one in found if one.phrase and one.phrase.risk)
    if any(one.role for one in found) and "assign roles" not in kinds:
        kinds["assign some roles"] = None
    return tuple(kinds)


def writes(operations: Sequence[Operation]) -> bool:
    """Whether anything can be changed, beyond what nearly every role carries."""
    return any(one.writes and not is_ambient(one) for one in (*_shown(operations), *_giving(operations)))


def _giving(operations: Sequence[Operation]) -> Iterator[Operation]:
    return (one for one in operations if one.role or one.unknown_role)


def _shown(operations: Sequence[Operation]) -> list[Operation]:
    """What needs saying: neither part of something wider that is said, nor said by other words too."""
    phrases = [one.phrase for one in operations if one.phrase]
    said = {text.lower() for phrase in phrases for text in phrase.also if "*" not in text}
    globs = [text.lower() for phrase in phrases for text in phrase.also if "*" in text]
    wide = [one for one in operations if one.phrase and "*" in one.action]
    return [
        one
        for one in operations
        if not one.role
        and not one.unknown_role
        and one.action.lower() not in said
        and not (one.phrase is None and any(fnmatchcase(one.action.lower(), text) for text in globs))
        and not _included(one, wide)
    ]


def _included(one: Operation, wide: Iterable[Operation]) -> bool:
    """Whether something wider says it already; a risk is said beside what only includes it unsaid."""
    wider = [other for other in wide if _covers(other, one)]
    if one.phrase and one.phrase.risk:
        return any(other.phrase and other.phrase.risk for other in wider)
    return bool(wider)


def _covers(wide: Operation, narrow: Operation) -> bool:
    if wide.data != narrow.data or wide.action.lower() == narrow.action.lower():
        return False
    pattern = (wide.action,)
    permission = Permission(data_actions=pattern) if wide.data else Permission(actions=pattern)
    return allows(RoleDefinition(guid="", name="", permissions=(permission,)), narrow.probe, data=wide.data)


def _merged(phrases: Sequence[Phrase]) -> Iterator[str]:
    """Phrases with what they have in common said once: `read, write and delete blobs`."""
    for (risk, reads), group in groupby(phrases, key=lambda one: (one.risk, one.risk and one.reads)):
        words = list(dict.fromkeys(one.words for one in group))
        if risk == "read secrets" and reads and len(words) > 1:
            things = [one.removeprefix("read ") for one in words]
            yield f"read {_listed(things)}"
        else:
            yield from words


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _roles(operations: Sequence[Operation]) -> list[str]:
    """Roles that may be assigned, where not any role may be."""
    if any(one.phrase and one.action.lower() == ASSIGN for one in operations):
        return []
    by_verb = {
        words: tuple(sorted({one.role_name for one in operations if one.role and one.action.endswith(verb)}))
        for verb, words in (("write", "assign"), ("delete", "take away"))
    }
    if by_verb["assign"] == by_verb["take away"]:
        by_verb = {"assign and take away": by_verb["assign"]}
    return [f"{words} {_counted(names)}" for words, names in by_verb.items() if names]


def _counted(names: Sequence[str]) -> str:
    if len(names) > _AT_A_GLANCE:
        return f"{len(names)} roles ({', '.join(names)})"
    return f"the role{'s' if len(names) > 1 else ''} {_listed(names)}"


def _unknown(operations: Sequence[Operation]) -> list[str]:
    return [f"whatever role {one.unknown_role} allows" for one in operations if one.unknown_role]


def _by_provider(operations: Sequence[Operation], *, other: str) -> list[str]:
    """What has no words of its own: which part of Azure it is about."""
    looking: dict[str, bool] = {}
    for one in operations:
        provider = _provider(one.action.partition("/")[0].lower())
        looking[provider] = looking.get(provider, True) and one.action.lower().endswith("/read")
    told = []
    for verb, reads in (("see", True), ("use", False)):
        names = [provider for provider, only_reads in looking.items() if only_reads == reads]
        if len(names) > _AT_A_GLANCE + 1:
            names = [*names[:_AT_A_GLANCE], f"{len(names) - _AT_A_GLANCE} more"]
        told += [f"{verb} {other}{_listed(names)}"] if names else []
    return told


def _provider(name: str) -> str:
    return _PROVIDERS.get(name) or re.sub(r"^microsoft\.", "Microsoft.", name)
