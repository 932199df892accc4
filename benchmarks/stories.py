"""Events as newsrooms post them, made from a seed: who says what of which claim, where it was published.

Their sizes are those of imported fact checks and of desks that fill in the form: 600 to 1,300 bytes.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from benchmarks.requests import ID_PLACE

Event = dict[str, Any]  # Any: JSON

_OUTLETS = ("daily-courier.example", "evening-post.example", "harbour-radio.example", "northern-wire.example")
_PEOPLE = ("Ada Marsh", "Boris Kohl", "Chiara Venn", "Dmytro Halych", "Élise Moreau", "Farid Aziz", "Grace Obi")
_ROLES = ("spokesperson", "deputy minister", "mayor", "hospital director", "witness", "police chief")
_SUBJECTS = ("officers", "miners", "passengers", "students", "fishermen", "patients", "workers", "firefighters")
_DEEDS = ("were killed", "were rescued", "were arrested", "have left", "went missing", "were dismissed", "fell ill")
_PLACES = ("in the harbour", "at the northern border", "in the old town", "near the power station", "on line five")
_WORDS = re.findall(
    r"\w+",
    "according early reports officials confirmed several sources who asked not to be named said that the figures "
    "had been counted twice before the ministry published its own statement on Friday evening while relatives were "
    "still waiting outside the building and the company declined to say how many people had been on the night shift",
)
_VERDICTS = ("true", "mostly_true", "mixed", "unproven", "mostly_false", "false")
_LATER = (
    *["ClaimReported"] * 11,
    *["ClaimDenied"] * 3,
    *["ClaimAssessed"] * 2,
    *["EvidenceAttached"] * 2,
    "ClaimConfirmed",
    "ClaimCommentDeclined",
)


def claim_id(number: int) -> str:
    """Return the id of one of the claims, which are numbered from 0."""
    return f"bench-{number:06d}"


def first_event(chance: Random, number: int | None) -> Event:
    """Return the report that begins a claim; without a number the ledger makes the claim's id."""
    event = _event(chance, "ClaimReported", number)
    event["data"]["claim"] = {
        "text": f"{_headline(chance)}, case {chance.getrandbits(32):08x}.",
        "language": "en",
        "kind": "factual",
        "tags": chance.sample(["accident", "border", "health", "labour", "police", "transport"], 2),
    }
    return event


def later_event(chance: Random, number: int) -> Event:
    """Return what somebody says later of a claim that has begun."""
    return _event(chance, chance.choice(_LATER), number)


def ledger(seed: int, claims: int, histories: int = 0, history_events: int = 100) -> Iterator[bytes]:
    """Yield the lines of a ledger: every claim begun, a third of them said more of, and some long histories.

    The first `histories` claims have `history_events` events each.
    """
    chance = Random(seed)
    for number in range(claims):
        yield line(first_event(chance, number), new_id(chance))
    for number in range(histories):
        for _ in range(history_events - 1):
            yield line(later_event(chance, number), new_id(chance))
    for _ in range((claims - histories) // 2):
        yield line(later_event(chance, chance.randrange(histories, claims)), new_id(chance))


def spread(seed: int, claims: int, events: int) -> Iterator[bytes]:
    """Yield the lines of a ledger: every claim begun, and what is said later of claims here and there, in no order."""
    chance = Random(seed)
    for number in range(claims):
        yield line(first_event(chance, number), new_id(chance))
    for _ in range(events - claims):
        yield line(later_event(chance, chance.randrange(claims)), new_id(chance))


def long_claims(seed: int, claims: Mapping[int, range]) -> Iterator[bytes]:
    """Yield the lines of a ledger whose claims have a length each: `claims` has their numbers by their length."""
    chance = Random(seed)
    for versions, numbers in claims.items():
        for number in numbers:
            yield line(first_event(chance, number), new_id(chance))
        for _ in range(versions - 1):
            for number in numbers:
                yield line(later_event(chance, number), new_id(chance))


def posts(seed: int, count: int, claims: Sequence[int]) -> Iterator[bytes]:
    """Yield bodies to post over and over, each time with a fresh event id, on claims of these numbers.

    Every tenth begins a claim of its own.
    """
    chance = Random(seed)
    for index in range(count):
        fresh = index % 10 == 0
        yield line(first_event(chance, None) if fresh else later_event(chance, chance.choice(claims)), ID_PLACE)


def line(event: Event, event_id: str) -> bytes:
    """Return the event's JSON, on one line."""
    text = json.dumps({"event_id": event_id, **event}, ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def _event(chance: Random, kind: str, number: int | None) -> Event:
    article = f"{chance.getrandbits(64):016x}"
    event: Event = {"type": kind, "schema_version": 1}
    if number is not None:
        event["claim_id"] = claim_id(number)
    day = f"2024-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"
    event |= {"occurred_at": day, "occurred_basis": "publication", "source": "urn:desk:news"}
    event |= {"correlation_id": f"article:{article}", "classification": "public"}
    event["data"] = _data(chance, kind, day, article)
    return event


def _data(chance: Random, kind: str, day: str, article: str) -> Event:
    outlet, title = chance.choice(_OUTLETS), _headline(chance)
    url = f"https://{outlet}/news/{day.replace('-', '/')}/{title.lower().replace(' ', '-')}-{article}/"
    publication = {"outlet": outlet, "title": title, "url": url, "published_at": day}
    if kind == "EvidenceAttached":
        return {**_evidence(chance, article), "publication": publication, "note": _prose(chance, 5, 30)}
    speaker = {"kind": "person", "name": chance.choice(_PEOPLE), "role": chance.choice(_ROLES)}
    said: Event = {"speaker": speaker, "wording": {"quote": _prose(chance, 5, 40), "language": "en"}}
    if chance.random() < 0.5:  # half the desks say no more than who spoke and where
        outlet_hop = {"party": {"kind": "outlet", "name": outlet}, "date": day}
        said |= {"attribution": [outlet_hop, {"party": speaker, "verb": "told"}]}
    return {**said, "publication": publication, **_own_members(chance, kind)}


def _own_members(chance: Random, kind: str) -> Event:
    if kind == "ClaimDenied":
        return {"scope": chance.choice(("full", "partial")), "directness": "direct", "relation": "subject"}
    if kind == "ClaimAssessed":
        return {
            "assessor_kind": "fact_checker",
            "verdict": chance.choice(_VERDICTS),
            "rationale": _prose(chance, 5, 20),
        }
    if kind == "ClaimConfirmed":
        return {"confirmer_kind": "government", "basis": "official_record"}
    if kind == "ClaimCommentDeclined":
        return {"response": chance.choice(("declined", "no_response"))}
    return {"stance": "affirms", "certainty": "unspecified", "basis": ["named_source"]}


def _evidence(chance: Random, article: str) -> Event:
    return {
        "evidence": {
            "evidence_id": f"photo-{article}",
            "kind": "image",
            "description": _prose(chance, 10, 30),
            "captured_at": "2024-10-04",
            "sha256": f"{chance.getrandbits(256):064x}",
        },
        "bearing": chance.choice(("supports", "refutes", "neutral")),
    }


def _headline(chance: Random) -> str:
    count = chance.randrange(2, 400)
    return f"{count} {chance.choice(_SUBJECTS)} {chance.choice(_DEEDS)} {chance.choice(_PLACES)}"


def _prose(chance: Random, least: int, most: int) -> str:
    return " ".join(chance.choices(_WORDS, k=chance.randrange(least, most))).capitalize() + "."


def new_id(chance: Random) -> str:
    """Return a UUID: the same for the same seed."""
    digits = f"{chance.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"
