"""A GitHub of our own for the scripts that post, and a throw-away clone for the commands of the workflows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ci"))  # the scripts stand alone, and import each other by name

BOT = "github-actions[bot]"
HEAD = "c" * 40


@dataclass
class FakeGitHub:
    """As much of GitHub as is asked: pull requests, comments, issues; and all that was written to it."""

    pulls: dict[int, str] = field(default_factory=lambda: {7: HEAD})
    """Number -> commit that it is at."""
    comments: dict[int, list[dict]] = field(default_factory=dict)
    issues: list[dict] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    url: str = ""

    def answer(self, method: str, path: str, query: dict, body: dict):
        self.calls.append((method, path))
        page, per_page = (int(query.get(name, ["1"])[0]) for name in ("page", "per_page"))
        self.cut = slice((page - 1) * per_page, page * per_page)
        for form, reply in (
            (r"pulls/(\d+)", self._pull),
            (r"issues/(\d+)/comments", self._thread),
            (r"issues/comments/(\d+)", self._comment),
            (r"issues(\d*)", self._issues),
            (r"issues/(\d+)", self._issue),
        ):
            if found := re.fullmatch(form, path):
                answered = reply(method, int(found[1] or 0), body, query)
                return (404, {"message": "Not Found"}) if answered is None else (200, answered)
        return 404, {"message": "Not Found"}

    def _pull(self, _method, number, _body, _query):
        return {"head": {"sha": self.pulls[number]}} if number in self.pulls else None

    def _thread(self, method, number, body, _query):
        thread = self.comments.setdefault(number, [])
        if method == "GET":
            return thread[self.cut]
        thread.append({"id": 1000 + len(thread), "user": {"login": BOT}, "body": body["body"]})
        return thread[-1]

    def _comment(self, _method, number, body, _query):
        one = next(one for thread in self.comments.values() for one in thread if one["id"] == number)
        one["body"] = body["body"]
        return one

    def _issues(self, method, _number, body, query):
        if method == "GET":
            by = query.get("creator", [""])[0]
            open_ones = [one for one in self.issues if one["state"] == "open" and one["user"]["login"] == by]
            return open_ones[self.cut]
        facts = {"number": 50 + len(self.issues), "state": "open", "user": {"login": BOT}}
        self.issues.append(facts | body)
        return self.issues[-1]

    def _issue(self, _method, number, body, _query):
        issue = next(one for one in self.issues if one["number"] == number)
        issue.update(body)
        return issue


@pytest.fixture
def hub(monkeypatch):
    fake = FakeGitHub()

    class Handler(BaseHTTPRequestHandler):
        def reply(self):
            url = urlsplit(self.path)
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fake.tokens.add(self.headers["Authorization"])
            path = url.path.removeprefix("/repos/acme/platform/")
            status, body = fake.answer(self.command, path, parse_qs(url.query), json.loads(content or "{}"))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_):
            pass

    for method in ("GET", "POST", "PATCH"):
        setattr(Handler, f"do_{method}", Handler.reply)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    for name, value in {"API_URL": fake.url, "REPOSITORY": "acme/platform", "TOKEN": "t0ken"}.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    yield fake
    server.shutdown()
    server.server_close()


@pytest.fixture
def artifact_folder(tmp_path):
    """What the review of a pull request leaves, as it should be."""
    from tests.review.handmade import review, rich
    from twinloop.review.as_json import as_json
    from twinloop.review.markdown import markdown

    folder = tmp_path / "artifact"
    folder.mkdir()
    reviewed = review(rich("dev"), rich("prod"))
    (folder / "comment.md").write_text(markdown(reviewed)[0])
    (folder / "review.json").write_text(json.dumps(as_json(reviewed)))
    (folder / "pull-request.json").write_text(json.dumps({"number": 7, "head": HEAD}))
    return folder


@pytest.fixture(scope="session")
def clone(tmp_path_factory):
    """A throw-away clone, two commits old, with the environment of this checkout in its place."""
    from tests.documents.readers import fresh_clone

    folder = tmp_path_factory.mktemp("ci") / "clone"
    folder.mkdir()
    fresh_clone(ROOT, folder)
    settings = folder / "Pulumi.dev.yaml"
    settings.write_text(settings.read_text().replace("maxNodes: 4", "maxNodes: 3", 1))
    git = ["git", "-c", "user.name=ci", "-c", "user.email=ci@example.com"]
    subprocess.run([*git, "commit", "-qam", "Let one node less train"], cwd=folder, check=True)
    yield folder
    subprocess.run([".venv/bin/twinloop", "twin", "stop"], cwd=folder, check=False, capture_output=True)
