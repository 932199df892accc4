"""The one place where the parts meet."""

import asyncio
import contextlib
import time
from collections.abc import Sequence

from api.app import create_app
from api.kept import KeptAnswers
from api.ports import ApiOptions, Ports, UnavailableError
from domain.events import Tombstone
from projections.recent import RecentEvent, RecentEvents
from service.accesses import AccessLog, AccessStore
from service.admission import Admission
from service.clock import Clock
from service.embargoes import EmbargoEnder
from service.erasures import Erasures
from service.garbage import collect_seldom
from service.keys import KeyRing, KeyStore
from service.lag import Lag
from service.ledger import SequencedLedger, answer
from service.publishing.identity import KeyPlace, open_log
from service.publishing.service import LogService
from service.requests import Watch
from service.sequencer import Limits, Sequencer
from service.settings import Settings
from service.storage import open_storage
from service.store.checkpoints import CheckpointStore
from service.store.databases import LedgerDatabase
from service.store.records import Recorded
from service.telemetry import Telemetry
from service.threads import Threads

_KEY_REFRESH_S = 2.0
_NOTE_USE_S = 60.0


class Service:
    """The whole service: one node, on its own data directory or beside others on one PostgreSQL."""

    def __init__(self, settings: Settings, *, public_reads: bool) -> None:
        """Open the databases, bringing them up to date.

        Raises StoreUnavailableError, SchemaTooNewError; SchemaTooOldError where they may not be migrated;
        OtherLogError and SigningKeyError where the log is not to be signed with these settings.
        """
        self._clock = Clock()
        self._recent = RecentEvents()
        erasures = Erasures()
        self._storage = open_storage(settings, self._clock.wall_us, self._recent, erasures.done_to, self._forget)
        self._log = self._open_log(settings)
        self._application = self._storage.database.open()
        self._keys = _open_keys(settings, self._storage.database, self._clock)
        self._views = self._storage.views
        self._lag = Lag(self._application.recorder.max_notification_id() or 0, time.monotonic)
        telemetry = Telemetry(self._lag, lambda: self._sequencer.depth, self._log.numbers)
        self.admission = Admission(time.monotonic, telemetry, self._keys.whose)
        self._threads = Threads(self._storage, self._lag.moved, self._moved, self._log.give_up)
        self._sequencer = self._open_sequencer(settings, telemetry)
        ledger = SequencedLedger(self._sequencer.submit, erasures.wait_for)
        self._kept = KeptAnswers(is_current=self._threads.is_current)
        ports = Ports(
            ledger=ledger,
            views=self._views,
            log=self._log.published,
            keys=self._keys,
            accesses=AccessLog(AccessStore(self._storage.database.tables).add, self._clock.wall_us),
            health=self,
            metrics=telemetry,
            options=_options(settings, public_reads=public_reads),
            kept=self._kept,
        )
        self.app = create_app(ports)
        self._embargoes = EmbargoEnder(
            ledger, self._clock.wall_us, self._views.list_ended_embargoes, self._views.next_embargo_end
        )
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to record and to follow, on the running loop."""
        self._loop = asyncio.get_running_loop()
        # First of all: nothing is appended to a ledger that is not the one that was signed.
        witnesses = self._log.start()
        self._sequencer.start()
        self._threads.start()
        refreshing = asyncio.create_task(self._refresh_keys())
        noting = asyncio.create_task(self._note_used_keys())
        self._tasks = [witnesses, refreshing, noting, asyncio.create_task(self._embargoes.run())]
        collect_seldom()

    def end_streams(self) -> None:
        """End every stream of events: they would go on for ever, and nobody is waited for who only listens."""
        self.app.state.live.end()

    async def stop(self) -> None:
        """Record what is queued, answer, and close."""
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self._note_use()
        await asyncio.to_thread(self._sequencer.stop)
        await asyncio.to_thread(self._threads.stop)
        await asyncio.to_thread(self._log.stop)
        self._application.close()
        self._storage.close()

    def reasons_not_ready(self) -> Sequence[str]:
        """Return why nothing can be appended or shown now; empty when all is well."""
        return [reason for reason in (self._sequencer.fault(), self._threads.failure, self._clock.fault()) if reason]

    def _appended(self, appended: Sequence[Recorded]) -> None:
        self._recent.put(
            [
                RecentEvent(each.position, each.state, each.event)
                for each in appended
                if each.state and not isinstance(each.event, Tombstone)
            ]
        )
        self._threads.wake()

    def _open_sequencer(self, settings: Settings, telemetry: Telemetry) -> Sequencer:
        limits = Limits(queue=settings.queue_limit, batch=settings.batch_limit)
        recorder = self._application.recorder
        return Sequencer(recorder, self._clock.now_us, answer, self._appended, limits, Watch(observer=telemetry))

    def _open_log(self, settings: Settings) -> LogService:
        checkpoints = CheckpointStore(self._storage.database.tables)
        place = KeyPlace.of(settings.data_dir, settings.signing_key_file)
        opened = open_log(settings.origin, place, checkpoints, self._clock.wall_us())
        return LogService(opened, checkpoints, self._storage.views, self._clock.wall_us, self._halt)

    def _halt(self, reason: str) -> None:
        self._sequencer.halt(reason)

    def _forget(self) -> None:
        self._sequencer.forget()

    def _moved(self, position: int) -> None:
        self._log.wake()
        with contextlib.suppress(RuntimeError):  # the loop has been closed
            self._loop.call_soon_threadsafe(self._show, position)

    def _show(self, position: int) -> None:
        self._kept.move_to(position)  # before anybody who waits goes on: what was erased is gone
        self._views.moved_to(position)
        self._embargoes.wake()

    async def _refresh_keys(self) -> None:
        while True:
            await asyncio.sleep(_KEY_REFRESH_S)
            with contextlib.suppress(UnavailableError):  # busy, or away: the next time
                await self._keys.renew()

    async def _note_used_keys(self) -> None:
        while True:
            await asyncio.sleep(_NOTE_USE_S)
            await self._note_use()

    async def _note_use(self) -> None:
        with contextlib.suppress(UnavailableError):  # when a key was last used is not worth more than this
            await asyncio.to_thread(self._keys.note_used, self._clock.wall_us())


def _options(settings: Settings, *, public_reads: bool) -> ApiOptions:
    return ApiOptions(
        public_reads=public_reads,
        max_body_bytes=settings.max_body_bytes,
        patience_s=settings.patience_s,
        cors_origins=settings.cors_origins,
    )


def _open_keys(settings: Settings, database: LedgerDatabase, clock: Clock) -> KeyRing:
    """Return the key ring, with the bootstrap key in it where that is the first."""
    store = KeyStore(database.tables)
    if settings.bootstrap_admin_key is not None:
        store.bootstrap(settings.bootstrap_admin_key.get_secret_value(), clock.wall_us())
    ring = KeyRing(store)
    ring.refresh()
    return ring
