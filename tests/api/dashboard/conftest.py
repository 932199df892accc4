"""Pages of real read models, without a service: what is told is decided, stored, projected, and asked for."""

import json
import re
from collections.abc import Sequence
from html import unescape

import pytest

from api.ports import ClaimFilter, ClaimPage, Document, PageWanted, Place, Record
from domain.events import encode_event
from domain.reader import NOW, Cut
from projections import as_of, history, records, standing
from projections.summary import summary_json
from projections.tracking import read_position
from tests.api.conftest import Client
from tests.api.fakes import FakeViews, World
from tests.domain.deciding import Story
from tests.projections.ledger import Ledger


class ToldViews(FakeViews):
    """The read models of what was told."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self.snippet = ""
        self._ledger = ledger  # which closes its connection when nobody holds it any more
        self._connection = ledger.connection
        self.position = read_position(ledger.connection)

    async def get_claim(self, claim_id: str, audience: int, cut: Cut) -> Document | None:
        if cut != NOW:
            body = as_of.claim_json(self._connection, claim_id, audience, cut)
            return None if body is None else Document(body, "tag")
        row = standing.get_claim(self._connection, claim_id, audience)
        return None if row is None else Document(row.body, row.etag)

    async def list_claims(self, which: ClaimFilter, audience: int, cut: Cut, page: PageWanted) -> ClaimPage:
        after = page.after.last if page.after else None
        wanted = as_of.Page(
            position=as_of.position_of(self._connection, cut), sort="changed", after=after, limit=page.limit + 1
        )
        filters = standing.Filter(status=which.status, contested=which.contested, tag=which.tag)
        found = as_of.list_claims(self._connection, filters, audience, wanted)
        shown = found[: page.limit]
        following = Place(as_of=wanted.position, last=shown[-1].place) if len(found) > page.limit else None
        return ClaimPage([each.item for each in shown], following, [self.snippet] * len(shown) if self.snippet else ())

    async def list_history(
        self, claim_id: str, audience: int, cut: Cut, after: int, limit: int
    ) -> Sequence[Record] | None:
        upto = as_of.position_of(self._connection, cut)
        found = history.list_history(self._connection, claim_id, audience, (after, limit), upto)
        return [Record(body, record.position, record.version) for record, body in found] or None

    async def list_events(self, audience: int, after: int, limit: int) -> Sequence[Record]:
        found = records.list_ledger(self._connection, audience, after, limit, self.position)
        return [Record(record.body, record.position, record.version) for record in found]

    async def get_summary(self, audience: int, cut: Cut) -> Document:
        body = summary_json(self._connection, audience, as_of.position_of(self._connection, cut))
        return Document(body, "tag-of-summary")


class Reader:
    """Reads the pages of what was told."""

    def __init__(self) -> None:
        self.world = World()
        self.client = Client(self.world)
        self.tell()

    def tell(self, *stories: Story) -> None:
        events = [event for story in stories for event in story.events]
        ledger = Ledger(json.loads(encode_event(event)) for event in events).follow()
        self.world.views = ToldViews(ledger)

    def html(self, url: str, key: str | None = None) -> str:
        response = self.client.get(url, key=key)
        assert response.status_code == 200, response.text
        return response.text

    def text(self, url: str, key: str | None = None) -> str:
        """Return what a page says, without its marks and with single spaces."""
        return plain(self.html(url, key))

    def section(self, url: str, name: str) -> str:
        """Return what the part of a page that is labelled so says."""
        found = re.search(rf'<section[^>]*aria-labelledby="{name}".*?</section>', self.html(url), re.DOTALL)
        assert found, name
        return plain(found[0])


def plain(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@pytest.fixture
def reader() -> Reader:
    return Reader()
