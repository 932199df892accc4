"""Small classes that satisfy the ports, and say what they were asked."""

import asyncio
import json
from collections import deque
from collections.abc import Sequence
from itertools import count
from typing import ClassVar

from api.kept import KeptAnswers
from api.ports import (
    ApiOptions,
    ClaimFilter,
    ClaimPage,
    Document,
    EventBytes,
    Key,
    Outcome,
    PageWanted,
    Place,
    Ports,
    Record,
    SourcePage,
    UnavailableError,
)
from domain.commands import RecordEvent, Role
from domain.errors import ErasedError
from domain.reader import Cut
from domain.receipt import Receipt
from domain.times import parse_instant
from projections.changes import Change
from projections.sources import Place as SourcePlace
from projections.sources import Source

EVENT_ID = "0192f0c1-2f6a-7c3e-9a51-8d1f6b0e4a77"
SMALLEST = {
    "type": "ClaimReported",
    "data": {"claim": {"text": "Six officers were killed."}, "speaker": {"name": "KP"}},
}
NOW_US = parse_instant("2026-01-01T00:00:00Z")
SUMMARY = {"claims": 2, "statuses": {"denied": 1, "reported": 1, "confirmed": 0}, "contested": 1, "events": 3}


class FakeLedger:
    """Records whatever it is asked; an event id that it knows is a duplicate. `next` says otherwise."""

    def __init__(self) -> None:
        self.groups: list[Sequence[RecordEvent]] = []
        self.next: deque[Outcome | UnavailableError] = deque()
        self.overloads = 0
        self._known: dict[str, Receipt] = {}
        self._positions = count(1)

    async def record(self, groups: Sequence[Sequence[RecordEvent]]) -> Sequence[Outcome]:
        if self.overloads:
            self.overloads -= 1
            raise UnavailableError("too many events wait", retry_after_s=3)
        for _ in range(8):
            await asyncio.sleep(0)  # others get their turn, as while a batch commits
        self.groups += groups
        return [self.next.popleft() if self.next else self._receipts(group) for group in groups]

    @property
    def commands(self) -> list[RecordEvent]:
        return [command for group in self.groups for command in group]

    def _receipts(self, group: Sequence[RecordEvent]) -> tuple[Receipt, ...]:
        return tuple(map(self._receipt, group))

    def _receipt(self, command: RecordEvent) -> Receipt:
        event_id = command.event.event_id
        if event_id in self._known:
            return self._known[event_id]
        receipt = receipt_at(next(self._positions), event_id or EVENT_ID, command.event.claim_id or "begun")
        if event_id:
            self._known[event_id] = receipt_at(receipt.position, event_id, receipt.claim_id, duplicate=True)
        return receipt


def receipt_at(position: int, event_id: str = EVENT_ID, claim_id: str = "some-claim", *, duplicate=False) -> Receipt:
    return Receipt(
        event_id=event_id,
        claim_id=claim_id,
        claim_version=position,
        position=position,
        recorded_at="2024-10-05T12:00:00.000000Z",
        event_sha256="0" * 64,
        duplicate=duplicate,
    )


class FakeViews:
    """One public claim, one of the staff; three events, of which the last is the staff's and the second erased."""

    def __init__(self) -> None:
        self.position = 7
        self.asked: list[object] = []
        self.audiences = {"some-claim": 0, "staff-claim": 1}
        self.next_place: Place | None = None
        self.is_hidden_soon = False
        self.summary: dict[str, object] = SUMMARY
        self.claims: list[dict[str, object]] = []
        self.claim: dict[str, object] = {}
        self.sources: list[Source] = []
        self.changes: list[Change] = []
        self.records = [Record(b'{"position":%d}' % n, n, n) for n in (1, 2, 3)]

    async def wait_for(self, position: int, timeout_s: float) -> bool:
        self.asked.append((position, timeout_s))
        return position <= self.position

    @property
    def now_us(self) -> int:
        return NOW_US

    async def get_claim(self, claim_id: str, audience: int, cut: Cut) -> Document | None:
        self.asked.append(cut)
        if claim_id == "broken":
            raise RuntimeError("what nobody foresaw")
        is_seen = self.audiences.get(claim_id, 9) <= audience
        body = json.dumps({"claim_id": claim_id, **self.claim}, separators=(",", ":")).encode()
        return Document(body, "tag-of-claim") if is_seen else None

    async def list_claims(self, which: ClaimFilter, audience: int, cut: Cut, page: PageWanted) -> ClaimPage:
        self.asked.append((which, audience, cut, page))
        return ClaimPage([json.dumps(claim).encode() for claim in self.claims], self.next_place)

    async def list_history(
        self, claim_id: str, audience: int, cut: Cut, after: int, limit: int
    ) -> Sequence[Record] | None:
        self.asked.append(cut)
        if self.audiences.get(claim_id, 9) > audience:
            return None
        if self.is_hidden_soon:
            self.audiences = {}
        return [record for record in self.records if record.version > after][:limit]

    async def list_events(self, audience: int, after: int, limit: int) -> Sequence[Record]:
        self.asked.append((audience, after, limit))
        seen = self.records if audience else [record for record in self.records if record.position != 3]
        return [record for record in seen if record.position > after][:limit]

    async def get_record(self, event_id: str, audience: int) -> Record | None:  # noqa: ARG002
        return self.records[0] if event_id == EVENT_ID else None

    async def get_bytes(self, event_id: str, audience: int) -> EventBytes | None:  # noqa: ARG002
        stored = {EVENT_ID: EventBytes(b'{"a":1}'), EVENT_ID[:-1] + "0": EventBytes(None)}
        return stored.get(event_id)

    async def get_summary(self, audience: int, cut: Cut) -> Document:  # noqa: ARG002
        self.asked.append(cut)
        return Document(json.dumps(self.summary).encode(), "tag-of-summary")

    async def list_sources(self, audience: int, after: SourcePlace | None, limit: int) -> SourcePage:
        self.asked.append((audience, after, limit))
        following = self.sources[limit - 1].place if len(self.sources) > limit else None
        return SourcePage(self.sources[:limit], following)

    async def list_changes(self, limit: int) -> Sequence[Change]:
        return self.changes[:limit]


class FakeLog:
    """Three checkpoints, the last of which covers seven events; one tile."""

    verifier_key = "ledger.example/log+0a0b0c0d+AQID"

    def __init__(self) -> None:
        self.size = 7
        self.checkpoints = [b"one\n", b"two\n", b"three\n"]
        self.is_there = True
        self.asked: list[object] = []

    def get_checkpoint(self) -> bytes:
        if not self.is_there:
            raise UnavailableError("no checkpoint of the log is published yet")
        return self.checkpoints[-1]

    async def list_checkpoints(self, after: int, limit: int) -> list[bytes]:  # noqa: ARG002
        return self.checkpoints[after:][:2]

    async def get_tile(self, path: str) -> bytes | None:
        return b"\x00\xff" if path == "tile/0/x001/234.p/7" else None

    async def prove(self, position: int) -> bytes | None:
        self.asked.append(position)
        return b"a proof\n" if position <= self.size else None

    async def wait_for(self, position: int, timeout_s: float) -> bool:
        self.asked.append((position, timeout_s))
        return position <= self.size


class FakeKeys:
    """One key for each role; its secret is the role. After `uses` more, all are revoked."""

    audiences: ClassVar[dict[Role, int]] = {"reporter": 1, "importer": 1, "editor": 2, "auditor": 2, "admin": 2}

    def __init__(self) -> None:
        self.uses = 1_000_000

    async def find(self, secret: str) -> Key | None:
        self.uses -= 1
        if self.uses < 0:
            return None
        for role, audience in self.audiences.items():
            if role == secret:
                return Key(key_id="1", name=f"{role}-desk", role=role, audience=audience)
        return None


class FakeHealth:
    """Ready, unless it is given reasons."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def reasons_not_ready(self) -> Sequence[str]:
        return self.reasons


class FakeMetrics:
    """Counts as it is told."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, int]] = []
        self.refusals: list[str] = []

    def observe_request(self, method: str, route: str, status: int) -> None:
        self.requests.append((method, route, status))

    def observe_refusal(self, code: str) -> None:
        self.refusals.append(code)

    def render(self) -> bytes:
        return b"onrecord_queue_events 0.0\n"


class FakeAccesses:
    """Notes who has read where, unless it is away."""

    def __init__(self) -> None:
        self.noted: list[tuple[str, int, str]] = []
        self.failure: UnavailableError | None = None

    async def note(self, key: Key, audience: int, address: str) -> None:
        if self.failure:
            raise self.failure
        self.noted.append((key.name, audience, address))


class World:
    """All fakes, where a test can reach them."""

    def __init__(self) -> None:
        self.ledger = FakeLedger()
        self.views = FakeViews()
        self.log = FakeLog()
        self.keys = FakeKeys()
        self.accesses = FakeAccesses()
        self.health = FakeHealth()
        self.metrics = FakeMetrics()
        self.options = ApiOptions(public_reads=True, cors_origins=("https://desk.example",), patience_s=0.03)
        self.kept: KeptAnswers | None = None

    def ports(self) -> Ports:
        return Ports(
            ledger=self.ledger,
            views=self.views,
            log=self.log,
            keys=self.keys,
            accesses=self.accesses,
            health=self.health,
            metrics=self.metrics,
            options=self.options,
            kept=self.kept or KeptAnswers(),
        )


def erased() -> ErasedError:
    return ErasedError(f"event {EVENT_ID} was erased")
