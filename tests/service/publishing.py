"""A ledger whose log is published without a thread: step by step, and seen by who remembers everything."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from projections.follower import Follower
from projections.log.verify.layout import entry_of
from projections.log.verify.notes import Checkpoint, open_checkpoint, parse_key
from projections.log.verify.tree import leaf_hash, root_of
from service.publishing.identity import KeyPlace, OpenLog, open_log
from service.publishing.publisher import Publisher
from service.publishing.tree import T, Tree
from service.store.checkpoints import CheckpointStore, KeptCheckpoint
from service.store.databases import SqliteLedger
from service.store.views import open_views, prepare_views
from tests.service.desk import NOON_US, Desk, opened
from tests.service.posting import report

ORIGIN = "ledger.example/log"


class Press:
    """A ledger in a folder, its read models, and a publisher; leaving it closes all of it."""

    def __init__(self, data_dir: Path, origin: str = ORIGIN) -> None:
        self.data_dir = data_dir
        self.ledger = data_dir / "ledger.db"
        self.origin = origin
        self.shown: list[bytes] = []

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.application = stack.enter_context(opened(self.data_dir))
            self.desk = stack.enter_context(Desk(self.application.recorder))
            self._open_views()
            stack.callback(self._close_views)
            self.store = CheckpointStore(SqliteLedger(self.data_dir).tables)
            self.place = KeyPlace.of(self.data_dir, None)
            self.log: OpenLog = open_log(self.origin, self.place, self.store, NOON_US)
            self.publisher = self.new_publisher()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        self._stack.close()

    def new_publisher(self, show: Callable[[KeptCheckpoint], None] | None = None) -> Publisher:
        """Return a publisher as after a start; `choose` always takes the last leaf."""
        tree = Tree(self)
        return Publisher(self.log, self.store, tree, lambda: NOON_US, show or self._show, lambda _, end: end - 1)

    def read_here(self, read: Callable[..., T]) -> T:
        """Run a read on the connection of the read models."""
        return read(self.connection)

    async def look_up(self, read: Callable[..., T]) -> T:
        """Do the same for the event loop."""
        return read(self.connection)

    def append(self, events: int) -> None:
        """Record so many events; the read models do not know of them yet."""
        self.desk.receipts(*(report() for _ in range(events)))

    def renew_views(self) -> None:
        """Lose the read models; the tree is empty until they follow again."""
        self._close_views()
        for path in self.data_dir.glob("views.db*"):
            path.unlink()
        self._open_views()

    def _close_views(self) -> None:
        self.connection.close()  # whichever it is by then

    def _open_views(self) -> None:
        prepare_views(self.data_dir / "views.db", self.ledger)
        self.connection = open_views(self.data_dir / "views.db", self.ledger)

    def follow(self) -> int:
        """Bring the read models up to date."""
        follower, position = Follower(self.connection), -1
        while (reached := follower.step()) != position:
            position = reached
        return position

    def publish(self, events: int = 0) -> list[int]:
        """Append events, let the tree grow, and take steps until there is nothing to do; return the sizes shown."""
        if events:
            self.append(events)
        self.follow()
        before = len(self.shown)
        while self.publisher.step():
            pass
        return [self.open(note).size for note in self.shown[before:]]

    def open(self, note: bytes) -> Checkpoint:
        """Return the checkpoint of a note, as whoever has the verifier key does."""
        return open_checkpoint(note, parse_key(self.log.identity.verifier_key))

    def kept(self) -> list[Checkpoint]:
        return [self.open(kept.note) for kept in self.store.list_checkpoints(0, 10_000)]

    def true_root(self, size: int) -> bytes:
        """Return the root as it follows from the ledger alone, by the code of those who verify."""
        rows = self.connection.execute(
            "SELECT event_sha256, state FROM ledger.stored_events WHERE position <= ? ORDER BY position", (size,)
        ).fetchall()
        recorded_at = "2024-10-04T12:00:00.000000Z"
        return root_of(leaf_hash(entry_of(digest.hex(), recorded_at)) for digest, _ in rows)

    def _show(self, kept: KeptCheckpoint) -> None:
        self.shown.append(kept.note)
