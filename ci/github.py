"""GitHub's REST interface, as far as our workflows need it: JSON in, JSON out, the standard library only."""

from __future__ import annotations

import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

PAGE = 100
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


class Answered(Exception):
    """GitHub refused: method, path, status and its words."""


@dataclass(frozen=True)
class GitHub:
    """One repository.

    Args:
        url: where the interface is.
        repository: `owner/name`.
        token: of the workflow's run.
    """

    url: str
    repository: str
    token: str = field(repr=False)

    @classmethod
    def of_workflow(cls) -> GitHub:
        """The repository that the workflow runs in, from the variables that GitHub sets."""
        repository = os.environ["GITHUB_REPOSITORY"]
        if not _REPOSITORY.fullmatch(repository):
            raise Answered(f"GITHUB_REPOSITORY is '{repository}', not owner/name")
        url = os.environ.get("GITHUB_API_URL", "https://api.github.com")
        return cls(url, repository, os.environ["GITHUB_TOKEN"])

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One request about this repository; `path` begins after its name."""
        request = urllib.request.Request(  # noqa: S310 - the address is GitHub's own variable
            f"{self.url}/repos/{self.repository}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "User-Agent": "twinloop-review",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                content = answer.read()
        except urllib.error.HTTPError as error:
            words = error.read(500).decode("utf-8", "replace")
            raise Answered(f"{method} {path}: {error.code} {words}") from error
        return json.loads(content) if content else None

    def all(self, path: str) -> Iterator[Any]:
        """Every item of a list, page by page."""
        joint = "&" if "?" in path else "?"
        for page in range(1, 100):
            items = self.call("GET", f"{path}{joint}per_page={PAGE}&page={page}")
            yield from items
            if len(items) < PAGE:
                return
