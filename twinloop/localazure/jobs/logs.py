"""Logs as URLs: each names its file and is signed, so that no other file can be asked for with it."""

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


def log_url(twin: Twin, job: Job, name: str) -> str:
    """The URL of one log file, on the plain-HTTP port; good while the twin's key is."""
    folder = folder_of(twin.azure, job)
    place = f"{folder.root.parent.name}/{job.name}"
    words = f"sv=2025-11-05&sp=r&sr=b&sig={sign(twin, place, name)}"
    return f"{twin.http_base}/_joblogs/{quote(place)}/{quote(name)}?{words}"


def log_file(twin: Twin, place: str, name: str, signature: str) -> Path | None:
    """The file that a URL asks for; None if it was not signed by this twin."""
    if not hmac.compare_digest(sign(twin, place, name), signature):
        return None
    return twin.azure / "jobs" / place / "logs" / name


def sign(twin: Twin, place: str, name: str) -> str:
    """A signature that only this twin can make."""
    digest = hmac.new(_key(twin), f"{place}\n{name}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _key(twin: Twin) -> bytes:
    known: bytes | None = twin.services.get("log key")
    if known is None:
        file = twin.azure / _KEY_FILE
        if not file.exists():
            write_private(file, secrets.token_bytes(32))
        known = twin.services["log key"] = file.read_bytes()
    return known
