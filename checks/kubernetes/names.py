"""Rules for names, labels and quantities, in the API server's own words."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

# kubernetes, apimachinery/pkg/util/validation/validation.go: the expressions, lengths and messages
_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_VALUE: Final = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_LABEL_LENGTH, _SUBDOMAIN_LENGTH = 63, 253
_LABEL_WORDS: Final = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
    "and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_SUBDOMAIN_WORDS: Final = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
# apimachinery/pkg/api/resource/quantity.go
_QUANTITY: Final = re.compile(r"([+-]?[0-9.]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?")
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
# names of RBAC objects are free but for these: apimachinery/pkg/api/validation/path/name.go
_PATH_KINDS: Final = frozenset({"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"})


def name_problem(kind: str, name: str) -> str:
    """What is wrong with an object's name; empty where it is a good one."""
    if kind in _PATH_KINDS:
        if name in {".", ".."} or "/" in name or "%" in name:
            return "may not be '.' or '..', and may not contain '/' or '%'"
        return ""
    longest = _LABEL_LENGTH if kind == "Namespace" else _SUBDOMAIN_LENGTH
    if len(name) > longest:
        return f"must be no more than {longest} characters"
    if kind == "Namespace":
        return "" if _LABEL.fullmatch(name) else _LABEL_WORDS
    return "" if _SUBDOMAIN.fullmatch(name) else _SUBDOMAIN_WORDS


def label_value_problem(value: str) -> str:
    """What is wrong with a label's value; empty where it is a good one."""
    if len(value) > _LABEL_LENGTH:
        return f"must be no more than {_LABEL_LENGTH} characters"
    return "" if _VALUE.fullmatch(value) else (
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and "
        "must start and end with an alphanumeric character"
    )  # fmt: skip


def quantity(text: str | float) -> Decimal:
    """A quantity as a number: `500m` is 0.5, `2Gi` is 2147483648.

    Raises:
        ValueError: it is none.
    """
    match = _QUANTITY.fullmatch(str(text))
    if match is None or match[1].count(".") > 1 or match[1] in {".", "+", "-"}:
        raise ValueError(
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        )
    number, suffix = Decimal(match[1]), match[2] or ""
    if suffix in _BINARY:
        return number * Decimal(2) ** _BINARY[suffix]
    if suffix in _DECIMAL:
        return number.scaleb(_DECIMAL[suffix])
    return number.scaleb(int(suffix[1:]))
