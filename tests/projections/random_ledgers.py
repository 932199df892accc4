"""Random ledgers: the streams of several claims, interleaved, with links between them."""

import json
from typing import Any

from hypothesis import strategies as st

from tests.domain.streams import claim_streams

Event = dict[str, Any]


@st.composite
def ledgers(draw: st.DrawFn, *, tombstoned: bool = False) -> list[Event]:
    """Return the stored events of one to three claims in the order of their recording."""
    claim_ids = [f"claim-{number}" for number in range(draw(st.sampled_from((1, 2, 2, 3))))]
    events: list[Event] = []
    for number, claim_id in enumerate(claim_ids):
        others = st.sampled_from([other for other in [*claim_ids, "no-claim"] if other != claim_id])
        stream = draw(claim_streams(max_deeds=6, tombstoned=tombstoned))
        linked = [draw(others) if event["type"] == "ClaimLinked" else "" for event in stream]
        events += [_of_claim(event, claim_id, number, to) for event, to in zip(stream, linked, strict=True)]
    return sorted(events, key=lambda event: event["recorded_at"])


def _of_claim(event: Event, claim_id: str, number: int, linked: str) -> Event:
    # Each stream numbers its events from one: in a ledger no two have the same id.
    text = json.dumps(event).replace("-4000-8000-", f"-4000-8{number:03x}-").replace("another-claim", linked)
    return {**json.loads(text), "claim_id": claim_id}
