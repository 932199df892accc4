"""All that publishes the log, put together: signer, witnesses, and what readers see of it."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from domain.times import SECOND_US
from service.publishing.identity import OpenLog
from service.publishing.published import PublishedLog
from service.publishing.publisher import Publisher
from service.publishing.thread import Publishing
from service.publishing.tree import Reads, Tree
from service.publishing.witnesses import Witnesses, WitnessState
from service.store.checkpoints import CheckpointStore, Cosignature, KeptCheckpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class LogNumbers:
    """How the log does: the last checkpoint's size, and its age in seconds; both 0 while there is none."""

    size: int
    age_s: float
    is_broken: bool
    witnesses: Iterable[WitnessState]


class LogService:
    """Publishes the log of one ledger, and knows when nothing more may be appended to it."""

    def __init__(
        self,
        opened: OpenLog,
        store: CheckpointStore,
        reads: Reads,
        now_us: Callable[[], int],
        broken: Callable[[str], None],
    ) -> None:
        """Prepare; `broken` hears why nothing may be appended any more."""
        tree = Tree(reads)
        self._store = store
        self._now_us = now_us
        self.published = PublishedLog(opened.identity.verifier_key, store, reads)
        self._witnesses = Witnesses(self.published, store, tree, now_us)
        self._publishing = Publishing(Publisher(opened, store, tree, now_us, self._show_soon), broken)

    def start(self) -> asyncio.Task[None]:
        """Look whether the log is whole, begin to publish, and return the task that asks the witnesses."""
        self._loop = asyncio.get_running_loop()
        self._publishing.start()
        return asyncio.create_task(self._witnesses.run())

    def stop(self) -> None:
        """End after the checkpoint under way."""
        self._publishing.stop()

    def wake(self) -> None:
        """Tell that the tree has grown. May be called in any thread."""
        self._publishing.wake()

    def give_up(self, reason: str) -> None:
        """Sign nothing more, and have nothing appended: the tree can not be built. May be called in any thread."""
        self._publishing.give_up(reason)

    def numbers(self) -> LogNumbers:
        """Return how the log does."""
        last = self.published.last
        return LogNumbers(
            size=self.published.size,
            age_s=0.0 if last is None else (self._now_us() - last.kept.signed_us) / SECOND_US,
            is_broken=self._publishing.is_broken,
            witnesses=self._witnesses.states,
        )

    def _show_soon(self, kept: KeptCheckpoint) -> None:
        cosignatures = self._store.list_cosignatures(kept.number, kept.number)
        with suppress(RuntimeError):  # the loop has been closed
            self._loop.call_soon_threadsafe(self._show, kept, cosignatures)

    def _show(self, kept: KeptCheckpoint, cosignatures: Iterable[Cosignature]) -> None:
        self.published.show(kept, cosignatures)
        self._witnesses.wake()
