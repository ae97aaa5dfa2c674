"""Posts the comment of a review: checks the artifact as data, whose it is, then writes one comment.

    python3 ci/comment.py FOLDER HEAD_COMMIT

FOLDER holds the downloaded artifact; HEAD_COMMIT is the commit that the workflow ran on, as GitHub says.
"""

from __future__ import annotations

import sys
from pathlib import Path

import artifact
from github import Answered, GitHub

BOT = "github-actions[bot]"


def post(hub: GitHub, number: int, text: str, *, edit: bool = True) -> str:
    """Write the one comment of a pull request, or write it anew; says what was done."""
    mine = [
        found["id"]
        for found in hub.all(f"issues/{number}/comments")
        if artifact.MARKER in found["body"].splitlines() and found["user"]["login"] == BOT
    ]
    if mine and edit:
        hub.call("PATCH", f"issues/comments/{mine[0]}", {"body": text})
        return f"updated comment {mine[0]} of pull request {number}"
    made = hub.call("POST", f"issues/{number}/comments", {"body": text})
    return f"wrote comment {made['id']} on pull request {number}"


def checked(hub: GitHub, folder: Path, head: str) -> artifact.Reviewed:
    """The artifact, if it is of the commit that the workflow ran on and that the pull request is at.

    Raises:
        NotTrusted: it is not well-formed, or not of this commit.
    """
    reviewed = artifact.read(folder)
    if reviewed.head != head:
        raise artifact.NotTrusted(f"the artifact says it is of {reviewed.head}; the workflow ran on {head}")
    pull = hub.call("GET", f"pulls/{reviewed.number}")
    now = pull["head"]["sha"]
    if now != head:
        # somebody else's number, or commits pushed since: that push has a review of its own
        raise artifact.NotTrusted(f"pull request {reviewed.number} is at {now}, and the review is of {head}")
    return reviewed


def main(arguments: list[str]) -> int:
    """Exit code 0: posted; 1: refused by GitHub; 2: typed wrongly; 4: the artifact is not trusted."""
    if len(arguments) != 2 or not artifact.COMMIT.fullmatch(arguments[1]):  # noqa: PLR2004
        print(__doc__, file=sys.stderr)  # noqa: T201
        return 2
    try:
        hub = GitHub.of_workflow()
        reviewed = checked(hub, Path(arguments[0]), arguments[1])
        print(post(hub, reviewed.number, reviewed.comment))  # noqa: T201
    except artifact.NotTrusted as error:
        words = f"nothing was posted: {error}; for the newest commit run the review's workflow again"
        print(words, file=sys.stderr)  # noqa: T201
        return 4
    except Answered as error:
        words = f"GitHub refused: {error}; a 403: give the job `pull-requests: write`"
        print(words, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
