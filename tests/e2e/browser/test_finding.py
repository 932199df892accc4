"""What a reader finds: by search, by source, by scrolling, and what is near to a claim that is being typed."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.browser.conftest import Desk, use_key
from tests.e2e.browser.test_living import report


def test_a_search_shows_what_it_found_and_where(page: Page):
    page.goto("/")
    page.get_by_label("Search").fill("officers donetsk")
    page.get_by_label("Search").press("Enter")
    page.wait_for_url(re.compile("q=officers"))
    found = page.get_by_role("region", name="Found").locator(".claim").first
    expect(found).to_contain_text("officers")
    assert {text.lower() for text in found.locator("mark").all_inner_texts()} & {"officers", "donetsk"}
    page.get_by_role("link", name="All claims").click()
    expect(page.get_by_role("heading", name="Changed last")).to_be_visible()


def test_a_source_has_its_figures_and_leads_to_its_claims(page: Page):
    page.goto("/sources")
    rows = [row.locator("td.figure").all_inner_texts() for row in page.locator("tbody tr").all()]
    said = [sum(int(each.replace(",", "")) for each in row[:2]) for row in rows]
    assert said == sorted(said, reverse=True)
    link = page.locator("tbody").get_by_role("link").first
    name = link.inner_text()
    link.click()
    page.wait_for_url(re.compile("(speaker|outlet)="))
    expect(page.locator("#claims .claim").first).to_be_visible()
    assert name in [page.get_by_label(label, exact=True).input_value() for label in ("Speaker", "Outlet")]


def test_a_long_list_grows_by_pages_and_shows_each_claim_once(page: Page, desk: Desk):
    for number in range(60):
        desk.post(report(f"A long list has claim {number}.", speaker="List"))
    page.goto("/?limit=5&speaker=List")
    claims = page.get_by_role("region", name="Found").locator(".claim")
    for shown in (55, 60):
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        expect(claims.nth(shown - 1)).to_be_attached()
    expect(page.locator("#more")).to_have_count(0)
    ids = claims.evaluate_all("all => all.map(each => each.dataset.claim)")
    assert len(ids) == len(set(ids)) == 60
    # However long the list, what is laid out at once is a part of it.
    lists = page.locator("#changed ~ .claims, #rest .claims")
    assert [each.locator(".claim").count() for each in lists.all()] == [5, 25, 25, 5]
    expect(page.locator("#live")).to_have_text(re.compile("^Live"), timeout=30_000)
    desk.post({"type": "ClaimDenied", "claim_id": ids[-1], "data": {"speaker": {"name": "The mayor"}}})
    expect(claims.first).to_have_attribute("data-claim", ids[-1])
    expect(page.locator(f'#changed ~ * [data-claim="{ids[-1]}"]')).to_have_count(1)
    # Nor is one lost that the changed one has pushed off the first page.
    expect(claims).to_have_count(60)
    assert claims.evaluate_all("all => all.map(each => each.dataset.claim)") == [ids[-1], *ids[:-1]]


def test_of_a_long_list_only_what_is_near_is_drawn_and_yet_all_of_it_is_found(page: Page, desk: Desk):
    for number in range(120):
        desk.post(report(f"A far list has claim {number}.", speaker="Far list"))
    page.goto("/?speaker=Far+list")
    claims = page.get_by_role("region", name="Found").locator(".claim")
    for shown in (100, 120):
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        expect(claims.nth(shown - 1)).to_be_attached()
    # The browser looks at each of those again whenever the page moves: there must be few of them.
    watched = (
        "[...document.querySelectorAll('*')].filter(all => getComputedStyle(all).contentVisibility == 'auto').length"
    )
    assert page.evaluate(watched) == 3
    drawn = "all => all.filter(each => each.checkVisibility({ contentVisibilityAuto: true })).length"
    far = claims.nth(60)
    page.evaluate("scrollTo(0, 0)")
    expect(far).not_to_be_in_viewport()
    page.wait_for_function(f"({drawn})([...document.querySelectorAll('.claim')]) <= 75")
    assert page.evaluate("find('A far list has claim 3.')")
    far.get_by_role("link").focus()
    expect(far).to_be_in_viewport()
    page.keyboard.press("Tab")
    expect(claims.nth(61).get_by_role("link")).to_be_focused()
    page.emulate_media(media="print")
    assert claims.evaluate_all(drawn) == 120


def test_a_reader_who_comes_back_finds_the_place_again(page: Page, desk: Desk):
    for number in range(60):
        desk.post(report(f"A way back has claim {number}.", speaker="Way back"))
    page.goto("/?limit=10&speaker=Way+back")
    claims = page.get_by_role("region", name="Found").locator(".claim")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(claims).to_have_count(60)
    claims.nth(40).get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A way back has claim 19.")
    page.evaluate("setTimeout(() => history.back())")
    expect(claims).to_have_count(60)
    expect(claims.nth(40)).to_be_in_viewport()


def test_what_a_key_has_loaded_later_goes_with_the_key(page: Page, desk: Desk):
    for number in range(12):
        level = "public" if number > 5 else "confidential"
        desk.post(report(f"A mixed list has claim {number}.", speaker="Mixed list", classification=level))
    page.goto("/?limit=4&speaker=Mixed+list")
    use_key(page, desk.key)
    claims = page.get_by_role("region", name="Found").locator(".claim")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(claims).to_have_count(12)
    page.get_by_role("button", name="Forget the key").click()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(claims).to_have_count(6)
    expect(claims.last).to_have_text(re.compile("claim 6"))


def test_claims_near_to_the_one_being_typed_are_shown_beside_it(page: Page, desk: Desk):
    page.goto("/")
    use_key(page, desk.key)
    page.get_by_role("button", name="Report a new claim").click()
    field = page.get_by_label("The claim, in one sentence")
    field.press_sequentially("Six North Korean officers were killed near Donetsk")
    near = page.locator(".near")
    expect(near.get_by_role("status")).to_contain_text(re.compile("on record comes? near to this"))
    link = near.get_by_role("link", name=re.compile("Six North Korean officers"))
    expect(link).to_have_attribute("href", "/claims/nk-six-officers-killed")
    page.keyboard.press("Tab")
    expect(near.get_by_role("link").first).to_be_focused()
    assert Axe().run(page).violations_count == 0
    field.fill("Xyzzy quux plugh frobnicates.")
    expect(near.get_by_role("link")).to_have_count(0)
    expect(near.get_by_role("status")).to_have_text("")


def test_what_a_key_may_not_read_is_not_suggested_and_goes_with_the_key(page: Page, desk: Desk):
    text = "The vault under the opera was emptied on Sunday."
    data = {"claim": {"text": text}, "speaker": {"name": "Desk"}}
    desk.post({"type": "ClaimReported", "classification": "confidential", "data": data})
    for key, seen in ((desk.service.create_key("junior", "reporter"), 0), (desk.key, 1)):
        page.goto("/")
        use_key(page, key)
        page.get_by_role("button", name="Report a new claim").click()
        with page.expect_response(re.compile("similar_to=")):
            page.get_by_label("The claim, in one sentence").fill("The vault under the opera was emptied")
        expect(page.locator(".near").get_by_text(text)).to_have_count(seen)
        page.get_by_role("button", name="Forget the key").click()
        expect(page.get_by_text(text)).to_have_count(0)
