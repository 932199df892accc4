"""Changes of standing as a JSON Feed (version 1.1, https://www.jsonfeed.org/version/1.1/)."""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from api.dashboard.words import STATUSES
from domain.times import format_brief
from projections.changes import Change

_VERSION = "https://jsonfeed.org/version/1.1"


def render_feed(changes: Iterable[Change], home_url: str, feed_url: str) -> bytes:
    """Return the feed of changes, in their order; `home_url` is where the addresses of claims begin."""
    feed = {
        "version": _VERSION,
        "title": "On Record: where claims stand",
        "description": "Each time that a claim comes to stand otherwise, as the public reads it.",
        "home_page_url": home_url,
        "feed_url": feed_url,
        "language": "en",
        "items": [_item(change, home_url) for change in changes],
    }
    return json.dumps(feed, ensure_ascii=False, separators=(",", ":")).encode()


def describe_standing(status: str, *, is_contested: bool) -> str:
    """Return a standing in words: Denied, contested."""
    return STATUSES[status] + ", contested" * is_contested


def _item(change: Change, home_url: str) -> dict[str, Any]:  # Any: JSON
    claim = json.loads(change.item)
    stands = describe_standing(change.status, is_contested=change.contested)
    before = "not on record"
    if change.former_status is not None:
        before = describe_standing(change.former_status, is_contested=bool(change.former_contested))
    item = {
        "id": f"urn:uuid:{change.event_id}",
        "url": f"{home_url}claims/{quote(change.claim_id)}",
        "title": claim["text"] or change.claim_id,
        "content_text": f"{stands}; before: {before}",
        "date_published": format_brief(change.recorded_us),
    }
    return {**item, "tags": claim["tags"]} if claim["tags"] else item
