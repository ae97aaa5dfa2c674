"""What a job's page says, without any script."""

from __future__ import annotations

import re

import pytest


@pytest.fixture
def client(visit):
    return visit("data-scientist")


def test_a_page_lets_nothing_foreign_in(client, done, address):
    headers = client.get(address(done)).headers
    assert headers["content-security-policy"].startswith("default-src 'self'; object-src 'none'")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


def test_what_users_wrote_is_escaped(client, done, address):
    page = client.get(address(done)).text
    assert "Report &lt;on&gt; it" in page
    assert "&lt;red&gt;" in page
    assert "&lt;b&gt;said&lt;/b&gt; é" in page
    assert "<b>said" not in page


def test_values_of_variables_are_not_on_the_page(client, done, address):
    page = client.get(address(done)).text
    assert "TOKEN" in page
    assert "not-for-pages-7d1f" not in page


def test_the_page_says_who_what_where_and_how_long(client, done, address, platform):
    page = client.get(address(done)).text
    for words in (
        "data-scientist",
        "Completed",
        "Waited",
        "Ran",
        "/studio/computes",
        "cpu",
        "mcr.microsoft.com",
    ):
        assert words in page
    assert platform.identity_name(platform.identity) in page


def test_outputs_are_listed_looked_at_and_downloaded(client, done, address):
    listing = client.get(address(done, "/outputs/report")).text
    assert "deep/table.csv" in listing
    shown = client.get(address(done, "/outputs/report/page.html"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown.text
    sent = client.get(address(done, "/outputs/report/page.html", mode="download"))
    assert sent.text == "<script>alert(1)</script>\n"
    assert sent.headers["content-disposition"].startswith("attachment; filename*=UTF-8''page.html")
    assert "sandbox" in sent.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path", ["/outputs/report/../x", "/outputs/report/no.txt", "/outputs/none", "/secrets/report"]
)
def test_a_file_that_is_not_there_is_said_so(client, done, address, path):
    reply = client.get(address(done, path))
    assert reply.status_code == 404


def test_the_error_of_a_failed_job_is_there_in_full(client, platform, environment, address):
    name = f"failed-{platform.mark}"
    command = "for i in 1 2 3; do echo line $i of what went wrong; done; exit 3"
    platform.submit(name, command=command, environmentId=environment, computeId=platform.cpu)
    platform.wait(name)
    page = client.get(address(name)).text
    assert 'role="alert"' in page
    assert "ended with exit code 3" in page
    assert "line 3 of what went wrong" in page


def test_a_whole_log_is_downloaded(client, done, address):
    page = client.get(address(done)).text
    sent = client.get(re.search(r'href="([^"]+/log\?[^"]+)"', page)[1].replace("&amp;", "&"))
    assert sent.text == "<b>said</b> é\n"
    assert "attachment" in sent.headers["content-disposition"]


def test_news_begin_where_the_last_ended(client, done, address):
    log = f"{done}/user_logs/std_log.txt"
    first = client.get(address(done, "/live")).json()
    assert first["done"]
    assert first["log"]["id"] == log
    again = client.get(address(done, "/live", log=log, **{"from": first["log"]["next"]})).json()
    assert again["log"]["text"] == ""
    assert client.get(address(done, "/live", log=log, **{"from": 4})).json()["log"]["text"].startswith("aid")


def test_jobs_are_listed_by_state_and_experiment(client, done, platform):
    assert done in client.get("/studio/jobs?state=Completed&experiment=tests").text
    assert done not in client.get("/studio/jobs?state=Failed").text
    assert done not in client.get("/studio/jobs?experiment=other").text


def test_a_clusters_nodes_and_queue_are_shown(client, platform, environment):
    running, waiting = f"holds-{platform.mark}", f"waits-{platform.mark}"
    platform.cluster("narrow", platform.identity, 1)
    narrow = f"{platform.workspace}/computes/narrow"
    for name in (running, waiting):
        platform.submit(name, command="sleep 30", environmentId=environment, computeId=narrow)
    platform.wait(running, "Running")
    page = client.get("/studio/computes").text
    row = next(part for part in page.split("<tr>") if ">narrow<" in part)
    assert running in row
    assert row.split("<td>")[3].startswith("1<"), "one node runs"
    assert row.split("<td>")[5].startswith("1<"), "one run waits"
    for name in (waiting, running):
        platform.cancel(name)
        platform.wait(name)
