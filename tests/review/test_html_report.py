"""The report as one HTML file, in a real browser: it works without a network, by keys, in light and dark."""

import json
import re
import shutil

import pytest
from hypothesis import given, settings

from tests.review.handmade import LIVE, large, review, rich
from tests.review.test_markdown_hostile import ATTACKS, hostile_reviews
from twinloop.review.html import html

STACKS = ("shared", "dev", "staging", "prod")


def test_four_large_stacks_are_less_than_two_megabytes():
    assert len(html(review(*(large(name, every=1) for name in STACKS))).encode()) < 2_000_000


def test_only_our_own_style_and_script_may_act():
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html(review(rich())))[1]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_the_first_line_says_what_was_compared():
    assert "<b>Code against code</b>: aaaaaaaaaa (main)" in html(review(rich()))
    assert "<b>Code against the live state</b>: the live state of Azure subscription 3f0c" in html(
        review(rich(), base=LIVE)
    )


@settings(max_examples=8)
@given(hostile_reviews)
def test_no_value_becomes_markup(reviewed):
    page = html(reviewed)
    assert page.count("<script") == 1
    assert not re.search(r"<(img|iframe|object|embed|form|base)\b", page)
    assert not re.search(r"<[^>]*\son\w+=", re.sub(r'="[^"]*"', '=""', page))


@pytest.fixture(scope="module")
def browser():
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip("chromium and chromedriver are not on PATH")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    sandbox = ("--no-sandbox", "--disable-dev-shm-usage")  # as CI's containers need it
    for argument in ("--headless=new", "--disable-gpu", "--window-size=1280,1000", *sandbox):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "review.html"
    path.write_text(html(review(rich("dev"), rich("prod"), large("staging"))))
    return path.as_uri()


@pytest.fixture
def page(browser, report):
    browser.get("about:blank")
    browser.get_log("performance"), browser.get_log("browser")
    browser.get(report)
    return browser


def shown(page):
    """Names of the changes that can be seen, of all stacks."""
    return page.execute_script(
        "return [...document.querySelectorAll('.change')].filter(c => c.offsetParent).map(c => c.dataset.op)"
    )


def test_it_logs_no_error_and_asks_nothing_of_a_network(page, report):
    events = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    asked = {e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"}
    assert page.get_log("browser") == []
    assert {url for url in asked if not url.startswith("data:")} == {report}


def test_a_button_hides_a_kind_of_change_and_shows_it_again(page):
    before = shown(page)
    button = page.find_element("css selector", "button[data-kind=delete]")
    button.click()
    assert "delete" in before
    assert shown(page) == [op for op in before if op != "delete"]
    assert button.get_attribute("aria-pressed") == "false"
    button.click()
    assert shown(page) == before


def test_the_field_finds_by_type_and_name(page):
    page.find_element("id", "find").send_keys("vault old")
    assert shown(page) == ["delete", "delete"]
    assert page.find_element("id", "found").text.startswith("2 of ")


def test_all_of_it_can_be_reached_by_keys(page):
    from selenium.webdriver import ActionChains, Keys

    reached = set()
    for _ in range(60):
        ActionChains(page).send_keys(Keys.TAB).perform()
        reached.add(page.switch_to.active_element.tag_name)
    assert {"button", "input", "summary", "a"} <= reached
    page.execute_script("document.querySelector('button[data-kind=create]').focus()")
    ActionChains(page).send_keys(Keys.SPACE).perform()
    assert "create" not in shown(page)


def test_a_box_of_the_picture_leads_to_its_change(page):
    box = page.find_element("css selector", "#s0 .picture a")
    page.execute_script("arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", box)
    anchor = page.execute_script("return location.hash.slice(1)")
    assert page.find_element("id", anchor).is_displayed()
    assert page.find_element("id", anchor).get_attribute("open") is not None


def test_the_picture_is_coloured_by_change(page):
    colours = page.execute_script(
        "return ['create','update','replace','delete','same'].map(k => getComputedStyle("
        "document.querySelector('#s0 .picture .kind-' + k + ' .bar')).fill)"
    )
    assert len(set(colours)) == 5


CONTRAST = """
const channel = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
const light = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number);
  return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); };
const ground = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
  if (!c.startsWith('rgba(0, 0, 0, 0)')) return c; } return 'rgb(255, 255, 255)'; };
const texts = [...document.querySelectorAll('p, td, th, .soft, .badge, a, code')];
return texts.filter(e => e.offsetParent).map(e => {
  const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05); }).reduce((x, y) => Math.min(x, y));
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_can_be_read_in_light_and_in_dark(page, scheme):
    media = [{"name": "prefers-color-scheme", "value": scheme}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": media})
    ground = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(13, 17, 23)")
    assert page.execute_script(CONTRAST) >= 4.5  # as WCAG 2 asks of text, level AA


def test_a_page_of_hostile_words_runs_nothing(browser, tmp_path):
    from tests.review.handmade import finding, resource, stack_review

    words = [finding("refuse", resource(attack), what=attack, fix=attack) for attack in ATTACKS]
    path = tmp_path / "hostile.html"
    path.write_text(html(review(stack_review(findings=words, notes=ATTACKS))))
    browser.get_log("browser")
    browser.get(path.as_uri())
    assert browser.get_log("browser") == []
    assert browser.execute_script("return document.querySelectorAll('article').length") == len(ATTACKS)


def test_on_a_narrow_screen_only_tables_and_pictures_scroll(page):
    page.set_window_size(500, 900)
    try:
        wide = page.execute_script("return document.documentElement.scrollWidth - innerWidth")
    finally:
        page.set_window_size(1280, 1000)
    assert wide <= 0
