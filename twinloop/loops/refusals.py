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
SERVER_ERROR = 500
BAD_REQUEST = 400
_NO_PERMISSION = "have permission to alter this storage account"  # the client's words for a 403 of an upload
_NO_METADATA = "Unknown cloud environment"  # the client's words where nobody answers with metadata
_ADVERTS = ("Additional Resources:", "If using the CLI, you can also", "Resolutions:", "Details:")
_STACK_FILE = re.compile(r"Pulumi\.([\w.-]+)\.yaml")
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
            given=plain(error),
            next_step="twinloop twin start, or check the network",
            kind=Kind.TWIN_UNREACHABLE,
        ) from error
    except ClientAuthenticationError as error:
        raise Refused(
            "Nobody is signed in.",
            where=workspace.id,
            given=plain(error),
            next_step="az login on Azure; on the twin: twinloop twin status, then run it again",
        ) from error
    except ResourceNotFoundError as error:
        raise NotFound(
            "Azure knows nothing of that name.",
            where=f"{workspace.id} (named by {workspace.source})",
            given=plain(error),
            next_step=f"twinloop up -s {_stack_of(workspace)}   brings the platform up; -g and -w name "
            "another workspace",
        ) from error
    except HttpResponseError as error:
        if error.status_code in {FORBIDDEN, UNAUTHORIZED}:
            raise Refused(
                "Azure refused it.",
                where=f"{workspace.id} (named by {workspace.source})",
                given=plain(error),
                allowed="what a role of yours allows; until the platform is up nobody has one here",
                next_step=f"twinloop up -s {_stack_of(workspace)}   brings the platform up; if it is up, ask "
                "a platform administrator for a role that is named",
            ) from error
        if error.status_code and error.status_code < SERVER_ERROR:
            raise Problem(
                "Azure did not accept it.",
                where=workspace.id,
                given=plain(error),
                next_step="change what Azure names under given, as options or in the file, and run it again",
            ) from error
        raise Problem(
            "Azure answered with an error.",
            where=workspace.id,
            given=plain(error),
            next_step="run it again; if it stays, see what the twin says: twinloop twin logs",
        ) from error
    except MlException as error:
        raise _of_client(error, workspace) from error
    except AzureError as error:
        raise Problem(
            "Azure's client failed.",
            where=workspace.id,
            given=plain(error),
            next_step="run it again; if it stays, see what the twin says: twinloop twin logs",
        ) from error


def is_refusal(error: BaseException) -> bool:
    """Whether it is about a right that is missing, and not about what was sent."""
    return getattr(error, "status_code", None) in {FORBIDDEN, UNAUTHORIZED} or _NO_PERMISSION in str(error)


def _of_client(error: Exception, workspace: Workspace) -> Problem:
    """What Azure ML's own client says before, or instead of, the service."""
    text = plain(error)
    if _NO_METADATA in text:
        return Problem(
            "The cloud does not say what it is: it stopped answering.",
            where=workspace.id,
            given=text,
            next_step="twinloop twin start, then run it again; on Azure, check the network",
            kind=Kind.TWIN_UNREACHABLE,
        )
    if _NO_PERMISSION in text:
        return Refused(
            "The storage of the workspace refuses you.",
            where=workspace.id,
            given=text,
            allowed="somebody who may submit jobs here, a data scientist for example",
            next_step="ask a platform administrator for the roles that are named; on the twin: "
            "--as data-scientist",
        )
    return BadUsage(
        "Azure ML's client refused it.",
        where=workspace.id,
        given=text,
        next_step="change what it names under given, as options or in the file, and run it again",
    )


def _stack_of(workspace: Workspace) -> str:
    """The stack whose settings named the workspace; dev where something else did."""
    found = _STACK_FILE.search(workspace.source)
    return found[1] if found else "dev"


def plain(error: BaseException) -> str:
    """The error's own words, once: without colours, blank lines and the same again in parts."""
    text = _COLOURS.sub("", getattr(error, "message", "") or str(error))
    lines = [line.rstrip() for line in text.splitlines() if line.strip() and not line.startswith(_ADVERTS)]
    parts = next((at for at, line in enumerate(lines) if at and line.startswith("Code: ")), len(lines))
    return "\n".join(lines[:parts])
