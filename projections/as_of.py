"""What the read models said at an earlier position: lists from the timeline, claims folded up to there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from domain.reader import Cut
from domain.tally import FOREVER
from projections.database import Connection
from projections.links import links_json_at
from projections.records import recorded_us
from projections.rendering import render_item, with_links
from projections.snapshots import reading_at
from projections.standing import Filter, name_conditions
from projections.timeline import OPEN
from projections.tracking import read_position

Sort = Literal["changed", "created", "claim_id", "rank"]

# Of each order: the column, its direction, and how the rows after a place compare with it.
_ORDERS: dict[str, tuple[str, str, str]] = {
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
    within = Cut(position=position_of(connection, cut), valid_us=cut.valid_us)
    item = _item_within(connection, claim_id, audience, within)
    return None if item is None else with_links(item, links_json_at(connection, claim_id, audience, within))


def list_claims(connection: Connection, which: Filter, audience: int, page: Page) -> list[Listed]:
    """Return claims as they stood at the page's position, in its order."""
    sql, parameters = _list_query(which, audience, page)
    return [
        Listed(place, claim_id, item if until == OPEN else item_at(connection, claim_id, audience, page.position))
        for place, claim_id, until, item in connection.execute(sql, parameters).fetchall()
    ]


def item_at(connection: Connection, claim_id: str, audience: int, position: int) -> bytes:
    """Return what the list showed of a claim that has changed since."""
    item = _item_within(connection, claim_id, audience, Cut(position=position))
    if item is None:
        raise ValueError(f"the timeline shows claim {claim_id} at position {position}, its events do not")
    return item


def _list_query(which: Filter, audience: int, page: Page) -> tuple[str, Sequence[Any]]:  # Any: of whichever type
    column, direction, comparison = _ORDERS[page.sort]
    # Where the order is another one, the plus keeps SQLite from looking claims up by position and sorting all of them.
    position = "t.position" if page.sort == "changed" else "+t.position"
    conditions: dict[str, int | str] = {f"{position} <= ?": page.position, "+t.until_position > ?": page.position}
    if page.after is not None:
        conditions[f"{column} {comparison} ?"] = page.after
    if which.changed_after is not None:
        conditions[f"{position} > ?"] = which.changed_after
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


def _item_within(connection: Connection, claim_id: str, audience: int, cut: Cut) -> bytes | None:
    row = connection.execute(
        "SELECT position, item FROM claims WHERE claim_id = ? AND first_audience <= ? AND last_audience >= ?",
        (claim_id, audience, audience),
    ).fetchone()
    if row is None:
        return None  # who sees no event of it now saw none
    position, item = row
    if position <= cut.position and cut.valid_us == FOREVER:
        return bytes(item)
    reading = reading_at(connection, claim_id, audience, cut)
    return None if reading is None else render_item(claim_id, reading)
