"""The log's port: what is published of it, with the proofs that lead to the last checkpoint."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from api.ports import UnavailableError
from projections.log import log
from projections.log.checkpoint import add_signatures, encode_receipt
from service.publishing.tree import Reads
from service.store.checkpoints import CheckpointStore, Cosignature, KeptCheckpoint
from service.waiting import Progress


@dataclass(frozen=True, slots=True)
class Published:
    """A checkpoint and what witnesses have signed of it."""

    kept: KeptCheckpoint
    cosignatures: tuple[Cosignature, ...] = ()

    @property
    def note(self) -> bytes:
        """The signed note, with the cosignatures that it has."""
        return _with_cosignatures(self.kept, self.cosignatures)


class PublishedLog:
    """Belongs to the event loop, which is where checkpoints are shown; its look-ups are short."""

    def __init__(self, verifier_key: str, store: CheckpointStore, reads: Reads) -> None:
        """Show nothing yet; `reads` are those of the tree."""
        self._verifier_key = verifier_key
        self._store = store
        self._look_up = reads.look_up
        self._last: Published | None = None
        self._progress = Progress(0)

    @property
    def verifier_key(self) -> str:
        """Whose signatures count: c2sp.org/signed-note."""
        return self._verifier_key

    @property
    def last(self) -> Published | None:
        """The checkpoint that is shown."""
        return self._last

    @property
    def size(self) -> int:
        """How many events the last checkpoint covers; 0 while there is none."""
        return self._progress.position

    def show(self, kept: KeptCheckpoint, cosignatures: Iterable[Cosignature] = ()) -> None:
        """Show a checkpoint, and wake who waits for it; what has been shown is never taken back."""
        if self._last is None or kept.size > self.size:
            self._last = Published(kept, tuple(cosignatures))
            self._progress.move(kept.size)

    def add_cosignature(self, cosignature: Cosignature) -> None:
        """Show what a witness has signed, if it is the last checkpoint, in the place of what it had signed before."""
        if self._last is not None and self._last.kept.number == cosignature.number:
            others = [each for each in self._last.cosignatures if each.verifier_key != cosignature.verifier_key]
            self._last = Published(self._last.kept, (*others, cosignature))

    def get_checkpoint(self) -> bytes:
        """Return the last checkpoint, a signed note, with the cosignatures that it has. Raises UnavailableError."""
        return self._shown().note

    async def list_checkpoints(self, after: int, limit: int) -> list[bytes]:
        """Return checkpoints in the order in which they were signed, without the first `after` ones."""
        last = self._shown().kept.number
        return await asyncio.to_thread(self._list, after, min(limit, max(0, last - after)))

    async def get_tile(self, path: str) -> bytes | None:
        """Return a tile or an entry bundle by its path, None where the published tree has none."""
        size = self._shown().kept.size
        return await self._look_up(lambda c: log.tile_at(c, path, size) or log.bundle_at(c, path, size))

    async def prove(self, position: int) -> bytes | None:
        """Return the receipt of the event at a position (c2sp.org/tlog-proof), None where it is not covered yet."""
        shown = self._shown()
        if position > shown.kept.size:
            return None
        proof = await self._look_up(lambda connection: log.inclusion_at(connection, position - 1, shown.kept.size))
        return encode_receipt(position - 1, proof, shown.note)

    async def wait_for(self, position: int, timeout_s: float) -> bool:
        """Wait until a checkpoint covers a position; return whether one does."""
        return await self._progress.wait_for(position, timeout_s)

    def _shown(self) -> Published:
        if self._last is None:
            raise UnavailableError("no checkpoint of the log is published yet")
        return self._last

    def _list(self, after: int, limit: int) -> list[bytes]:
        if limit == 0:
            return []
        cosignatures: defaultdict[int, list[Cosignature]] = defaultdict(list)
        for cosignature in self._store.list_cosignatures(after + 1, after + limit):
            cosignatures[cosignature.number].append(cosignature)
        kept = self._store.list_checkpoints(after, limit)
        return [_with_cosignatures(each, cosignatures[each.number]) for each in kept]


def _with_cosignatures(kept: KeptCheckpoint, cosignatures: Iterable[Cosignature]) -> bytes:
    return add_signatures(kept.note, [each.line for each in cosignatures])
