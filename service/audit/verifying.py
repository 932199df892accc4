"""Verifies a ledger: its log, its events, its standings, and that it goes on from what was verified before."""

from dataclasses import dataclass, field

from projections.log.verify.notes import Checkpoint, VerifierKey
from service.audit.claims import ClaimsAudit
from service.audit.events import EventsAudit, Seen
from service.audit.findings import Findings, GaveUpError, Violation
from service.audit.histories import HistoryAudit
from service.audit.progress import Progress, Tell
from service.audit.sources import CHECKPOINT, Source
from service.audit.spool import Placed, Spool, open_spool
from service.audit.state import State
from service.audit.trees import TreeAudit, collect_checkpoints, open_signed


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was looked at: of entries those from `begun_at` on, and only what could be read of events and claims."""

    size: int
    root: str
    begun_at: int
    checkpoints: int
    claims: int
    seen: Seen = field(default_factory=Seen)


def verify_ledger(
    source: Source, key: VerifierKey, remembered: State | None, findings: Findings, progress: Progress
) -> tuple[Verified, State] | None:
    """Return what was looked at and what to remember; None where it was too wrong to be looked at any further.

    Raises AuditError where it could not be checked at all.
    """
    with open_spool() as spool:
        try:
            return _Verification(source, key, findings, spool).run(remembered, progress)
        except GaveUpError:
            return None


class _Verification:
    def __init__(self, source: Source, key: VerifierKey, findings: Findings, spool: Spool) -> None:
        self._source = source
        self._key = key
        self._findings = findings
        self._spool = spool

    def run(self, remembered: State | None, progress: Progress) -> tuple[Verified, State]:
        note = self._source.read(CHECKPOINT)
        checkpoint = open_signed(note, self._key, self._findings)
        if remembered is not None:
            self._check_growth(checkpoint, remembered)
        kept = collect_checkpoints(self._source, self._key, self._spool, self._findings)
        # A mirror is near: it is looked at whole, and must have gone through what is remembered.
        resumed = remembered if self._source.can_be_asked_again else None
        tree = TreeAudit(self._source, checkpoint, self._findings, resumed.edge if resumed else ())
        with progress("events") as tell:
            events = self._check_events(tree, checkpoint.size, resumed, tell)
        with progress("claims") as tell:
            claims = self._check_claims(tree, checkpoint.size, resumed, tell)
        verified = Verified(
            size=checkpoint.size,
            root=checkpoint.root.hex(),
            begun_at=resumed.size if resumed else 0,
            checkpoints=kept,
            claims=claims,
            seen=events.seen,
        )
        state = State(
            checkpoint=note or b"",
            size=checkpoint.size,
            root=checkpoint.root,
            edge=tree.edge,
            recorded_at=events.recorded_at,
        )
        return verified, state

    def _check_growth(self, checkpoint: Checkpoint, remembered: State) -> None:
        where = "the remembered checkpoint"
        if checkpoint.size < remembered.size:
            found, expected = f"a checkpoint of {checkpoint.size} entries", f"{remembered.size} at least, as remembered"
            self._findings.add(
                Violation(kind="rollback", position=checkpoint.size + 1, where=where, found=found, expected=expected)
            )
            raise GaveUpError
        self._spool.add_checkpoint(Placed(remembered.size, remembered.root, where))

    def _check_events(self, tree: TreeAudit, size: int, resumed: State | None, tell: Tell) -> EventsAudit:
        lines = self._source.events(resumed.size if resumed else 0)
        audit = EventsAudit(lines, self._spool, self._findings, is_complete=self._source.is_complete)
        audit.recorded_at = resumed.recorded_at if resumed else ""
        for position, entry, leaf in tree.entries(self._spool.checkpoints()):
            audit.take(position, entry, leaf)
            if position % 256 == 0 or position == size:
                tell(position, size)
        return audit

    def _check_claims(self, tree: TreeAudit, size: int, resumed: State | None, tell: Tell) -> int:
        histories = HistoryAudit(self._source, tree, size)
        claims = ClaimsAudit(self._source, histories, self._spool, self._findings, size)
        return claims.check_changed(tell) if resumed else claims.check_all(tell)
