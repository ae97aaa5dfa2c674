"""Conditional headers: when a read or a write may go ahead."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from twinloop.localazure.storage.errors import ConditionNotMet, InvalidHeader, StorageError
from twinloop.localazure.storage.info import BlobInfo, Precondition


class NotModified(StorageError):
    """The reader has this state already; answered with 304 and no body."""

    def __init__(self) -> None:
        super().__init__(
            304, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met."
        )


def http_date(iso: str) -> str:
    """An ISO 8601 time as HTTP has it."""
    return format_datetime(datetime.fromisoformat(iso).astimezone(UTC), usegmt=True)


def check_read(headers: Mapping[str, str], info: BlobInfo) -> None:
    """Demand that a read's conditions hold.

    Raises:
        NotModified: the reader's copy is current.
        ConditionNotMet: the blob is not the one that the reader wants.
    """
    if (wanted := headers.get("if-match")) and not _matches(wanted, info):
        raise ConditionNotMet
    if (known := headers.get("if-none-match")) and _matches(known, info):
        raise NotModified
    if (
        (since := headers.get("if-modified-since"))
        and not known
        and _whole_second(info) <= _date("If-Modified-Since", since)
    ):
        raise NotModified
    if (until := headers.get("if-unmodified-since")) and _whole_second(info) > _date(
        "If-Unmodified-Since", until
    ):
        raise ConditionNotMet


def for_write(headers: Mapping[str, str]) -> Precondition:
    """What a write's conditions demand of the blob it replaces; checked in the replacing transaction."""

    def check(old: BlobInfo | None) -> None:
        if headers.get("if-none-match") == "*" and old is not None:
            raise StorageError(409, "BlobAlreadyExists", "The specified blob already exists.")
        if (wanted := headers.get("if-match")) and (old is None or not _matches(wanted, old)):
            raise ConditionNotMet
        if old is None:
            return
        if (known := headers.get("if-none-match")) and _matches(known, old):
            raise ConditionNotMet
        if (since := headers.get("if-modified-since")) and _whole_second(old) <= _date(
            "If-Modified-Since", since
        ):
            raise ConditionNotMet
        if (until := headers.get("if-unmodified-since")) and _whole_second(old) > _date(
            "If-Unmodified-Since", until
        ):
            raise ConditionNotMet

    return check


def _matches(wanted: str, info: BlobInfo) -> bool:
    return wanted.strip() == "*" or info.etag.strip('"') in {
        tag.strip().strip('"') for tag in wanted.split(",")
    }


def _whole_second(info: BlobInfo) -> datetime:
    """HTTP dates have no fractions; a blob written within the second counts as of that second."""
    return datetime.fromisoformat(info.modified).replace(microsecond=0)


def _date(name: str, text: str) -> datetime:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError as error:
        raise InvalidHeader(name, text, "an HTTP date such as 'Sat, 21 Nov 2026 10:00:00 GMT'") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
