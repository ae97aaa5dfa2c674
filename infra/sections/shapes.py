"""The small types that settings are made of: what a value may be, in words that a refusal can show."""

from __future__ import annotations

import re
from datetime import date
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from checks.catalogue.vm_sizes import vm_sizes
from infra.naming import REGIONS

EXAMPLE_GUID = "8c5f1d7e-0b7a-4f0e-9a53-2f6f5a1c9d10"
PUBLIC_WORDS = (
    "an IPv4 address, or a network of /8 to /30 (Azure's firewalls take no others), e.g. 203.0.113.0/24"
)


class Section(BaseModel):
    """A part of the settings: keys in camelCase, unknown ones refused, values that never change."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, coerce_numbers_to_str=True, strict=False
    )


def _pattern(expression: str, words: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(expression, value):
            raise ValueError(words)
        return value

    return AfterValidator(check)


def _hyphened(least: int, most: int, like: str) -> AfterValidator:
    return _pattern(
        rf"(?=.{{{least},{most}}}$)[a-z](-?[a-z0-9])*",
        f"{least} to {most} lower-case letters, digits and single hyphens, e.g. {like}",
    )


def _guid(value: str) -> str:
    try:
        return str(UUID(value))
    except ValueError:
        raise ValueError(f"a GUID as Entra and Azure show it, e.g. {EXAMPLE_GUID}") from None


def _region(value: str) -> str:
    name = value.replace(" ", "").lower()
    if name not in REGIONS:
        raise ValueError(f"a region of the naming table: {', '.join(sorted(REGIONS))}")
    return name


def _network(value: str) -> str:
    try:
        network = IPv4Network(value)
    except ValueError:
        raise ValueError("an IPv4 network whose host bits are zero, e.g. 10.20.0.0/20") from None
    return str(network)


def _private_space(value: str) -> str:
    network = IPv4Network(_network(value))
    if not network.is_private or not 16 <= network.prefixlen <= 20:  # noqa: PLR2004 - said in the message
        raise ValueError("a private IPv4 network of /16 to /20, e.g. 10.20.0.0/20")
    return str(network)


def _public_network(value: str) -> str:
    if "/" not in value:
        try:
            return str(IPv4Address(value))
        except ValueError:
            raise ValueError(PUBLIC_WORDS) from None
    network = IPv4Network(_network(value))
    if not 8 <= network.prefixlen <= 30:  # noqa: PLR2004 - Azure's own limits, said in the message
        raise ValueError(PUBLIC_WORDS)
    return str(network)


def _month_start(value: date) -> date:
    if value.day != 1:
        raise ValueError("the first day of a month, e.g. 2026-11-01: Azure's budgets begin there")
    return value


def _vm_size(value: str) -> str:
    by_name = {size.name.lower(): size.name for size in vm_sizes().values()}
    if value.lower() not in by_name:
        some = ", ".join(list(vm_sizes())[:6])
        raise ValueError(f"a VM size of the catalogue (checks/catalogue/vm_sizes.csv), e.g. {some}")
    return by_name[value.lower()]


def _number_as_text(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _text_as_number(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isdecimal() else value


# `pulumi config set` writes numbers where they look like some, and texts without `--path`: before a choice of
# few values, which pydantic compares as they are.
AS_TEXT = BeforeValidator(_number_as_text)
AS_NUMBER = BeforeValidator(_text_as_number)


def example(field_example: object) -> FieldInfo:
    """A good value of a field, shown in the next step of a refusal."""
    shown: FieldInfo = Field(examples=[field_example])
    return shown


Guid = Annotated[str, AfterValidator(_guid), example(EXAMPLE_GUID)]
Region = Annotated[str, AfterValidator(_region), example("westeurope")]
PrivateSpace = Annotated[str, AfterValidator(_private_space), example("10.20.0.0/20")]
PublicNetwork = Annotated[str, AfterValidator(_public_network), example("203.0.113.0/24")]
MonthStart = Annotated[date, AfterValidator(_month_start), example("2026-11-01")]
VmSize = Annotated[str, AfterValidator(_vm_size), example("Standard_DS3_v2")]
Workload = Annotated[
    str,
    _pattern("[a-z][a-z0-9]{1,5}", "2 to 6 lower-case letters and digits, starting with a letter, e.g. mlp"),
    example("mlp"),
]
EnvironmentName = Annotated[
    str,
    _hyphened(2, 12, "dev or dev-alice"),
    example("dev"),
]
Email = Annotated[
    str,
    _pattern(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address, e.g. ml-platform@example.com"),
    example("ml-platform@example.com"),
]
CostCentre = Annotated[
    str,
    _pattern("[A-Za-z0-9-]{1,32}", "1 to 32 letters, digits and hyphens, e.g. CC-4711"),
    example("CC-4711"),
]
ClusterName = Annotated[
    str,
    _hyphened(3, 24, "cpu; pipelines name it"),
    example("cpu"),
]
RuleName = Annotated[
    str,
    _hyphened(2, 60, "packages"),
    example("packages"),
]
GroupName = Annotated[
    str,
    _pattern(r"[-\w._()]{0,89}[-\w_()]", "the name of a resource group, e.g. rg-company"),
    example("rg-company"),
]
TagName = Annotated[
    str, _pattern(r"[^<>%&\\?/]{1,128}", r"1 to 128 characters without < > % & \ ? /, e.g. team")
]
TagValue = Annotated[str, _pattern("(?s).{0,256}", "at most 256 characters")]
