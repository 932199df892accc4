"""What a reader sees when something fails: no script, no server, no key, or a claim that is hidden meanwhile."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.browser.conftest import Desk, use_key
from tests.e2e.browser.test_living import report, wait_until_live
from tests.e2e.service_process import ServiceProcess
from tests.e2e.test_streams import revoke


def test_a_script_that_can_not_be_had_takes_nothing_but_what_is_live(page: Page, desk: Desk):
    for number in range(3):
        desk.post(report(f"Something was heard {number} times.", speaker="Without scripts"))
    page.route("**/assets/merkle.js", lambda route: route.abort())
    page.goto("/?limit=2&speaker=Without+scripts")
    expect(page.locator("#claims .claim")).to_have_count(2)
    page.get_by_role("link", name="More claims").click()
    expect(page.locator("#claims .claim")).to_have_count(1)
    expect(page.locator("#tools")).to_be_empty()


def test_a_server_that_is_away_is_told_and_comes_back(page: Page, desk: Desk):
    page.goto("/")
    wait_until_live(page)
    desk.service.stop()
    expect(page.locator("#live")).to_have_text(re.compile("^Not connected since .*: what you see may be old"))
    assert page.locator("#claims .claim").count() > 0
    desk.service.start(int(desk.url.rpartition(":")[2]))
    wait_until_live(page)


def test_a_revoked_key_is_told_and_takes_its_reading_with_it_but_not_what_was_typed(page: Page, desk: Desk):
    text = "Only this desk may read what is said of the dam."
    desk.post(report(text, classification="confidential"))
    page.goto("/")
    use_key(page, desk.service.create_key("leaving", "editor"))
    expect(page.get_by_text(text).first).to_be_visible()
    page.get_by_role("button", name="Report a new claim").click()
    page.get_by_label("The claim, in one sentence").fill("A draft of an hour’s work.")
    revoke(desk.service, "leaving")
    expect(page.locator("#tools")).to_contain_text("The key is not good, or not any more.", timeout=20_000)
    expect(page.get_by_text(text)).to_have_count(0)
    expect(page.get_by_label("The claim, in one sentence")).to_be_hidden()
    use_key(page, desk.key)
    expect(page.get_by_label("The claim, in one sentence")).to_have_value("A draft of an hour’s work.")
    expect(page.locator("#tools")).not_to_contain_text("not good")


def test_a_claim_that_is_hidden_meanwhile_is_shown_no_more(page: Page, desk: Desk):
    receipt = desk.post(report("A name was read out by mistake."))
    page.goto(f"/claims/{receipt['claim_id']}")
    wait_until_live(page)
    data = {"target_event_id": receipt["event_id"], "reason": "a mistake", "classification": "confidential"}
    desk.post({"type": "EventReclassified", "claim_id": receipt["claim_id"], "data": data})
    # That there is an entry is not hidden.
    expect(page.get_by_role("heading", level=1)).to_have_text(receipt["claim_id"])
    expect(page.get_by_text("A name was read out")).to_have_count(0)


def test_an_instant_that_can_not_be_shown_is_refused_at_its_field(page: Page):
    page.goto("/claims/nk-six-officers-killed")
    field = page.get_by_label("What was known at")
    for wrong, said in (("yesterday", "known_at"), ("2999-01-01", "future")):
        field.fill(wrong)
        page.keyboard.press("Enter")
        expect(page.locator("#slider .fault")).to_contain_text(said)
        expect(page.get_by_role("heading", level=1)).to_contain_text("Six North Korean officers")
    field.fill("")
    page.keyboard.press("Enter")
    expect(page.locator("#slider .fault")).to_be_empty()


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[ServiceProcess]:
    """A service that nobody reads without a key."""
    with ServiceProcess(tmp_path / "data", public_reads="false") as service:
        yield service


def test_where_reading_needs_a_key_all_of_the_page_comes_with_it(browser: Browser, closed: ServiceProcess):
    key = closed.create_key("desk", "editor")
    assert closed.command("demo", "--url", closed.url, "--key", key).returncode == 0
    context: BrowserContext = browser.new_context(base_url=closed.url)
    page = context.new_page()
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("A good key is needed")
    use_key(page, key)
    expect(page.get_by_role("region", name="Contested").locator(".claim")).to_have_count(3)
    expect(page.get_by_role("slider")).to_be_visible()
    expect(page.get_by_role("button", name="Report a new claim")).to_be_visible()
    expect(page.locator("#verified")).to_contain_text("Verified in this browser", timeout=15_000)
    wait_until_live(page)
    context.close()
