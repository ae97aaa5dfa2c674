"""A browser with a profile of its own, a platform to look at, and links that open its pages as a persona."""

from __future__ import annotations

import shutil
import ssl
from typing import Any

import httpx
import pytest

from tests.localazure.jobs.conftest import Platform

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--ignore-certificate-errors",  # the twin's authority is in no store of this machine
    "--window-size=1280,900",
)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """Chromium under Selenium; skipped where either of the two programs is missing."""
    program, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if not program or not driver:
        pytest.skip("needs chromium and chromedriver on PATH (Debian: apt install chromium-driver)")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = program
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield browser
    browser.quit()


class Pages:
    """The pages of one twin, as who opened them last."""

    def __init__(self, twin: Any, browser: Any) -> None:
        self.twin, self.browser = twin, browser

    def as_persona(self, persona: str) -> None:
        """Open the signed link of a persona."""
        self.browser.get_log("browser")
        self.browser.get_log("performance")
        self.browser.get(link(self.twin, persona))

    def open(self, path: str) -> None:
        self.browser.get(self.twin.base + path)

    def text(self, css: str) -> str:
        return "\n".join(found.text for found in self.browser.find_elements("css selector", css))

    def count(self, css: str) -> int:
        return len(self.browser.find_elements("css selector", css))

    def wait(self, script: str, seconds: float = 30) -> Any:
        """Until a script answers with something."""
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.browser, seconds, 0.1).until(
            lambda one: one.execute_script(f"return {script}")
        )

    def complaints(self) -> list[str]:
        """What the browser's console says is wrong."""
        return [line["message"] for line in self.browser.get_log("browser") if line["level"] == "SEVERE"]

    def asked_elsewhere(self) -> list[str]:
        """Requests to anything but the twin."""
        import json

        urls = []
        for line in self.browser.get_log("performance"):
            message = json.loads(line["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                urls.append(message["params"]["request"]["url"])
        assert urls, "the browser asked for nothing at all"
        return [url for url in urls if not url.startswith((self.twin.base, "data:", "blob:", "chrome"))]


def link(twin: Any, persona: str, to: str = "/studio/") -> str:
    headers = {"Authorization": f"Bearer {twin.admin_key}"}
    reply = twin.client.post("/_twin/studio", json={"persona": persona, "to": to}, headers=headers)
    assert reply.status_code == 200, reply.text
    return reply.json()["url"]


@pytest.fixture
def pages(twin_server, chromium, platform):
    return Pages(twin_server, chromium)


@pytest.fixture
def visit(twin_server, platform):
    """Makes an HTTP client that has opened a persona's link, as a browser without scripts."""
    made = []

    def make(persona: str) -> httpx.Client:
        trusted = ssl.create_default_context(cafile=str(twin_server.home / "ca.pem"))
        client = httpx.Client(base_url=twin_server.base, verify=trusted, trust_env=False, timeout=30)
        made.append(client)
        reply = client.get(link(twin_server, persona))
        assert reply.status_code == 303, reply.text
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture(scope="session")
def platform(twin_server):
    return Platform(twin_server)


@pytest.fixture(scope="session")
def environment(platform):
    return platform.environment("pages", "dependencies: [python>=3.11, pip, {pip: [pyyaml]}]")


@pytest.fixture(scope="session")
def done(platform, environment):
    """A job that has ended: it left a file with something unpleasant in it, and logged to the log."""
    name = f"pages-{platform.mark}"
    command = (
        "cd ${{outputs.report}} && mkdir deep && echo '<script>alert(1)</script>' > page.html && "
        "printf 'a,b\\n1,2\\n' > deep/table.csv && echo '<b>said</b> \u00e9'"
    )
    reply = platform.submit(
        name,
        command=command,
        environmentId=environment,
        computeId=platform.cpu,
        displayName="Report <on> it",
        tags={"colour": "<red>"},
        environmentVariables={"TOKEN": "not-for-pages-7d1f"},
        outputs={"report": {"jobOutputType": "uri_folder"}},
    )
    assert reply.status_code == 201, reply.text
    details = platform.wait(name)
    assert details["status"] == "Completed", details
    return name


@pytest.fixture
def address(platform):
    """Makes a job's address."""
    return lambda name, more="", **query: (
        f"/studio/runs/{name}{more}?wsid={platform.workspace}"
        + "".join(f"&{k}={v}" for k, v in query.items())
    )
