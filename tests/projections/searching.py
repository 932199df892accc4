"""Short forms for what is found by whom."""

import json
from typing import Any

from projections import search
from projections.as_of import Page, Sort
from projections.standing import Filter
from tests.projections.ledger import Ledger
from tests.projections.story import Story


def say(story: Story, claim_id: str, text: str, said: dict[str, Any] | None = None, **envelope: Any) -> str:
    """Report a claim with this text."""
    data = {"claim": {"text": text}, "speaker": {"name": "Kyiv Post"}, **(said or {})}
    return story.post("ClaimReported", data, claim_id, **envelope)


def find(ledger: Ledger, audience: int = 2, **which: Any) -> list[str]:
    """Return the claims that are found, in their order."""
    return [json.loads(each.item)["claim_id"] for each in found(ledger, audience, **which)]


def found(ledger: Ledger, audience: int = 2, sort: Sort = "rank", **which: Any) -> list[search.Found]:
    """Return what is found, on one page."""
    page = Page(position=ledger.position, sort=sort, after=None, limit=50)
    return search.list_claims(ledger.connection, Filter(**which), audience, page)
