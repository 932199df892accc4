"""The ledger at a glance: counts by status, activity by the minute, the latest records."""

import json
from collections import Counter
from typing import get_args

from domain.standing import Status
from domain.times import format_brief, format_instant
from projections import activity, history, records, standing, timeline
from projections.activity import MINUTE_US
from projections.as_of import position_at
from projections.database import Connection
from projections.tracking import read_position

_MINUTES = 60
_LATEST = 10


def summary_json(connection: Connection, audience: int, position: int) -> bytes:
    """Return the summary that an audience reads as of a position, as JSON."""
    latest = records.list_latest(connection, audience, _LATEST, position)
    counts = _count_claims(connection, audience, position)
    statuses = dict.fromkeys(get_args(Status), 0)
    for (status, _), claims in counts.items():
        statuses[status] += claims
    summary = {
        "claims": sum(statuses.values()),
        "statuses": statuses,
        "contested": sum(claims for (_, contested), claims in counts.items() if contested),
        "events": position - history.count_hidden(connection, audience, 0, position),
        "minutes": _minutes(connection, audience, latest[0].position) if latest else [],
    }
    head = json.dumps(summary, separators=(",", ":")).encode()
    tail = json.dumps(_checkpoint(connection, position), separators=(",", ":")).encode()
    return b'%b,"latest":[%b],"checkpoint":%b}' % (head[:-1], b",".join(record.body for record in latest), tail)


def _checkpoint(connection: Connection, position: int) -> dict[str, object] | None:
    """Return the last checkpoint of the log in force that covers nothing after the position, if there is one."""
    row = connection.execute(
        """
        SELECT size, signed_us
        FROM ledger.checkpoints
        WHERE log_id = (SELECT MAX(log_id) FROM ledger.logs) AND size <= ?
        ORDER BY size DESC
        LIMIT 1
        """,
        (position,),
    ).fetchone()
    return None if row is None else {"size": row[0], "signed_at": format_instant(row[1])}


def _count_claims(connection: Connection, audience: int, position: int) -> Counter[tuple[str, bool]]:
    if position < read_position(connection):
        return timeline.count_claims(connection, audience, position)
    return standing.count_claims(connection, audience)


def _minutes(connection: Connection, audience: int, position: int) -> list[dict[str, object]]:
    """Return the events of the sixty minutes up to that of the event at a position."""
    last = records.recorded_us(connection, position) // MINUTE_US
    events = dict(activity.list_minutes(connection, audience, last - _MINUTES + 1, last - 1))
    # The last minute goes on after the position: what it has by then is counted.
    before = position_at(connection, last * MINUTE_US - 1, position)
    events[last] = position - before - history.count_hidden(connection, audience, before, position)
    return [
        {"minute": format_brief(minute * MINUTE_US), "events": events.get(minute, 0)}
        for minute in range(last - _MINUTES + 1, last + 1)
    ]
