"""Settings that were set with `--secret`: each is named, with what to do instead.

No setting is a secret. Names, sizes and rights stand in every preview and review, and a value that must not
be read there would be shown by what is made of it. What is secret goes into the key vault.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from infra.refusals import Problem, remove_command


def secret_problems(
    config: Mapping[str, Any], secret_keys: Collection[str], ours: tuple[str, ...], stack: str
) -> dict[str, list[Problem]]:
    """What is said of each key of ours that is a secret, or holds one.

    Args:
        config: values as in a stack file, or as a running program gets them, decrypted.
        secret_keys: keys that the running program was told are secrets.
        ours: beginnings of the keys that are settings.
        stack: name of the stack, for the commands.
    """
    found: dict[str, list[Problem]] = {}
    for key, value in config.items():
        places = list(_secure_places(value, key)) or ([key] if key in secret_keys else [])
        if places and key.startswith(ours):
            found[key] = [_problem(place, stack) for place in places]
    return found


def _secure_places(value: object, key: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        if value.keys() == {"secure"}:
            yield key
            return
        for name, inner in value.items():
            yield from _secure_places(inner, f"{key}.{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _secure_places(inner, f"{key}[{index}]")


def _problem(key: str, stack: str) -> Problem:
    return Problem(
        key=key,
        given="is a secret",
        allowed="a value in clear text: settings stand in every preview; secrets go into the key vault",
        next_step=f"{remove_command(key, stack)}, then set it again without --secret",
    )
