"""The page as the ledger goes on: live, posting, proofs, and a service that is started again."""

import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.browser.conftest import Desk, use_key

CLAIM = "/claims/nk-officers-deployed-donetsk"


def report(text: str, speaker: str = "Kyiv Post", **members: object) -> dict[str, object]:
    return {"type": "ClaimReported", "data": {"claim": {"text": text}, "speaker": {"name": speaker}}, **members}


def wait_until_live(page: Page) -> None:
    expect(page.locator("#live")).to_have_text(re.compile("^Live"), timeout=30_000)


def test_what_one_window_posts_the_other_shows(context: BrowserContext, desk: Desk):
    reading, posting = context.new_page(), context.new_page()
    reading.goto("/")
    wait_until_live(reading)
    posting.goto("/")
    use_key(posting, desk.key)
    posting.get_by_role("button", name="Report a new claim").click()
    posting.get_by_label("The claim, in one sentence").fill("A bridge was opened in one window.")
    posting.get_by_label("Who says so").fill("Kyiv Post")
    posting.get_by_role("button", name="Put it on record").click()
    expect(reading.get_by_text("A bridge was opened in one window.").first).to_be_visible(timeout=5000)
    expect(posting.get_by_role("heading", level=1)).to_have_text("A bridge was opened in one window.")


def test_what_the_ledger_refuses_is_shown_at_its_field(page: Page, desk: Desk):
    page.goto(CLAIM)
    use_key(page, desk.key)
    page.get_by_role("button", name="Deny").click()
    page.get_by_label("Who says so").fill("A minister")
    when = page.get_by_label("When (a date")
    when.fill("2024-13-01")
    page.get_by_role("button", name="Put it on record").click()
    expect(when).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".fault")).to_contain_text("no such date")
    when.fill("2024-10-06")
    page.get_by_role("button", name="Put it on record").click()
    expect(page.get_by_role("region", name="Who said what")).to_contain_text("A minister denied it, 2024-10-06")
    expect(page.locator(".headline .status")).to_have_text("Denied")


def test_an_editor_corrects_and_retracts_from_the_page(page: Page, desk: Desk):
    receipt = desk.post(report("A ship ran aground."))
    page.goto(f"/claims/{receipt['claim_id']}")
    use_key(page, desk.key)
    page.get_by_role("button", name="Correct an entry").click()
    page.get_by_label("Who said it, rightly").fill("Kyiv Times")
    page.get_by_role("textbox", name="Why").fill("misheard")
    page.get_by_role("button", name="Put it on record").click()
    record = page.get_by_role("region", name="The record")
    expect(record).to_contain_text("Kyiv PostKyiv Times")
    page.get_by_role("button", name="Retract an entry").click()
    page.get_by_role("textbox", name="Why").fill("it was another ship")
    page.get_by_role("button", name="Put it on record").click()
    expect(record).to_contain_text("Retracted by entry 3: it no longer counts.")
    expect(page.locator(".headline .status")).to_have_text("Unreported")


@pytest.mark.parametrize(
    ("does", "fills", "status"),
    [
        ("Assess", {"Verdict": "false", "Settles it (only for a verdict against it)": True}, "Refuted"),
        ("Assess", {"Verdict": "unproven", "Rationale": "Nobody was there."}, "Assessed"),
        ("Confirm", {"On what grounds": "court_finding"}, "Confirmed"),
        ("Report", {"In their words": "So it was."}, "Reported"),
    ],
)
def test_an_editor_has_a_say_from_the_page(page: Page, desk: Desk, does: str, fills: dict[str, Any], status: str):
    page.goto(f"/claims/{desk.post(report('A dam broke.'))['claim_id']}")
    use_key(page, desk.key)
    page.get_by_role("button", name=does, exact=True).click()
    page.get_by_label("Who says so").fill("The water board")
    for label, value in fills.items():
        field = page.get_by_label(re.compile(f"^{re.escape(label)}"))
        if value is True:
            field.check()
        elif field.evaluate("each => each.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.get_by_role("button", name="Put it on record").click()
    expect(page.get_by_role("region", name="Who said what")).to_contain_text("The water board")
    expect(page.locator(".headline .status")).to_have_text(status)


def test_what_was_erased_is_marked_and_its_place_is_proved(page: Page, desk: Desk):
    receipt = desk.post(report("A witness was named."))
    admin = desk.service.create_key("admin", "admin")
    data = {"target_event_id": receipt["event_id"], "reason": "a name", "reason_kind": "personal_data"}
    with desk.service.client(admin) as client:
        erasure = {"type": "EventErased", "claim_id": receipt["claim_id"], "data": data}
        client.post("/v1/events", params={"wait": "published"}, json=erasure).raise_for_status()
    page.goto(f"/claims/{receipt['claim_id']}")
    erased = page.locator("#e1")
    expect(erased).to_contain_text("The content of this entry was destroyed by entry 2.")
    erased.get_by_role("button", name="Check").click()
    expect(erased.locator(".good")).to_contain_text("Erased, its digest kept. Entry")
    expect(page.get_by_text("A witness was named.")).to_have_count(0)


def test_every_entry_and_checkpoint_is_checked_in_the_browser(page: Page):
    page.goto(CLAIM)
    page.get_by_role("button", name="Check").first.click()
    expect(page.locator(".proof .good")).to_contain_text("Unaltered. Entry", timeout=10_000)
    page.goto("/")
    expect(page.locator("#verified")).to_contain_text("Verified in this browser", timeout=10_000)


def test_a_log_that_was_changed_is_told(page: Page):
    page.goto("/")
    expect(page.locator("#verified")).to_contain_text("Verified in this browser", timeout=10_000)
    page.evaluate("""
        const seen = JSON.parse(localStorage.getItem("onrecord-checkpoint"));
        localStorage.setItem("onrecord-checkpoint", JSON.stringify({ ...seen, root: btoa("\\0".repeat(32)) }));
    """)
    page.reload()
    expect(page.locator("#verified")).to_contain_text("are not those seen before", timeout=10_000)


def test_streams_go_on_after_the_service_was_started_again(page: Page, desk: Desk):
    receipt = desk.post(report("A tower fell before the restart."))
    page.goto("/")
    wait_until_live(page)
    address = desk.url
    desk.service.restart()
    assert desk.url == address
    data = {"speaker": {"name": "The mayor"}}
    desk.post({"type": "ClaimDenied", "claim_id": receipt["claim_id"], "data": data})
    line = page.locator(f'#claims [data-claim="{receipt["claim_id"]}"]')
    expect(line.locator(".status")).to_have_text("Denied")
    assert page.locator(f'#claims [data-claim="{receipt["claim_id"]}"]').count() == 1
