"""Addresses that open without a token: each opens one log or one run's page, to read, for a day or two."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from pathlib import Path
from urllib.parse import quote

from twinloop.localazure.core.tokens import write_private
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs.folders import folder_of
from twinloop.localazure.jobs.records import Job

_KEY_FILE = "logs.key"
_DAY = 86400  # seconds


def log_url(twin: Twin, job: Job, name: str) -> str:
    """The URL of one log file, on the plain-HTTP port."""
    folder = folder_of(twin.azure, job)
    place = f"{folder.root.parent.name}/{job.name}"
    until, signature = sign(twin, place, name)
    words = f"sv=2025-11-05&sp=r&sr=b&se={until}&sig={signature}"
    return f"{twin.http_base}/_joblogs/{quote(place)}/{quote(name)}?{words}"


def log_file(twin: Twin, place: str, name: str, until: str, signature: str) -> Path | None:
    """The file that a URL asks for; None if this twin did not sign it, or its time is over."""
    if not holds(twin, place, name, until, signature):
        return None
    return twin.azure / "jobs" / place / "logs" / name


def sign(twin: Twin, place: str, name: str) -> tuple[str, str]:
    """Until when an address is good (seconds since 1970), and the signature that only this twin can make.

    It is good for one day at least and two at most: the same all day, so that it reads the same each time.
    """
    until = str((int(twin.clock.time()) // _DAY + 2) * _DAY)
    return until, _signature(twin, place, name, until)


def holds(twin: Twin, place: str, name: str, until: str, signature: str) -> bool:
    """Whether this twin signed exactly that, and its time is not over."""
    genuine = hmac.compare_digest(_signature(twin, place, name, until).encode(), signature.encode())
    return genuine and twin.clock.time() < int(until)


def _signature(twin: Twin, place: str, name: str, until: str) -> str:
    digest = hmac.new(_key(twin), f"{place}\n{name}\n{until}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _key(twin: Twin) -> bytes:
    known: bytes | None = twin.services.get("log key")
    if known is None:
        file = twin.azure / _KEY_FILE
        if not file.exists():
            write_private(file, secrets.token_bytes(32))
        known = twin.services["log key"] = file.read_bytes()
    return known
