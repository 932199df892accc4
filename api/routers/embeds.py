"""What others take into their own pages and readers, of what everyone may read: the feed, and badges."""

import json

from starlette.responses import Response

from api.auth import Reader
from api.badge import render_badge
from api.caching import Reading, answer
from api.errors import NotFoundError
from api.feed import render_feed
from api.ports import Key
from api.requests import ApiRequest
from api.routing import new_router
from domain.audience import PUBLIC
from domain.reader import NOW

router = new_router("embeds")

_FEED = b"application/feed+json"
_SVG = b"image/svg+xml"
_ITEMS = 50
_BADGE_HEADERS = [
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"cross-origin-resource-policy", b"cross-origin"),
]
_BADGE_S = 60


@router.get("/feed.json", include_in_schema=False)
async def get_feed(request: ApiRequest, key: Reader) -> Response:
    """Return the last changes of standing that the public sees, as a JSON Feed."""
    reading = _public(request, key)
    changes = await request.ports.views.list_changes(_ITEMS)
    home_url = str(request.base_url)
    return answer(request, reading, render_feed(changes, home_url, f"{home_url}feed.json"), media_type=_FEED)


@router.get("/claims/{claim_id}/badge.svg", include_in_schema=False)
async def get_badge(request: ApiRequest, key: Reader, claim_id: str) -> Response:
    """Return a picture of where a claim stands, as the public sees it."""
    reading = _public(request, key)
    document = await request.ports.views.get_claim(claim_id, PUBLIC, NOW)
    if document is None:
        raise NotFoundError(f"there is no claim {claim_id}")
    claim = json.loads(document.body)
    standing = claim["standing"]
    body = render_badge(claim["text"] or claim_id, standing["status"], is_contested=standing["contested"])
    response = answer(request, reading, body, media_type=_SVG)
    # A page that shows a badge a hundred times asks for it once a minute.
    kept = b"%b, max-age=%d" % (b"private" if key else b"public", _BADGE_S)
    others = [header for header in response.raw_headers if header[0] != b"cache-control"]
    response.raw_headers = [*others, (b"cache-control", kept), *_BADGE_HEADERS]
    return response


def _public(request: ApiRequest, key: Key | None) -> Reading:
    return Reading(PUBLIC, request.ports.views.position, key is not None)
