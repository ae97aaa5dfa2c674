"""The one place where Azure ML's client is imported and made: late, as the import alone takes a second."""

from __future__ import annotations

import logging
import os
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

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


class _Quiet(logging.Filter):
    """Drops the SDK's remarks on its own maturity from its loggers."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        return record.levelno >= logging.ERROR or "experimental" not in text


def preload() -> None:
    """Import the client's packages; worth doing beside other work, as a second passes."""
    with quietly():
        import azure.ai.ml
        import azure.identity  # noqa: F401 - for its side effect: the import is what is waited for


@contextmanager
def quietly() -> Iterator[None]:
    """Silence the SDK's progress bars and its remarks about experimental classes and deprecated packages."""
    os.environ.setdefault("TQDM_DISABLE", "1")  # read once, when the SDK imports tqdm
    filtered = [logging.getLogger(name) for name in ("azure.ai.ml", "azure.ai.ml._utils._experimental")]
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

        return MLClient(
            credential or DefaultAzureCredential(),
            workspace.subscription,
            workspace.group,
            workspace.name,
            enable_telemetry=False,
        )
