"""Whether a subscription has registered a resource provider: without that, nothing of it can be made.

All are registered from the start, unlike in a new subscription; `POST .../unregister` lets one go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twinloop.localazure.core.errors import Conflict

if TYPE_CHECKING:
    from twinloop.localazure.core.ids import ArmId
    from twinloop.localazure.core.twin import Twin

_KIND = "unregistered"  # documents: <subscription>/<namespace>, lower case


def is_registered(twin: Twin, subscription: str, namespace: str) -> bool:
    """Whether the provider may be used in the subscription."""
    return twin.store.get(_KIND, _key(subscription, namespace)) is None


def register(twin: Twin, subscription: str, namespace: str) -> None:
    """Let the provider be used."""
    twin.store.delete(_KIND, _key(subscription, namespace))


def unregister(twin: Twin, subscription: str, namespace: str) -> None:
    """Let it be used no more."""
    twin.store.put(_KIND, _key(subscription, namespace), {"namespace": namespace})


def check_registered(twin: Twin, arm_id: ArmId) -> None:
    """Refuse a write to a type whose provider is not registered.

    Raises:
        Conflict: `MissingSubscriptionRegistration`, as Azure answers.
    """
    namespace, subscription = (arm_id.type or "").partition("/")[0], arm_id.subscription
    if not subscription or is_registered(twin, subscription, namespace):
        return
    message = (
        f"The subscription is not registered to use namespace '{namespace}'. "
        "See https://aka.ms/rps-not-found for how to register subscriptions."
    )
    raise Conflict("MissingSubscriptionRegistration", message)


def _key(subscription: str, namespace: str) -> str:
    return f"{subscription}/{namespace}".lower()
