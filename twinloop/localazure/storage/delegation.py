"""Get User Delegation Key: a key with which a caller signs on its own rights."""

from __future__ import annotations

from datetime import timedelta

from twinloop.localazure.core.reply import Reply
from twinloop.localazure.storage import sas, xml
from twinloop.localazure.storage.call import Call
from twinloop.localazure.storage.errors import InvalidHeader

_LONGEST = timedelta(days=7)


async def get_delegation_key(call: Call) -> Reply:
    """The key for the caller and the time asked for."""
    asked = xml.parse(await call.request.read())
    start, expiry = asked.findtext("Start") or "", asked.findtext("Expiry") or ""
    now = call.twin.clock.now()
    if not start or not expiry or not now < sas.parse_time(expiry) <= now + _LONGEST + timedelta(minutes=5):
        raise InvalidHeader("Expiry", expiry, "a time within the next seven days", code="InvalidXmlNodeValue")
    principal = call.caller.principal
    fields = {
        "skoid": principal.id if principal else "",
        "sktid": call.twin.seed.tenant,
        "skt": start,
        "ske": expiry,
        "sks": "b",
        "skv": call.header("x-ms-version", sas.VERSION),
    }
    value = sas.delegation_key(call.twin, call.account.name, fields)
    tags = ("SignedOid", "SignedTid", "SignedStart", "SignedExpiry", "SignedService", "SignedVersion")
    document = dict(zip(tags, fields.values(), strict=True)) | {"Value": value}
    return Reply(
        200,
        xml.render(xml.mapping_element("UserDelegationKey", document)),
        {"content-type": xml.CONTENT_TYPE},
    )
