"""The page of the sources: who reported and denied what, and how it turned out."""

from collections.abc import Sequence
from urllib.parse import urlencode

from api.dashboard.render import render
from projections.sources import Source


def render_sources(sources: Sequence[Source], following: str | None) -> bytes:
    """Return a page of sources, and the way to the next one."""
    return render(
        "sources.html", sources=sources, following=None if following is None else urlencode({"cursor": following})
    )
