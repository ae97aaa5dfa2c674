"""Keeps secret settings secret in what the program declares, whichever engine runs it.

A resource's input that holds such a text becomes a Pulumi secret, and so does what the cloud answers under
the same name; an output of the stack likewise. A program without secret settings pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pulumi

from infra.stackfile.secret_settings import Secrets

_PROVIDERS: Final = ("azure-native:", "kubernetes:")  # of what is in a cluster, too: labels, groups, reasons
_INPUT_TYPE: Final = "_pulumi_input_type"  # the SDK's mark of its classes of structured inputs
_WHOLE: Final = 4  # letters; a shorter text is looked for as a whole value only: it is inside of anything


def hide(secrets: Secrets) -> None:
    """Make every resource that is declared from here on keep these secrets, and say what cannot be kept."""
    if secrets.hidden:
        pulumi.runtime.register_stack_transformation(lambda args: _transformed(args, secrets))
    if secrets.readable:
        keys = "\n".join(f"  {key}: {reason}" for key, reason in secrets.readable)
        pulumi.log.warn(
            "secret settings that can be read all the same, in names, ids or values of resources:\n"
            f"{keys}\nthey work; what nobody may read belongs into the key vault"
        )


def kept(value: Any, secrets: Secrets) -> Any:
    """The value as a secret where it holds one; as it is where it does not."""
    if not secrets.hidden:
        return value
    if isinstance(value, pulumi.Output):
        return value.apply(lambda found: kept(found, secrets))
    return pulumi.Output.secret(value) if _holds(value, secrets.hidden) else value


def _transformed(
    args: pulumi.ResourceTransformationArgs, secrets: Secrets
) -> pulumi.ResourceTransformationResult | None:
    if not args.type_.startswith(_PROVIDERS):
        return None
    props: dict[str, Any] = {}
    names: list[str] = []
    for name, value in args.props.items():
        if _holds(value, secrets.hidden):
            props[name] = pulumi.Output.secret(value)
            names.append(name)
        else:
            props[name] = _kept_inside(value, secrets)
    if names:
        before = args.opts.additional_secret_outputs or []
        args.opts.additional_secret_outputs = [*before, *names]
    return pulumi.ResourceTransformationResult(props=props, opts=args.opts)


def _kept_inside(value: Any, secrets: Secrets) -> Any:
    """What is known only later is looked at then."""
    return kept(value, secrets) if isinstance(value, pulumi.Output) else value


def _holds(value: object, hidden: frozenset[str]) -> bool:
    if isinstance(value, str):
        return value in hidden or any(len(text) >= _WHOLE and text in value for text in hidden)
    if isinstance(value, Mapping):
        return any(_holds(one, hidden) for pair in value.items() for one in pair)
    if isinstance(value, list | tuple):
        return any(_holds(one, hidden) for one in value)
    if hasattr(type(value), _INPUT_TYPE):
        return any(_holds(one, hidden) for one in vars(value).values())
    return False
