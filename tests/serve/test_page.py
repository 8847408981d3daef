"""The page in a real browser: type, change labels, compare, explain, drop a file, download."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from emoscope.serve.app import AppOptions
from emoscope.serve.limits import Limits
from emoscope.serve.pages import load_page_files
from tests.inference.independent import independent
from tests.serve.running import listening

BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
KEY = "first-key-of-16-chars"
CSV = 'id,comment\n1,"so happy, truly"\n2,\n3,"he said ""no"""\n4,the bus is late\n'


def test_the_page_loads_nothing_from_elsewhere(service):
    page = service.get("/").text
    for name, (content, _) in load_page_files().items():
        text = content.decode()
        # Names of namespaces are no addresses.
        found = set(re.findall(r"https?://[^\s\"')]+", text)) - {"http://www.w3.org/2000/svg"}
        assert not found, name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|eval\(|document\.write", text)
        assert service.get(f"/page/{name}").content == content
    assert not re.search(r"<style|<script(?! type=\"module\" src=)|style=|\son\w+=", page)
    used = set(re.findall(r'(?:href|src)="/page/([\w.]+)"', page))
    assert used <= set(load_page_files())
    for content, _ in load_page_files().values():
        assert set(re.findall(r'from "\./([\w.]+)"', content.decode())) <= set(load_page_files())


def test_the_reference_has_every_route(service):
    page = service.get("/docs").text
    for path in service.get("/openapi.json").json()["paths"]:
        assert path in page
    assert "<script" not in page
    assert 'id="overloaded"' in page


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    if BROWSER is None:
        pytest.skip("no Chromium is installed")
    with playwright.sync_playwright() as started:
        # A container has no user namespaces for the sandbox.
        opened = started.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def server():
    limits = Limits(characters=500, texts=2)
    with listening(options=AppOptions(limits=limits)) as started:
        yield started


@pytest.fixture(scope="module")
def tab(browser):
    with browser.new_context(viewport={"width": 1000, "height": 800}) as context:
        opened = context.new_page()
        opened.set_default_timeout(20_000)
        yield opened


@pytest.fixture
def page(tab, server):
    """The page, loaded anew; afterwards it must have complained about nothing."""
    wrong = []

    def complain(said):
        wrong.append(getattr(said, "text", str(said)))

    tab.on("pageerror", complain)
    tab.on("console", complain)
    tab.goto(server.url)
    tab.wait_for_selector("#first select")
    yield tab
    tab.remove_listener("pageerror", complain)
    tab.remove_listener("console", complain)
    # Chromium says so itself when a request is refused.
    assert [text for text in wrong if "Failed to load resource" not in text] == []


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    """A folder for screenshots, to be looked at: `EMOSCOPE_PICTURES`, else a temporary one."""
    named = os.environ.get("EMOSCOPE_PICTURES")
    return Path(named) if named else tmp_path_factory.mktemp("pictures")


def shown_bars(page):
    rows = page.locator("table.bars").first.locator("tr").all()
    cells = [
        (row.locator("th").inner_text(), row.locator("td.number").inner_text()) for row in rows
    ]
    return [(re.sub(r"^✓ | \*$", "", name), number) for name, number in cells]


def check_accessible(page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page).response["violations"]
    assert [(each["id"], each["impact"]) for each in found] == []


def test_a_text_is_scored_with_bars_and_wheel(page, pictures):
    page.fill("#text", "I got the job!")
    page.click("#show")
    page.wait_for_selector("table.bars")
    [expected] = independent().annotate(["I got the job!"], top_k=12)
    assert shown_bars(page) == [(s.label, f"{100 * s.probability:.1f} %") for s in expected]
    wheel = page.locator("svg[role=img]")
    assert "Plutchik's wheel." in wheel.get_attribute("aria-label")
    assert wheel.locator("path").count() > 8
    page.screenshot(path=pictures / "scored.png", full_page=True)


def test_a_conversation_with_other_labels_and_a_comparison(page, pictures):
    page.check("input[value=conversation]")
    page.fill("#text", "guess what\nwhat?\n\nI got the job!")
    page.select_option("#first-set", "typed")
    page.fill("#first-typed", "joy, calm|serene")
    page.check("#compare")
    page.click("#show")
    page.wait_for_selector("section[aria-label='Second set of labels'] table.bars")
    turns = ["guess what", "what?", "I got the job!"]
    [expected] = independent({"joy": "joy", "calm": ["calm", "serene"]}).annotate([turns])
    assert [name for name, _ in shown_bars(page)] == [score.label for score in expected]
    assert "Not among the labels" in page.inner_text("#results")
    page.screenshot(path=pictures / "compared.png", full_page=True)


def test_words_are_coloured(page, pictures):
    text = "so 😊 happy, <b>so</b> tired"
    page.fill("#text", text)
    page.press("#text", "Control+Enter")
    page.wait_for_selector("button.explain")
    label = page.locator("select[aria-label='Label to explain']").input_value()
    page.click("button.explain")
    page.wait_for_selector("p.turn")
    assert page.inner_text("p.turn") == text
    found = independent().explain(text, [label])
    signs = [value > 0 for value in found.attributions[0]]
    marked = page.locator("p.turn span").all()
    assert [span.inner_text() for span in marked] == [span.text for span in found.spans]
    for span, positive in zip(marked, signs, strict=True):
        kind = span.get_attribute("class") or ""
        assert not kind or kind.startswith("for" if positive else "against")
    check_accessible(page)
    page.screenshot(path=pictures / "explained.png", full_page=True)


def drop_file(page, name, content):
    page.evaluate(
        """([name, content]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([content], name));
            const options = { dataTransfer: transfer, bubbles: true, cancelable: true };
            document.getElementById("drop").dispatchEvent(new DragEvent("drop", options));
        }""",
        [name, content],
    )


def test_a_file_is_dropped_annotated_and_downloaded(page, pictures, tmp_path):
    import csv

    drop_file(page, "mine.csv", CSV)
    page.wait_for_selector("#job")
    assert page.locator("#column").evaluate("it => it.selectedOptions[0].text") == "comment"
    page.click("#annotate")
    page.wait_for_selector("#download")
    assert page.inner_text("#job-status").startswith("Done: 4 rows; 1 had no text")
    with page.expect_download() as downloading:
        page.click("#download")
    assert downloading.value.suggested_filename == "mine-emotions.csv"
    downloading.value.save_as(tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["1", "2", "3", "4"]
    [expected] = independent().annotate([rows[2]["comment"]])
    assert rows[2]["comment"] == 'he said "no"'
    for score in expected:
        assert float(rows[2][score.label]) == pytest.approx(score.probability, abs=1e-6)
    assert rows[1]["joy"] == ""
    assert "no text" in rows[1]["error"]
    page.screenshot(path=pictures / "file.png", full_page=True)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.csv", "", "empty"),
        ("torn.csv", 'text\n"never closed', "never closed"),
        ("ragged.csv", "a,b\n1,2\n3\n4,5,6\n", "Row 2"),
        ("bad.jsonl", '{"text": "a"}\nnothing\n', "Line 2"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_in_words(page, name, content, says):
    drop_file(page, name, content)
    page.wait_for_selector("#problem .problem")
    assert says in page.inner_text("#problem")
    assert not page.is_visible("#job")


def test_errors_are_told_in_words(page, pictures):
    page.fill("#text", " ")
    page.click("#show")
    assert "Type a text first" in page.inner_text("#problem")
    page.fill("#text", "a" * 600)
    page.click("#show")
    page.wait_for_selector("#problem:has-text('at most 500 characters')")
    page.fill("#text", "a text")
    page.select_option("#first-set", "typed")
    page.fill("#first-typed", "joy, joy")
    page.click("#show")
    page.wait_for_selector("#problem:has-text('more than once')")
    check_accessible(page)
    page.screenshot(path=pictures / "error.png", full_page=True)
    page.fill("#first-typed", "joy")
    page.click("#show")
    page.wait_for_selector("table.bars")
    assert not page.inner_text("#problem")


def test_a_busy_service_and_one_that_is_gone_are_told_in_words(page):
    busy = {"status": 429, "headers": {"Retry-After": "1"}, "content_type": "application/json"}
    page.route("**/v1/annotate", lambda route: route.fulfill(**busy, body=json.dumps({})))
    page.click("#show")
    page.wait_for_selector("#problem:has-text('busy')")
    page.unroute("**/v1/annotate")
    page.route("**/v1/annotate", lambda route: route.abort())
    page.click("#show")
    page.wait_for_selector("#problem:has-text('cannot be reached')")
    page.unroute("**/v1/annotate")


def test_it_works_with_the_keyboard_alone(page):
    page.focus("#text")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "show":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("table.bars")


def test_it_fits_narrow_and_dark_screens(browser, server, pictures):
    options = {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark"}
    with browser.new_context(**options) as context:
        page = context.new_page()
        page.goto(server.url)
        page.wait_for_selector("#first select")
        page.check("#compare")
        page.click("#show")
        page.wait_for_selector("table.bars")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        check_accessible(page)
        page.screenshot(path=pictures / "narrow.png", full_page=True)


def test_a_key_is_asked_for(tab):
    with listening(options=AppOptions(keys=(KEY,))) as server:
        tab.goto(server.url)
        tab.wait_for_selector("#problem:has-text('API key')")
        tab.fill("#key", KEY)
        tab.click("#show")
        tab.wait_for_selector("table.bars")
