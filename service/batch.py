"""One batch of commands, decided one after another against the claims as those before have left them."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from domain.audience import DESK
from domain.claim import Claim, evolve
from domain.commands import Poster, RecordEvent, Surroundings
from domain.decide import decide, stamp
from domain.errors import ErasedError, EventIdTakenError, Refusal
from domain.events import ClaimLinked, Event, EventErased, Tombstone, tombstone_of
from domain.noting import Note, note_of
from domain.receipt import Receipt
from domain.same import is_same_content
from domain.times import parse_instant
from service.ids import new_event_id, new_salt
from service.store.records import Batch, BrokenLedgerError, Recorded, record

Outcome = tuple[Receipt, ...] | Exception


# What a claim of one event takes in memory is what a long one takes for so many more.
_CLAIM_EVENTS = 4


class ClaimCache:
    """The claims appended to last, as many as hold `max_events` events between them.

    `generation` counts how often somebody else was seen to have moved the head: a claim that was
    last brought up to date in an earlier one may lack events.
    """

    def __init__(self, max_events: int) -> None:
        self._max_events = max_events
        self._claims: OrderedDict[str, tuple[int, Claim]] = OrderedDict()
        self._events = 0
        self._position = 0
        self._generation = 0

    def see_head(self, position: int) -> None:
        """Note where the head is when a batch begins."""
        self._generation += position != self._position
        self._position = position

    def moved_head(self, position: int) -> None:
        """Note where our own batch has left the head, and let go of the claims that are too many."""
        self._position = position
        while self._events + _CLAIM_EVENTS * len(self._claims) > self._max_events and len(self._claims) > 1:
            self.forget(next(iter(self._claims)))

    def evolve(self, claim: Claim, recorded: Recorded) -> None:
        """Bring one of the claims held here up to date with its next event."""
        self._evolve(claim, note_of(recorded.event), recorded.digest)

    def get(self, claim_id: str, batch: Batch) -> Claim:
        """Return the claim as it is stored, an empty one where there is none."""
        generation, claim = self._claims.get(claim_id) or (-1, Claim(claim_id=claim_id))
        if generation != self._generation:
            for note, digest in batch.load(claim_id, claim.version):
                if note.entry.version != claim.version + 1:
                    raise BrokenLedgerError(f"claim {claim_id} lacks version {claim.version + 1}")
                self._evolve(claim, note, digest)
            self._claims[claim_id] = (self._generation, claim)
        self._claims.move_to_end(claim_id)
        return claim

    def stale(self, claim_ids: Iterable[str]) -> dict[str, int]:
        """Return those of some claims that have to be read, each with the version that is known."""
        found = {}
        for claim_id in claim_ids:
            generation, claim = self._claims.get(claim_id) or (-1, None)
            if generation != self._generation:
                found[claim_id] = 0 if claim is None else claim.version
        return found

    def clear(self) -> None:
        """Drop every claim: a batch has failed, and what it left half done is not worth knowing."""
        self._claims.clear()
        self._events = 0

    def forget(self, claim_id: str) -> None:
        """Drop a claim that may hold what is not stored."""
        _, claim = self._claims.pop(claim_id, (0, Claim(claim_id=claim_id)))
        self._events -= len(claim.entries)

    def _evolve(self, claim: Claim, note: Note, digest: str) -> None:
        evolve(claim, note, digest)
        self._events += 1


class Decisions:
    """What a batch will append. Nothing of it is stored before the batch commits."""

    def __init__(self, batch: Batch, cache: ClaimCache, now_us: int) -> None:
        self._decided: list[Recorded] = []
        self._erased: dict[str, Recorded] = {}
        self._batch = batch
        self._cache = cache
        self._now_us = now_us
        self._last_us = batch.head.recorded_us
        self._pending: dict[str, Recorded] = {}
        self._versions: dict[str, int] = {}
        cache.see_head(batch.head.position)

    def look_ahead(self, commands: Iterable[RecordEvent]) -> None:
        """Have the store read at one stroke what commands will ask for."""
        event_ids, claim_ids = set(), set()
        for event in (command.event for command in commands):
            event_ids.add(event.event_id or "")
            claim_ids.add(event.claim_id or "")
            if isinstance(event, ClaimLinked):
                claim_ids.add(event.data.target_claim_id)
        self._batch.look_ahead(sorted(event_ids - {""}), self._cache.stale(claim_ids - {""}))

    def decide_all(self, commands: Sequence[RecordEvent]) -> Outcome:
        """Return the receipts of commands of which all are recorded or none; else the refusal."""
        mark, erased, last_us = len(self._decided), len(self._erased), self._last_us
        receipts: list[Receipt] = []
        try:
            receipts.extend(self._decide(command) for command in commands)
        except Refusal as refusal:
            self._undo(mark, erased)
            self._last_us = last_us
            refusal.index = len(receipts)  # those before it were decided
            return refusal
        return tuple(receipts)

    @property
    def appended(self) -> list[Recorded]:
        """The events to append, in order; of one that the same batch erases there is never more than what is left."""
        if not self._erased:
            return self._decided
        return [self._erased.get(recorded.event.event_id or "", recorded) for recorded in self._decided]

    @property
    def erased(self) -> list[Recorded]:
        """What is left of the events that were stored before."""
        return [recorded for recorded in self._erased.values() if recorded.position <= self._batch.head.position]

    @property
    def position(self) -> int:
        """Where the head is once the batch is committed."""
        return self._batch.head.position + len(self._decided)

    def _decide(self, command: RecordEvent) -> Receipt:
        event = command.event
        known = self._find(event.event_id) if event.event_id else None
        if known is not None and self._may_know(command.poster, known):
            return _receipt_again(event, known)
        claim = self._claim(event.claim_id or new_event_id())
        linked = self._claim(event.data.target_claim_id) if isinstance(event, ClaimLinked) else None
        at = Surroundings(now_us=self._now_us, last_us=self._last_us, linked=linked, read=self._read)
        receipts = []
        for draft in decide(claim, command, at):
            if known is not None:
                raise _taken(event)
            event_id = draft.event.event_id or new_event_id()
            receipts.append(self._append(claim, stamp(claim, draft, command.poster, event_id, new_salt())))
            self._last_us = parse_instant(draft.recorded_at)
        return receipts[0]

    def _may_know(self, poster: Poster, known: Recorded) -> bool:
        """Tell whether a recorded event is the poster's own, or one that it may read.

        Of any other a retry would try out what it says: its id is taken, whatever is posted with it.
        """
        is_own = not isinstance(known.event, Tombstone) and known.event.recorded_by == poster.name
        if is_own or poster.audience == DESK:
            return True
        return self._claim(known.originator_id).find(known.event.event_id or "", poster.audience) is not None

    def _append(self, claim: Claim, event: Event) -> Receipt:
        recorded = record(event, self.position + 1)
        self._cache.evolve(claim, recorded)
        self._decided.append(recorded)
        self._pending[event.event_id or ""] = recorded
        self._versions[claim.claim_id] = claim.version
        if isinstance(event, EventErased):
            self._erase(event.data.target_event_id)
        return _receipt(recorded)

    def _erase(self, event_id: str) -> None:
        target = self._find(event_id)
        if target is None or isinstance(target.event, Tombstone):
            raise BrokenLedgerError(f"event {event_id} can not be erased")
        self._erased[event_id] = replace(target, event=tombstone_of(target.event), state=None)

    def _claim(self, claim_id: str) -> Claim:
        """Return the claim as it is stored, and as this batch has changed it so far."""
        claim = self._cache.get(claim_id, self._batch)
        if claim.version < self._versions.get(claim_id, 0):
            for recorded in self._decided:
                if recorded.originator_id == claim_id and recorded.originator_version > claim.version:
                    self._cache.evolve(claim, recorded)
        return claim

    def _find(self, event_id: str) -> Recorded | None:
        return self._erased.get(event_id) or self._pending.get(event_id) or self._batch.find(event_id)

    def _read(self, event_id: str) -> Event:
        recorded = self._find(event_id)
        if recorded is None or isinstance(recorded.event, Tombstone):
            raise BrokenLedgerError(f"event {event_id} can not be read")
        return recorded.event

    def _undo(self, mark: int, erased: int) -> None:
        """Take back what a refused group has appended: its claims are read again when they are next asked for."""
        undone = self._decided[mark:]
        del self._decided[mark:]
        for event_id in list(self._erased)[erased:]:
            del self._erased[event_id]
        for recorded in undone:
            del self._pending[recorded.event.event_id or ""]
            self._cache.forget(recorded.originator_id)
            before = [kept.originator_version for kept in self._decided if kept.originator_id == recorded.originator_id]
            self._versions[recorded.originator_id] = max(before, default=0)


def _receipt(recorded: Recorded, *, duplicate: bool = False) -> Receipt:
    event = recorded.event
    return Receipt(
        event_id=event.event_id or "",
        claim_id=recorded.originator_id,
        claim_version=recorded.originator_version,
        position=recorded.position,
        recorded_at=event.recorded_at or "",
        event_sha256=recorded.digest,
        duplicate=duplicate,
    )


def _receipt_again(event: Event, known: Recorded) -> Receipt:
    """Return the first receipt of a retry. Raises ErasedError, EventIdTakenError."""
    if known.state is None:
        raise ErasedError(f"event {event.event_id} was erased")
    if not is_same_content(event, known.state):
        raise _taken(event)
    return _receipt(known, duplicate=True)


def _taken(event: Event) -> EventIdTakenError:
    return EventIdTakenError(f"event {event.event_id} is recorded with other content")
