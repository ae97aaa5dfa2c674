"""The one place where Azure ML's client is imported and made: late, as the import alone takes a second."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import sys
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure.ai.ml import MLClient
    from azure.core.credentials import TokenCredential

    from twinloop.loops.workspaces import Workspace

# What the SDK says about itself on every use; its errors and other warnings are left alone.
_NOISE = (
    r".*This is an experimental class.*",
    r".*This is an experimental method.*",
    r".*This is an experimental field.*",
    r".*pkg_resources is deprecated.*",
    r".*pathOnCompute is not a known attribute.*",
)
_LOGGERS = ("azure.ai.ml", "azure.ai.ml._utils._experimental")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class _Quiet(logging.Filter):
    """Drops the SDK's remarks on its own maturity and on what it is downloading; warnings and errors pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a person needs to see this record."""
        if record.levelno >= logging.ERROR:
            return True
        return record.levelno >= logging.WARNING and "experimental" not in record.getMessage()


class _Sieve(io.TextIOBase):
    """Passes text on, but for writes that hold nothing except colour codes: what is left of disabled bars."""

    def __init__(self, behind: TextIO) -> None:
        self._behind = behind
        self._dropped = False

    def write(self, text: str) -> int:
        """Write to the stream behind, unless there is nothing to be seen in it."""
        visible = _COLOURS.sub("", text).strip()
        drop = not visible and ("\x1b" in text or self._dropped)
        self._dropped = drop
        return len(text) if drop else self._behind.write(text)

    def flush(self) -> None:
        """Flush the stream behind."""
        self._behind.flush()

    def isatty(self) -> bool:
        """Whether the stream behind is a terminal."""
        return self._behind.isatty()


@contextmanager
def without_bars() -> Iterator[None]:
    """Keep the rests of the SDK's progress bars off stderr while it uploads or downloads."""
    with contextlib.redirect_stderr(_Sieve(sys.stderr)):
        yield


@contextmanager
def quietly() -> Iterator[None]:
    """Silence the SDK's progress bars and its remarks about experimental classes and deprecated packages."""
    os.environ.setdefault("TQDM_DISABLE", "1")  # read once, when the SDK imports tqdm
    names = {*_LOGGERS, *(name for name in logging.root.manager.loggerDict if name.startswith("azure.ai.ml"))}
    filtered = [logging.getLogger(name) for name in names]
    quiet = _Quiet()
    for logger in filtered:
        logger.addFilter(quiet)
    with warnings.catch_warnings():
        for pattern in _NOISE:
            warnings.filterwarnings("ignore", message=pattern)
        try:
            yield
        finally:
            for logger in filtered:
                logger.removeFilter(quiet)


def connect(workspace: Workspace, credential: TokenCredential | None = None) -> MLClient:
    """A client on a workspace, as whoever the environment says (`DefaultAzureCredential`)."""
    with quietly():
        from azure.ai.ml import MLClient
        from azure.identity import DefaultAzureCredential

        _ask_clouds_once()
        return MLClient(
            credential or DefaultAzureCredential(),
            workspace.subscription,
            workspace.group,
            workspace.name,
            enable_telemetry=False,
        )


def _ask_clouds_once() -> None:
    """Keep what a metadata address said of its clouds, in this process.

    azure-ai-ml 1.35 means to: `_get_cloud` puts the endpoints that it found beside the names of clouds, never
    finds them there, and asks again, over a new connection, before nearly every request (read, and counted).
    """
    from azure.ai.ml import _azure_environments as clouds

    ask = getattr(clouds, "_get_clouds_by_metadata_url", None)
    if ask is None or hasattr(ask, "answers"):
        return
    answers: dict[str, Any] = {}

    def asked_once(metadata_url: str) -> Any:
        found = answers.get(metadata_url) or ask(metadata_url)
        if found:
            answers[metadata_url] = found
        return found

    asked_once.answers = answers  # type: ignore[attr-defined]
    clouds._get_clouds_by_metadata_url = asked_once
