"""Pages open by a signed link only, and show what its persona may read."""

from __future__ import annotations

import re

import pytest

from tests.localazure.jobs.conftest import DATA_SCIENTIST
from tests.localazure.pages.conftest import link

COOKIE = re.compile(r"(?P<name>\w+)=(?P<value>[^;]+)")


def test_a_browser_that_opened_no_link_is_told_what_to_type(twin_server, done, address):
    reply = twin_server.client.get(address(done))
    assert reply.status_code == 401
    assert "twinloop studio" in reply.text
    assert done not in reply.text


def test_the_link_of_a_job_opens_it_and_leaves_no_key_in_the_address(twin_server, platform, done):
    reply = platform.call("GET", f"{platform.workspace}/jobs/{done}?api-version=2025-01-01-preview")
    url = reply.json()["properties"]["services"]["Studio"]["endpoint"]
    begun = twin_server.client.get(url)
    assert begun.status_code == 303
    assert "key=" not in begun.headers["location"]
    cookie = begun.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/studio"))
    shown = twin_server.client.get(begun.headers["location"], headers={"Cookie": cookie.partition(";")[0]})
    twin_server.client.cookies.clear()
    assert shown.status_code == 200
    assert "Completed" in shown.text


@pytest.mark.parametrize("part", ["as", "until", "key"])
def test_a_link_that_was_changed_opens_nothing(twin_server, done, part):
    whole = link(twin_server, "data-scientist")
    other = link(twin_server, "infra-engineer")
    theirs = re.search(rf"{part}=([^&]+)", other)[1]
    changed = re.sub(rf"{part}=[^&]+", f"{part}={theirs if part != 'until' else '99999999999'}", whole)
    assert changed != whole
    assert twin_server.client.get(changed).status_code == 401


def test_a_link_is_too_old_after_two_days(make_twin):
    twin = make_twin("--manual-clock")
    url = link(twin, "infra-engineer")
    assert twin.client.get(url).status_code == 303
    twin.client.cookies.clear()
    twin.advance(2 * 86400)
    assert twin.client.get(url).status_code == 401


def test_a_link_leads_to_pages_only(twin_server, platform):
    for away in (
        "https://evil.example/",
        "//evil.example/studio/",
        "/subscriptions",
        "/studio/\\evil.example",
    ):
        reply = twin_server.client.get(link(twin_server, "data-scientist", away))
        assert reply.headers["location"] == "/studio/"
    twin_server.client.cookies.clear()


def test_only_the_administrator_of_the_twin_makes_links(twin_server):
    reply = twin_server.call("POST", "/_twin/studio", {"persona": "infra-engineer"})
    assert reply.status_code == 401


def test_the_cookie_opens_nothing_of_the_api(visit, platform):
    reply = visit("data-scientist").get(f"{platform.workspace}/jobs?api-version=2025-01-01-preview")
    assert reply.status_code == 401


def test_a_cookie_that_was_changed_opens_nothing(twin_server, visit, platform):
    client = visit("data-scientist")
    name, value = next(iter(client.cookies.items()))
    other = twin_server.object_id("infra-engineer")
    forged = f"{name}={other}~{value.partition('~')[2]}"
    assert twin_server.client.get("/studio/", headers={"Cookie": forged}).status_code == 401
    assert twin_server.client.get("/studio/", headers={"Cookie": f"{name}={value}"}).status_code == 200


def test_who_may_read_nothing_sees_nothing(visit, done, address):
    client = visit("nobody")
    for path in ("/studio/", "/studio/jobs", "/studio/emulates", address(done), address(done, "/live")):
        reply = client.get(path)
        assert reply.status_code == 403
        assert done not in reply.text


def test_who_may_read_the_group_of_resources_does_not_read_the_files_of_jobs(
    twin_server, visit, platform, done, address
):
    client = visit("infra-engineer")  # owns the subscription, and has no data role
    page = client.get(address(done))
    assert page.status_code == 200
    assert "no right to read" in client.get("/studio/static/studio.css").text
    assert 'class="closed"' in page.text
    refused = client.get(address(done, "/outputs/report"))
    assert refused.status_code == 403
    assert "no role that reads blobs" in refused.text


def test_jobs_of_a_workspace_show_to_those_who_may_read_them(twin_server, visit, platform, done, address):
    client = visit("visitor")
    assert client.get("/studio/").status_code == 403
    assert client.get(address(done)).status_code == 403
    platform.grant("visitor", DATA_SCIENTIST, platform.workspace)
    assert client.get(address(done)).status_code == 200
    assert done in client.get("/studio/jobs").text


def test_a_job_that_is_not_there_is_a_page_too(visit, address, platform):
    reply = visit("data-scientist").get(address("no-such-job"))
    assert reply.status_code == 404
    assert "There is no job" in reply.text
    assert "twinloop jobs list" in reply.text


def test_an_address_that_is_no_page_is_a_page_too(visit, platform):
    reply = visit("data-scientist").get("/studio/nothing/here")
    assert reply.status_code == 404
    assert reply.headers["content-type"].startswith("text/html")
