"""Keeps one issue per stack about drift: opened or updated where there is some, closed where there is none.

    python3 ci/drift_issue.py FOLDER

FOLDER holds one folder `drift-STACK` per stack, each with what the review action left: `exit-code` (that of
`twinloop preview --refresh --expect-no-changes`: 0 no drift, 6 drift, else it failed) and `comment.md`.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from github import Answered, GitHub

SAME, CHANGES_FOUND = "0", "6"
LONGEST = 60_000
NAME = re.compile(r"drift-([A-Za-z0-9][\w.-]{0,100})")


def keep(hub: GitHub, stack: str, code: str, summary: str, run: str) -> str:
    """Open, update or close the issue of one stack; says what was done."""
    marker = f"<!-- twinloop-drift {stack} -->"
    # the list holds pull requests too, and an issue of anybody may hold our marker: ours are the bot's
    found = [
        one
        for one in hub.all("issues?state=open&creator=github-actions%5Bbot%5D")
        if "pull_request" not in one and marker in (one["body"] or "").splitlines()
    ]
    if code == SAME:
        for issue in found:
            hub.call("POST", f"issues/{issue['number']}/comments", {"body": f"No drift any more: {run}"})
            hub.call("PATCH", f"issues/{issue['number']}", {"state": "closed"})
        return f"{stack}: no drift" + (f", closed {len(found)} issue(s)" if found else "")
    what = "is not as its code says" if code == CHANGES_FOUND else f"could not be checked (exit code {code})"
    title = f"Drift: stack {stack} {what}"
    facts = {"title": title, "body": f"{marker}\n\n{title}; found by {run}\n\n{summary}"[:LONGEST]}
    if found:
        hub.call("PATCH", f"issues/{found[0]['number']}", facts)
        return f"{stack}: updated issue {found[0]['number']}"
    return f"{stack}: opened issue {hub.call('POST', 'issues', facts)['number']}"


def main(arguments: list[str]) -> int:
    """Exit code 0: all issues are as they should be; 1: refused by GitHub; 2: typed wrongly."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print(__doc__, file=sys.stderr)  # noqa: T201
        return 2
    names = ("SERVER_URL", "REPOSITORY", "RUN_ID")
    server, repository, number = (os.environ.get(f"GITHUB_{name}", "") for name in names)
    run = f"{server}/{repository}/actions/runs/{number}"
    try:
        hub = GitHub.of_workflow()
        for folder in sorted(Path(arguments[0]).iterdir()):
            if found := NAME.fullmatch(folder.name):
                code = _text(folder / "exit-code") or "unknown"
                print(keep(hub, found[1], code.strip(), _text(folder / "comment.md"), run))  # noqa: T201
    except Answered as error:
        words = f"GitHub refused: {error}; a 403: give the job `issues: write`"
        print(words, file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _text(path: Path) -> str:
    return path.read_text("utf-8", "replace") if path.is_file() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
