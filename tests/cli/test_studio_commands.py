"""`twinloop studio`, `twinloop mlflow`: a link that opens the pages as somebody."""

from __future__ import annotations

import ssl
import urllib.request
from http import HTTPStatus

import pytest


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args):
        return None


def opened(url, authority):
    """Status, and where the link leads."""
    trusted = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(authority)))
    opener = urllib.request.build_opener(trusted, _Stay(), urllib.request.ProxyHandler({}))
    try:
        reply = opener.open(url)
    except urllib.request.HTTPError as answer:
        reply = answer
    return reply.status, reply.headers.get("location", "")


@pytest.mark.parametrize(
    ("words", "place", "persona"),
    [
        (("studio",), "/studio/", "infra-engineer"),
        (("studio", "--as", "auditor"), "/studio/", "auditor"),
        (("mlflow", "-w", "mlw-x"), "/studio/mlflow?wsid=mlw-x", "data-scientist"),
    ],
)
def test_the_link_begins_a_session_as_the_persona(run, checkout, words, place, persona):
    result = run(*words, "--no-browser", "--json").json["result"]
    assert result["persona"] == persona
    assert result["opened"] is False
    assert opened(result["url"], checkout.home.authority) == (HTTPStatus.SEE_OTHER, place)


def test_the_link_alone_is_on_stdout(run, checkout):
    ran = run("studio", "--no-browser")
    assert ran.out.startswith("https://localhost:")
    assert ran.out.count("\n") == 1


def test_status_shows_a_link_to_the_pages(run, checkout):
    run("twin", "start")
    assert "/studio/open?" in run("twin", "status").out


def test_a_persona_that_is_not_there_is_refused_by_name(run, checkout):
    ran = run("studio", "--as", "data-scientits")
    assert ran.code == 3
    assert "data-scientist" in ran.words
