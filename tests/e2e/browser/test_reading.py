"""What a reader sees, with scripts and without, by keyboard, on paper and on any screen."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser.conftest import Desk, use_key
from tests.e2e.browser.test_living import report
from tests.e2e.test_bulk import needs_emergent

CLAIM = "/claims/nk-six-officers-killed"
PAGES = ["/", CLAIM, f"{CLAIM}?known_at=2999-01-01", "/?status=denied", "/docs", "/problems/malformed", "/sources"]
AXE = Axe()


def test_the_page_of_the_officers_names_who_said_what_and_why_it_stands_so(page: Page):
    page.goto(CLAIM)
    said = page.get_by_role("region", name="Who said what")
    expect(said).to_contain_text("Kyiv Post reported it, 2024-10-04 (“Oct. 4”)")
    expect(said).to_contain_text("unnamed sources with alleged access to military intelligence")
    expect(said).to_contain_text("Washington Examiner")
    expect(said).to_contain_text("Dmitry Peskov (Kremlin spokesman, Kremlin) denied it by implication")
    why = page.get_by_role("region", name="Why it stands so")
    expect(why).to_contain_text("Denied? Yes: 1 denial.")
    expect(why).to_contain_text("Contested: somebody speaks for it, and somebody against it.")
    record = page.get_by_role("region", name="The record")
    expect(record).to_contain_text("Said2024-10-04 to 2024-11-15 inferred")
    expect(record.locator("time").first).to_have_attribute("datetime", re.compile(r"^20\d\d-.*Z$"))


def test_everything_can_be_read_without_scripts(browser: Browser, desk: Desk):
    context = browser.new_context(base_url=desk.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_text("Filters").click()
    page.get_by_label("Status").select_option("denied")
    page.get_by_role("button", name="Show").first.click()
    assert "status=denied" in page.url
    page.get_by_role("link", name=re.compile("Six North Korean officers")).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Six North Korean officers")
    page.get_by_label("What was known at").fill("2024-01-01")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not found")
    context.close()


@needs_emergent
@pytest.mark.parametrize("status", ["confirmed", "refuted", "assessed"])
def test_a_rumour_says_why_it_stands_so_and_what_came_late(page: Page, desk: Desk, status: str):
    with desk.service.client() as client:
        found = client.get("/v1/claims", params={"status": status, "limit": 200, "sort": "claim_id"}).json()["claims"]
    claim = max(found, key=lambda each: each["standing"]["late_arrivals"])
    page.goto(f"/claims/{claim['claim_id']}")
    expect(page.locator(".headline .status")).to_have_text(status.capitalize())
    expect(page.locator(".ladder .applies")).to_contain_text(f"{status.capitalize()}? Yes: ")
    late = claim["standing"]["late_arrivals"]
    assert page.locator(".clocks .mark.late").count() >= late
    if late:
        expect(page.get_by_role("region", name="Why it stands so")).to_contain_text("recorded over a day after")


def test_the_page_of_a_claim_shows_likelihood_evidence_and_where_linked_claims_stand(page: Page):
    page.goto("/claims/nk-casualties-ukraine")
    likely = page.get_by_role("region", name="How likely, in the last assessor’s words")
    expect(likely).to_contain_text("80 to 95 %")
    expect(likely.get_by_role("img", name="80 to 95 per cent")).to_be_visible()
    beside = page.get_by_role("region", name="Beside other claims")
    expect(beside).to_contain_text("Six North Korean officers deployed to Russian-occupied territory")
    expect(beside.locator(".status")).to_have_text(["Denied", "Denied"])
    page.goto("/claims/kim-materially-supports-war")
    evidence = page.locator(".entry.EvidenceAttached")
    expect(evidence).to_contain_text("supports it")
    expect(evidence).to_contain_text("Korean language characters found on remnants")


@pytest.mark.parametrize("width", [390, 1280])
def test_what_is_seen_first_is_read_first_and_the_contested_come_before_the_counts(page: Page, width: int):
    page.set_viewport_size({"width": width, "height": 844})
    page.goto("/")
    order = [page.get_by_role("search"), page.get_by_role("region", name="Contested"), page.locator("#statuses")]
    tops = [(each.bounding_box() or {"y": -1})["y"] for each in order]
    assert tops[0] < tops[1] < 400
    assert tops[1] < tops[2] if width < 960 else tops[2] < 400
    names = page.locator("#front > form, #front > section, #front > aside").evaluate_all(
        "all => all.map(each => each.className.split(' ')[0])"
    )
    assert names == ["filters", "desk", "first", "rail-side", "listed"]


def test_a_wall_screen_is_set_larger(page: Page):
    sizes = []
    for width in (1280, 2560):
        page.set_viewport_size({"width": width, "height": 1440})
        page.goto("/")
        sizes.append(page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)"))
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert sizes[1] >= 1.4 * sizes[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("url", PAGES)
def test_nobody_stumbles(page: Page, url: str, width: int, scheme: str):
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(url)
    results = AXE.run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    assert results.violations_count == 0, results.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_keyboard_reaches_everything(page: Page):
    page.goto(CLAIM)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    reached = set()
    for _ in range(60):
        reached.add(page.evaluate("document.activeElement.textContent || document.activeElement.name || ''").strip())
        page.keyboard.press("Tab")
    assert {"known_at", "valid_at", "Show", "Check", "proof"} <= reached


def test_a_status_has_a_sign_and_a_word(page: Page):
    page.goto("/")
    for row in page.locator("#statuses .status").all():
        assert row.inner_text().strip()
        assert row.locator("svg.sign > *").count() >= 1
    signs = page.locator("#statuses .status svg").evaluate_all("all => all.map(each => each.innerHTML)")
    assert len(set(signs)) == len(signs) == 8


def test_filters_and_the_past_stand_in_the_address(page: Page):
    page.goto("/")
    page.get_by_text("Filters").click()
    page.get_by_label("Status").select_option("denied")
    page.locator("#filters").get_by_role("button", name="Show").click()
    page.wait_for_url(re.compile("status=denied"))
    assert page.locator("#claims .claim").count() == page.locator("#claims .status.denied").count() > 0
    page.evaluate("setTimeout(() => history.back())")
    expect(page.get_by_role("heading", name="Changed last")).to_be_visible()
    slide = page.get_by_role("slider")
    slide.focus()
    page.keyboard.press("Home")
    expect(page).to_have_url(re.compile("known_at="))
    expect(page.locator(".cut-notice")).to_contain_text("This is not today’s page")
    expect(page.locator("#counts")).to_have_text("1 claim")
    page.get_by_role("link", name="Back to now").first.click()
    expect(page.locator(".cut-notice")).to_have_count(0)


def test_a_claim_has_a_slider_for_each_clock(page: Page, desk: Desk):
    first = desk.post(report("A mast fell.", occurred_at="2024-10-01"))
    data = {"speaker": {"name": "The mayor"}}
    desk.post({"type": "ClaimDenied", "claim_id": first["claim_id"], "occurred_at": "2024-10-04", "data": data})
    page.goto(f"/claims/{first['claim_id']}")
    status = page.locator(".headline .status")
    known, happened = page.get_by_role("slider").all()
    known.press("Home")
    expect(page.locator(".cut-notice")).to_contain_text("what was on record at")
    expect(status).to_have_text("Reported")
    known.press("End")
    expect(status).to_have_text("Denied")
    happened.press("Home")
    expect(page).to_have_url(re.compile("[?]valid_at=2024-10-01"))
    expect(status).to_have_text("Reported")
    expect(page.locator("#e2")).to_contain_text("Said after 2024-10-01")


def test_a_key_shows_what_it_may_read_and_leaves_no_trace_in_the_address(page: Page, desk: Desk):
    text = "Only the staff may read this."
    data = {"claim": {"text": text}, "speaker": {"name": "Desk"}}
    desk.post({"type": "ClaimReported", "classification": "internal", "data": data})
    page.goto("/")
    expect(page.get_by_text(text)).to_have_count(0)
    use_key(page, desk.key)
    expect(page.get_by_text(text).first).to_be_visible()
    assert desk.key not in page.url
    page.get_by_role("button", name="Forget the key").click()
    expect(page.get_by_text(text)).to_have_count(0)
