"""Pages in a real browser: what a person sees, clicks and waits for."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.xdist_group("chromium")


@pytest.fixture(scope="module")
def logged(platform):
    """A job that logs metrics, then waits until a file is there, then says so."""
    name = f"live-{platform.mark}"
    folder = platform.twin.home / "signals"
    folder.mkdir(exist_ok=True)
    measure = "import mlflow; [mlflow.log_metric('loss', 1 / (1 + step), step=step) for step in range(5)]"
    command = (
        f"python -c \"{measure}; mlflow.log_param('rounds', 3)\"; echo first words; "
        f"until [ -e {folder}/{name} ]; do sleep 0.1; done; echo last words; "
        "mkdir -p ${{outputs.report}}; echo kept > ${{outputs.report}}/kept.txt"
    )
    environment = platform.environment(
        "logging", "dependencies: [python>=3.11, pip, {pip: [mlflow-skinny, azureml-mlflow]}]"
    )
    platform.submit(
        name,
        command=command,
        environmentId=environment,
        computeId=platform.cpu,
        displayName="live one",
        outputs={"report": {"jobOutputType": "uri_folder"}},
    )
    yield name, folder / name
    (folder / name).touch()
    platform.wait(name)


def test_a_running_job_s_page_changes_without_a_reload(pages, platform, logged, address):
    name, signal = logged
    platform.wait(name, "Running")
    pages.as_persona("data-scientist")
    pages.open(address(name))
    pages.browser.execute_script("window.loadedOnce = true")
    pages.wait("document.getElementById('screen').textContent.includes('first words')")
    pages.wait("document.querySelectorAll('#part-metrics .line').length == 1")
    assert "Running" in pages.text("#part-summary")
    assert "last words" not in pages.text("#screen")
    signal.touch()
    pages.wait("document.getElementById('screen').textContent.includes('last words')")
    pages.wait("document.getElementById('part-summary').textContent.includes('Completed')")
    assert "report" in pages.text("#part-outputs")
    assert pages.wait("window.loadedOnce"), "the page was not loaded again"
    assert pages.text("#screen").count("first words") == 1
    assert pages.browser.title == "live one: Completed - Twinloop"
    assert pages.complaints() == []
    assert pages.asked_elsewhere() == []


def test_metrics_with_a_history_are_drawn_and_parameters_listed(pages, platform, logged, address):
    name, signal = logged
    signal.touch()
    platform.wait(name)
    pages.as_persona("data-scientist")
    pages.open(address(name))
    drawn = pages.browser.find_element("css selector", "#part-metrics svg[role=img]")
    assert drawn.get_attribute("aria-label") == "loss"
    assert pages.count("#part-metrics .dot") == 5
    assert "rounds 3" in pages.text("#part-metrics table")


def test_an_output_is_reached_by_clicks(pages, done, address):
    pages.as_persona("data-scientist")
    pages.open(address(done))
    pages.browser.find_element("css selector", "#part-outputs a").click()
    pages.browser.find_element("link text", "deep/table.csv").click()
    assert pages.text("pre.file") == "a,b\n1,2"
    assert pages.browser.find_element("link text", "download").get_attribute("href").endswith("mode=download")
    assert pages.complaints() == []


def test_the_first_page_leads_to_jobs_computes_and_the_picture_of_resources(pages, done, platform):
    pages.as_persona("data-scientist")
    assert "Report <on> it" in pages.text("#jobs")
    assert "cpu" in pages.text("#computes")
    pages.as_persona("infra-engineer")
    pages.browser.find_element("link text", platform.group_name).click()
    picture = pages.browser.find_element("css selector", "#graph svg")
    assert picture.get_attribute("aria-label") == f"Resources of {platform.group_name}"
    frames = {
        words.text.rstrip("0123456789")
        for words in pages.browser.find_elements("css selector", ".group > text")
    }
    assert {"Storage", "Identities", "Machine learning", "Access"} <= frames
    pages.browser.find_element("css selector", "#graph a").click()
    assert pages.browser.current_url.partition("#")[2], "a box leads to its row"
    assert pages.complaints() == []
    assert pages.asked_elsewhere() == []


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_pages_follow_the_ground_that_the_reader_likes(pages, done, address, ground):
    feature = [{"name": "prefers-color-scheme", "value": ground}]
    pages.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": feature})
    try:
        pages.as_persona("data-scientist")
        pages.open(address(done))
        shown = pages.wait("getComputedStyle(document.body).backgroundColor")
        box = pages.wait("getComputedStyle(document.querySelector('section')).backgroundColor")
        light = [sum(int(part) for part in colour[4:-1].split(",")) > 384 for colour in (shown, box)]
        assert light == [ground == "light"] * 2
    finally:
        pages.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_a_narrow_window_needs_no_sideways_scrolling(pages, done, address, platform):
    narrow = {"width": 380, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    pages.as_persona("infra-engineer")
    pages.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", narrow)
    try:
        for path in ("/studio/", "/studio/jobs", "/studio/computes", address(done)):
            pages.open(path)
            width = pages.wait("document.documentElement.scrollWidth")
            assert width <= 380, f"{path} is {width} wide"
    finally:
        pages.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_pages_can_be_read_without_scripts(pages, done, address):
    pages.as_persona("data-scientist")
    pages.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        pages.open(address(done))
        assert "<b>said</b> é" in pages.text("#screen")
        assert not pages.browser.find_element("css selector", "label.live-only").is_displayed()
    finally:
        pages.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_mlflow_s_own_pages_show_experiments_and_runs_and_ask_nothing_elsewhere(pages, platform, logged):
    name, signal = logged
    signal.touch()
    platform.wait(name)
    pages.as_persona("data-scientist")
    pages.open(f"/studio/mlflow?wsid={platform.name}")
    pages.wait("document.body.innerText.includes('live one')", 60)
    assert "/runs" in pages.browser.current_url
    pages.browser.execute_script("location.hash = '#/experiments'")
    pages.wait("[...document.querySelectorAll('a')].some(a => a.innerText === 'tests')", 60)
    assert pages.asked_elsewhere() == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "ajax-api/2.0/mlflow/runs/delete"),
        ("POST", "ajax-api/2.0/mlflow/experiments/create"),
        ("POST", "ajax-api/3.0/mlflow/gateway/secrets/create"),
        ("GET", "ajax-api/3.0/mlflow/gateway/secrets/list"),
        ("POST", "ajax-api/2.0/mlflow/registered-models/create"),
        ("DELETE", "ajax-api/2.0/mlflow/registered-models/delete"),
        ("POST", "_twin/runs"),
    ],
)
def test_mlflow_s_pages_change_nothing(visit, platform, method, path):
    client = visit("data-scientist")
    root = client.get(f"/studio/mlflow?wsid={platform.name}").headers["location"].partition("#")[0]
    reply = client.request(method, root + path, json={"name": "x", "experiment_id": "0"})
    assert reply.status_code == 403
    assert reply.json()["error_code"] == "PERMISSION_DENIED"


def test_mlflow_s_pages_are_for_those_who_may_read_the_runs(visit, platform):
    root = (
        visit("data-scientist")
        .get(f"/studio/mlflow?wsid={platform.name}")
        .headers["location"]
        .partition("#")[0]
    )
    assert visit("nobody").get(root).status_code == 403
