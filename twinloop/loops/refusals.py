"""What Azure's clients raise, told in words that lead on."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from twinloop.problems import BadUsage, Kind, NotFound, Problem, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twinloop.loops.workspaces import Workspace

FORBIDDEN = 403
UNAUTHORIZED = 401
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@contextmanager
def asking(workspace: Workspace, what: str) -> Iterator[None]:
    """Turn the errors of Azure's clients into problems that say where, what and what next.

    Args:
        workspace: where the question goes.
        what: what is being done, as in "submit the job".
    """
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
            f"Azure does not answer; could not {what}.",
            where=workspace.id,
            given=_plain(error),
            next_step="twinloop twin start, or check the network",
            kind=Kind.TWIN_UNREACHABLE,
        ) from error
    except ClientAuthenticationError as error:
        raise Refused(
            f"Nobody is signed in; could not {what}.", where=workspace.id, given=_plain(error)
        ) from error
    except ResourceNotFoundError as error:
        raise NotFound(
            f"Not found; could not {what}.",
            where=f"{workspace.id} (named by {workspace.source})",
            given=_plain(error),
            next_step="twinloop up -s dev brings the platform up; -g and -w name another workspace",
        ) from error
    except HttpResponseError as error:
        if error.status_code in {FORBIDDEN, UNAUTHORIZED}:
            raise Refused(
                f"Refused; could not {what}.",
                where=workspace.id,
                given=_plain(error),
                next_step="ask a platform administrator for the role that is named",
            ) from error
        raise Problem(f"Azure answered with an error; could not {what}.", given=_plain(error)) from error
    except MlException as error:
        raise BadUsage(f"Azure ML's client refused it; could not {what}.", given=_plain(error)) from error
    except AzureError as error:
        raise Problem(f"Could not {what}.", where=workspace.id, given=_plain(error)) from error


def _plain(error: BaseException) -> str:
    """The error's own words, without colours and blank lines."""
    text = _COLOURS.sub("", getattr(error, "message", "") or str(error))
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip())
