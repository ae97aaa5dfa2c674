"""Settings that must be encrypted in the stack file: a credential in clear text is refused before its use."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from infra.stackfile.refusals import Problem
from infra.stackfile.secret_settings import is_secure

_CONNECTIONS = "twinloop:connections"


def in_clear(config: Mapping[str, Any], stack: str) -> Iterator[Problem]:
    """Credentials that stand in a stack file as anybody can read them.

    Args:
        config: values as in the stack file, encrypted ones not opened.
        stack: name of the stack, for the command in a refusal.
    """
    connections = _decoded(config.get(_CONNECTIONS))
    for index, one in enumerate(connections if isinstance(connections, list) else ()):
        one = _decoded(one)  # noqa: PLW2901 - the same one
        given = one.get("secret") if isinstance(one, Mapping) else None
        if given is not None and not is_secure(given):
            key = f"{_CONNECTIONS}[{index}].secret"
            yield Problem(
                key=key,
                given="is in clear text: whoever reads the repository can use it",
                allowed="an encrypted value; or auth: AAD, which needs none. And have this one revoked",
                next_step=f"pulumi config set --path '{key}' --secret --stack {stack}",
            )


def _decoded(value: object) -> object:
    """A structure that was set as JSON text, as `pulumi config set` does without `--path`."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value
