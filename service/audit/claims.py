"""Replays claim by claim, and compares where each stands with what the service shows."""

from collections.abc import Iterator
from functools import partial

from domain.reader import Cut
from service.audit.findings import Findings
from service.audit.histories import HistoryAudit
from service.audit.progress import Tell
from service.audit.records import encode_json
from service.audit.replay import Replay, compare_standing
from service.audit.sources import Source
from service.audit.spool import Spool, Spooled


class ClaimsAudit:
    """Looks at the claims whose records were put aside."""

    def __init__(self, source: Source, histories: HistoryAudit, spool: Spool, findings: Findings, size: int) -> None:
        """`size` is how many events the checkpoint covers: standings are compared as of there."""
        self._source = source
        self._histories = histories
        self._spool = spool
        self._findings = findings
        self._size = size

    def check_all(self, tell: Tell) -> int:
        """Replay every claim from its first record, and return how many there were."""
        count, total = 0, self._spool.finish_records()
        for page in self._source.claims(self._size):
            self._spool.add_items((str(item.get("claim_id")), encode_json(item).encode()) for item in page)
        for claim_id, records, shown in _beside(self._spool.claims(), self._spool.items()):
            replay = Replay(claim_id, self._findings, self._spool.is_hidden, is_complete=self._source.is_complete)
            for each in records:
                replay.add(each.logged, partial(self._spool.read, each))
            replay.check_erasures()
            self._compare(claim_id, replay, shown)
            count += 1
            tell(count, total)
        return count

    def check_changed(self, tell: Tell) -> int:
        """Replay the claims that have new records, from their histories, and return how many there were."""
        count, total = 0, self._spool.finish_records()
        for claim_id, records in self._spool.claims():
            for violation in self._histories.check(claim_id, {each.position: each.digest.hex() for each in records})[0]:
                self._findings.add(violation)
            count += 1
            tell(count, total)
        return count

    def _compare(self, claim_id: str, replay: Replay, shown: bytes | None) -> None:
        wrong = compare_standing(claim_id, replay, shown, Cut(position=self._size))
        if wrong is not None and not (self._source.can_be_asked_again and self._has_moved_on(claim_id, replay)):
            self._findings.add(wrong)

    def _has_moved_on(self, claim_id: str, replay: Replay) -> bool:
        """Tell whether the claim has other records now, and is shown as they say.

        Who may read what is judged as of now, and an event may be erased after it was read here.
        """
        found, now = self._histories.check(claim_id, {})
        return not found and now.taken != replay.taken


def _beside(
    claims: Iterator[tuple[str, Iterator[Spooled]]], items: Iterator[tuple[str, bytes]]
) -> Iterator[tuple[str, Iterator[Spooled], bytes | None]]:
    """Yield each claim's id, records and what is shown of it, where one of these may be missing."""
    shown = next(items, None)
    for claim_id, records in claims:
        while shown is not None and shown[0] < claim_id:
            yield shown[0], iter(()), shown[1]
            shown = next(items, None)
        if shown is not None and shown[0] == claim_id:
            yield claim_id, records, shown[1]
            shown = next(items, None)
        else:
            yield claim_id, records, None
    while shown is not None:
        yield shown[0], iter(()), shown[1]
        shown = next(items, None)
