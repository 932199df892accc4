"""A ledger with something for every visibility, each thing with words and ids that nothing else has."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from domain.audience import DESK, PUBLIC, STAFF
from tests.service.in_process import InProcess

NOBODY = 3
SHARED = "shared-by-all"
FIRST = "99999999-0000-4000-8000-000000000000"
_WRONG = {"reason_kind": "wrong_claim"}
_EMBARGO = {"embargo_until": "9999-01-01T00:00:00Z"}


@dataclass(frozen=True, slots=True)
class Thing:
    """A claim of its own and a denial in the shared claim, told in a word that stands nowhere else.

    `audience` is the first that sees it in the end; `how` it was posted, and what was `then` done to it.
    """

    name: str
    word: str
    number: int
    audience: int
    how: dict[str, Any]
    then: str = ""

    @property
    def claim_id(self) -> str:
        return f"claim-{self.number:02}-{self.number * 7919 % 10000:04}"

    @property
    def event_id(self) -> str:
        """The event that begins its claim."""
        return f"{self.number:08}-1111-4000-8000-{self.number * 7919:012}"

    @property
    def denial_id(self) -> str:
        """The event in the shared claim."""
        return f"{self.number:08}-2222-4000-8000-{self.number * 7919:012}"

    @property
    def keeps_ids(self) -> bool:
        """Tell what everybody has seen once: the erasure, or the reclassification, still names its ids."""
        return self.number <= 5

    @property
    def tokens(self) -> tuple[str, ...]:
        """What tells of it."""
        return (self.word,) if self.keeps_ids else (self.word, self.claim_id, self.event_id, self.denial_id)

    def __str__(self) -> str:
        return self.name


THINGS = (
    Thing("public", "quillmont", 1, PUBLIC, {}),
    Thing("widened", "harbleque", 2, PUBLIC, {"classification": "confidential"}, "public"),
    Thing("narrowed", "dranfolky", 3, DESK, {}, "confidential"),
    Thing("staff only from now on", "ystermund", 4, STAFF, {}, "internal"),
    Thing("erased", "gruntwicz", 5, NOBODY, {}, "erase"),
    Thing("internal", "brackwerp", 6, STAFF, {"classification": "internal"}),
    Thing("embargoed", "jolpentha", 7, STAFF, _EMBARGO),
    Thing("confidential", "mirstavel", 8, DESK, {"classification": "confidential"}),
    Thing("embargoed, confidential", "ficknorda", 9, DESK, {"classification": "confidential", **_EMBARGO}),
    Thing("confidential, retracted", "cubszewin", 10, DESK, {"classification": "confidential"}, "retract"),
    Thing("confidential, corrected", "opradluxe", 11, DESK, {"classification": "confidential"}, "correct"),
    Thing("confidential, linked", "tevghraid", 12, DESK, {"classification": "confidential"}, "link"),
)
ABSENT = Thing("absent", "vostunkel", 99, NOBODY, {})


def stage_of(thing: Thing) -> int:
    """Return from when on it is posted: first what the public has seen, then what only others may see at all."""
    return PUBLIC if thing.keeps_ids else thing.audience


def tell(service: InProcess, key: str, stage: int) -> None:
    """Post the things of one stage, and at first what everybody reads anyway."""
    events = [event for thing in THINGS if stage_of(thing) == stage for event in _events(thing)]
    if stage == PUBLIC:
        events = [*_common(), *events]
    for event in events:
        answer = service.post(event, key)
        assert answer.status == 201, answer.body


def _common() -> Iterator[dict[str, Any]]:
    said = {"claim": {"text": "Shared by all."}, "speaker": {"name": "Everybody"}}
    yield {"type": "ClaimReported", "event_id": FIRST, "claim_id": SHARED, "data": said}
    for number in range(3):
        data = {"claim": {"text": f"Ordinary matter {number}."}, "speaker": {"name": f"Person {number}"}}
        yield {"type": "ClaimReported", "claim_id": f"ordinary-{number}", "data": data}


def _events(thing: Thing) -> Iterator[dict[str, Any]]:
    speaker = {"name": thing.word, "kind": "organisation"}
    told = {
        "claim": {"text": f"Word of {thing.word} has come.", "tags": [thing.word], "topics": [thing.word]},
        "speaker": speaker,
        "publication": {"outlet": thing.word, "url": f"https://{thing.word}.example/"},
        "note": thing.word,
    }
    own = {"claim_id": thing.claim_id, **thing.how}
    yield {"type": "ClaimReported", "event_id": thing.event_id, "data": told, **own}
    denied = {"speaker": speaker, "note": f"Not {thing.word}."}
    shared = {"claim_id": SHARED, **thing.how}
    yield {"type": "ClaimDenied", "event_id": thing.denial_id, "data": denied, **shared}
    yield from _afterwards(thing)


def _afterwards(thing: Thing) -> Iterator[dict[str, Any]]:
    for target, claim_id in ((thing.event_id, thing.claim_id), (thing.denial_id, SHARED)):
        data: dict[str, Any] = {"target_event_id": target, "reason": "Because.", "reason_kind": "other"}
        if thing.then == "erase":
            yield {"type": "EventErased", "claim_id": claim_id, "data": {**data, "reason_kind": "legal"}}
        elif thing.then == "retract":
            yield {"type": "EventRetracted", "claim_id": claim_id, "data": {**data, **_WRONG, "reason": thing.word}}
        elif thing.then == "correct":
            patch = {"data": {"note": f"Corrected {thing.word}."}}
            yield {"type": "EventCorrected", "claim_id": claim_id, "data": {**data, "patch": patch}}
        elif thing.then in ("public", "internal", "confidential"):
            del data["reason_kind"]
            yield {"type": "EventReclassified", "claim_id": claim_id, "data": {**data, "classification": thing.then}}
    if thing.then == "link":
        link = {"target_claim_id": thing.claim_id, "relation": "restates"}
        yield {"type": "ClaimLinked", "claim_id": SHARED, "data": link}
