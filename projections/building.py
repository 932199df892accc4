"""Builds the read models of an empty file claim by claim: no claim is folded twice, however many there are.

Readers see position 0 until all is there. What is done so far stands in the same file, in the transaction
that did it, so that whoever is killed goes on where it was.
"""

from collections.abc import Callable, Sequence

from domain.fold import ClaimFold
from projections import tracking
from projections.batch import Batch
from projections.database import Connection
from projections.ledger import Stored, fold_claims, new_fold, read_by_claim
from projections.tracking import Built

Write = Callable[[Connection, Batch], None]


class Builder:
    """Writes one batch of events a step, in the order of their claims, up to a head that stays. It has one owner."""

    def __init__(self, connection: Connection, write: Write, batch_limit: int) -> None:
        self._connection = connection
        self._write = write
        self._batch_limit = batch_limit
        self._last: tuple[Built, ClaimFold] | None = None

    def clear(self) -> None:
        """Forget the claim that is half done: its last events may not have been committed."""
        self._last = None

    def step(self, built: Built) -> Built | None:
        """Write the next events, in the transaction under way; None where nothing is left to be written."""
        news = read_by_claim(self._connection, (built.claim_id, built.version), built.head, self._batch_limit)
        if not news:
            return None
        fold = self._begun(built)
        batch = Batch()
        for stored in news:
            claim_id = stored.event.claim_id or ""
            if claim_id not in batch.folds:
                batch.folds[claim_id] = fold if claim_id == built.claim_id else new_fold(self._connection)
            fold = batch.folds[claim_id]
            batch.add(fold, stored)
        self._write(self._connection, batch)
        after = _after(built, news)
        tracking.note_built(self._connection, after)
        self._last = (after, fold)
        return after

    def _begun(self, built: Built) -> ClaimFold:
        """Return the last claim as far as it is done: a long one takes several steps."""
        if self._last is not None and self._last[0] == built:
            return self._last[1]
        return fold_claims(self._connection, [built.claim_id], built.position)[built.claim_id]


def _after(built: Built, news: Sequence[Stored]) -> Built:
    last = news[-1]
    return built._replace(
        claim_id=last.event.claim_id or "",
        version=last.event.claim_version or 0,
        position=last.position,
        events=built.events + len(news),
    )
