"""What Azure's clients raise, told in words that lead on."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from twinloop.loops.client import quietly
from twinloop.problems import BadUsage, Kind, NotFound, Problem, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twinloop.loops.workspaces import Workspace

FORBIDDEN = 403
UNAUTHORIZED = 401
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@contextmanager
def asking(workspace: Workspace) -> Iterator[None]:
    """Turn the errors of Azure's clients into problems that say where, what and what next.

    Args:
        workspace: where the questions go.
    """
    with quietly():
        from azure.ai.ml.exceptions import MlException
        from azure.core.exceptions import (
            AzureError,
            ClientAuthenticationError,
            HttpResponseError,
            ResourceNotFoundError,
            ServiceRequestError,
            ServiceResponseError,
        )

    try:
        yield
    except (ServiceRequestError, ServiceResponseError) as error:
        raise Problem(
            "Azure does not answer.",
            where=workspace.id,
            given=_plain(error),
            next_step="twinloop twin start, or check the network",
            kind=Kind.TWIN_UNREACHABLE,
        ) from error
    except ClientAuthenticationError as error:
        raise Refused("Nobody is signed in.", where=workspace.id, given=_plain(error)) from error
    except ResourceNotFoundError as error:
        raise NotFound(
            "Azure knows nothing of that name.",
            where=f"{workspace.id} (named by {workspace.source})",
            given=_plain(error),
            next_step="twinloop up -s dev brings the platform up; -g and -w name another workspace",
        ) from error
    except HttpResponseError as error:
        if error.status_code in {FORBIDDEN, UNAUTHORIZED}:
            raise Refused(
                "Azure refused it.",
                where=workspace.id,
                given=_plain(error),
                next_step="ask a platform administrator for the role that is named",
            ) from error
        raise Problem("Azure answered with an error.", given=_plain(error)) from error
    except MlException as error:
        raise BadUsage("Azure ML's client refused it.", given=_plain(error)) from error
    except AzureError as error:
        raise Problem("Azure's client failed.", where=workspace.id, given=_plain(error)) from error


def _plain(error: BaseException) -> str:
    """The error's own words, once: without colours, blank lines and the same again in parts."""
    text = _COLOURS.sub("", getattr(error, "message", "") or str(error))
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    parts = next((at for at, line in enumerate(lines) if at and line.startswith("Code: ")), len(lines))
    return "\n".join(lines[:parts])
