"""The ledger at a glance: counts by status, activity by the minute, the latest records."""

import json
from typing import get_args

from domain.standing import Status
from domain.times import format_brief
from projections import activity, records, standing
from projections.activity import MINUTE_US
from projections.database import Connection

_MINUTES = 60
_LATEST = 10


def summary_json(connection: Connection, audience: int, upto: int) -> bytes:
    """Return the summary that an audience reads, as JSON."""
    counts = standing.count_claims(connection, audience)
    statuses = dict.fromkeys(get_args(Status), 0)
    for status, _, claims in counts:
        statuses[status] += claims
    summary = {
        "claims": sum(statuses.values()),
        "statuses": statuses,
        "contested": sum(claims for _, contested, claims in counts if contested),
        "events": activity.count_events(connection, audience),
        "minutes": _minutes(connection, audience),
    }
    latest = b",".join(record.body for record in records.list_latest(connection, audience, _LATEST, upto))
    head = json.dumps(summary, separators=(",", ":")).encode()
    return head[:-1] + b',"latest":[' + latest + b'],"checkpoint":null}'


def _minutes(connection: Connection, audience: int) -> list[dict[str, object]]:
    last = activity.last_minute(connection, audience)
    if last is None:
        return []
    events = dict(activity.list_minutes(connection, audience, last, _MINUTES))
    return [
        {"minute": format_brief(minute * MINUTE_US), "events": events.get(minute, 0)}
        for minute in range(last - _MINUTES + 1, last + 1)
    ]
