"""What the read models said at an earlier position: lists from the timeline, claims folded up to there."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Literal, NamedTuple

from domain.fold import ClaimFold
from domain.reader import Cut, LinkReading
from domain.tally import FOREVER
from projections.database import Connection
from projections.ledger import fold_claim
from projections.links import neighbours_ever
from projections.records import recorded_us
from projections.rendering import render_item, with_links
from projections.standing import Filter, name_conditions
from projections.timeline import OPEN
from projections.tracking import read_position

Sort = Literal["changed", "created", "claim_id"]

# Of each order: the column, its direction, and how the rows after a place compare with it.
_ORDERS: dict[Sort, tuple[str, str, str]] = {
    "changed": ("t.position", "DESC", "<"),
    "created": ("t.created_position", "DESC", "<"),
    "claim_id": ("t.claim_id", "ASC", ">"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A part of a list: as of which position, in which order, after which place (None: from the start)."""

    position: int
    sort: Sort
    after: int | str | None
    limit: int


class Listed(NamedTuple):
    """A claim in a list, and its place in the order of the list."""

    place: int | str
    claim_id: str
    item: bytes


def position_of(connection: Connection, cut: Cut) -> int:
    """Return the last position within a cut, as far as the read models have come; 0 where there is none."""
    last = min(cut.position, read_position(connection))
    return last if cut.known_us == FOREVER else position_at(connection, cut.known_us, last)


def position_at(connection: Connection, known_us: int, upto: int) -> int:
    """Return the last position recorded at or before an instant: it never decreases, so that halving finds it."""
    low, high = 0, upto
    while low < high:
        middle = (low + high + 1) // 2
        if recorded_us(connection, middle) <= known_us:
            low = middle
        else:
            high = middle - 1
    return low


def claim_json(connection: Connection, claim_id: str, audience: int, cut: Cut) -> bytes | None:
    """Return a claim with its links as an audience would have read it within a cut, None where it saw none."""
    reading = _fold(connection, claim_id).reading(audience, cut)
    if reading is None:
        return None
    links = _links_at(connection, claim_id, audience, cut, reading.links)
    return with_links(render_item(claim_id, reading), json.dumps(links, separators=(",", ":")).encode())


def list_claims(connection: Connection, which: Filter, audience: int, page: Page) -> list[Listed]:
    """Return claims as they stood at the page's position, in its order."""
    sql, parameters = _list_query(which, audience, page)
    return [
        Listed(place, claim_id, item if until == OPEN else _item_at(connection, claim_id, audience, page.position))
        for place, claim_id, until, item in connection.execute(sql, parameters).fetchall()
    ]


def _list_query(which: Filter, audience: int, page: Page) -> tuple[str, Sequence[Any]]:  # Any: of whichever type
    column, direction, comparison = _ORDERS[page.sort]
    conditions: dict[str, int | str] = {"t.position <= ?": page.position, "t.until_position > ?": page.position}
    if page.after is not None:
        conditions[f"{column} {comparison} ?"] = page.after
    if which.changed_after is not None:
        conditions["t.position > ?"] = which.changed_after
    if which.status is not None:
        conditions["t.status = ?"] = which.status
    if which.contested is not None:
        conditions["t.contested = ?"] = which.contested
    conditions |= name_conditions(which, "t", audience)
    source = "timeline t"
    if which.tag is not None:
        # The tag's own index has its claims in the order of their positions.
        source = """
            timeline_tags g
            CROSS JOIN timeline t
              ON t.claim_id = g.claim_id AND t.first_audience = g.first_audience AND t.position = g.position
        """
        conditions["g.tag = ?"] = which.tag
        column = column.replace("t.position", "g.position")
    sql = f"""
        SELECT {column}, t.claim_id, t.until_position, c.item
        FROM {source}
        LEFT JOIN claims c ON c.claim_id = t.claim_id AND c.first_audience <= ? AND c.last_audience >= ?
        WHERE t.first_audience <= ? AND t.last_audience >= ? AND {" AND ".join(conditions)}
        ORDER BY {column} {direction}
        LIMIT ?
    """
    return sql, (audience, audience, audience, audience, *conditions.values(), page.limit)


def _item_at(connection: Connection, claim_id: str, audience: int, position: int) -> bytes:
    """Return what the list showed of a claim that has changed since."""
    reading = _fold(connection, claim_id).reading(audience, Cut(position=position))
    if reading is None:
        raise ValueError(f"the timeline shows claim {claim_id} at position {position}, its events do not")
    return render_item(claim_id, reading)


def _fold(connection: Connection, claim_id: str) -> ClaimFold:
    # All of its events that the read models have seen: who may read what is judged as of now.
    return fold_claim(connection, claim_id, read_position(connection))


def _links_at(
    connection: Connection, claim_id: str, audience: int, cut: Cut, links: Iterable[LinkReading]
) -> list[Any]:
    """Return the links out of a claim and into it, as JSON, where the audience saw the other claim too."""
    found = []
    for other in neighbours_ever(connection, claim_id):
        reading = _fold(connection, other).reading(audience, cut)
        if reading is not None:
            found += [_link("out", other, link) for link in links if link.claim_id == other]
            found += [_link("in", other, link) for link in reading.links if link.claim_id == claim_id]
    return sorted(found, key=itemgetter("event_id"))


def _link(direction: str, other: str, link: LinkReading) -> dict[str, str]:
    return {
        "event_id": link.event_id,
        "direction": direction,
        "claim_id": other,
        "relation": link.relation,
        "state": link.state,
    }
