"""Chooses the engine: the one place that knows which settings mean which."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from projections.follower import Follower
from projections.recent import RecentEvents
from service.following import Stepping
from service.listening import Listener
from service.settings import Settings
from service.sharing import ReplicaPosition, SharedFollower
from service.store.databases import LedgerDatabase, PostgresLedger, SqliteLedger
from service.store.generations import Generations
from service.store.postgres_generations import PostgresGenerations
from service.store.postgres_views import ViewsSchema
from service.store.records import StoreUnavailableError
from service.succession import CurrentFollower
from service.views import SqliteViews
from service.views_postgres import PostgresViews

Scrubbed = Callable[[int], None]
"""Hears up to which position erasures are done."""


_BELIEVED_S = 4.0
"""What is erased has to be gone within five seconds on every node."""


class Closing(Stepping, Protocol):
    """What brings read models up to date, and is closed in the end."""

    def close(self) -> None:
        """Close them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """The ledger and its read models, opened. With a replica, readers see another position than the follower's.

    `applied` hears how far the read models have come. After `believed_s` seconds in which nobody could look how
    far they are, what was read before is no longer shown: others may have erased it.
    """

    database: LedgerDatabase
    follower: Closing
    views: SqliteViews
    replica: ReplicaPosition | None = None
    applied: Callable[[int], None] = lambda _: None
    believed_s: float = inf
    listen: Callable[[Callable[[], None]], Listener | None] = lambda _: None

    def close(self) -> None:
        """Close what was opened; the ledger's own connections last."""
        self.views.close()
        self.follower.close()
        if self.replica is not None:
            self.replica.close()
        self.database.close()


def ledger_database(settings: Settings) -> LedgerDatabase:
    """Return where the settings keep the ledger; nothing is opened."""
    url = settings.database_url
    return SqliteLedger(settings.data_dir) if url is None else PostgresLedger(url.get_secret_value())


def read_models(settings: Settings) -> Generations | PostgresGenerations:
    """Return the read models beside the ledger."""
    url = settings.database_url
    if url is None:
        return Generations(settings.data_dir, SqliteLedger(settings.data_dir).path)
    return PostgresGenerations(url.get_secret_value())


def open_storage(
    settings: Settings,
    now_us: Callable[[], int],
    recent: RecentEvents,
    scrubbed: Scrubbed,
    erased: Callable[[], None],
) -> Storage:
    """Open the databases, bringing them up to date; the follower finds in `recent` what was just appended here.

    `scrubbed` hears up to which position erasures are done, `erased` of those that other nodes may have made.

    Raises StoreUnavailableError, SchemaTooNewError; SchemaTooOldError where they may not be migrated.
    """
    if settings.database_url is None:
        try:
            return _open_sqlite(settings, now_us, recent, scrubbed)
        except sqlite3.Error as error:  # the read models': a disk that is full, or fails
            raise StoreUnavailableError(f"the read models can not be opened: {error}") from error
    return _open_postgres(
        settings, now_us, partial(SharedFollower, erased=erased, follow=partial(Follower, recent=recent)), scrubbed
    )


def _open_sqlite(settings: Settings, now_us: Callable[[], int], recent: RecentEvents, scrubbed: Scrubbed) -> Storage:
    database = SqliteLedger(settings.data_dir)
    database.prepare(migrate=settings.migrate_at_start)
    generations = Generations(settings.data_dir, database.path)

    def show(path: Path) -> None:
        views.reopen(generations.reader(path))

    follower = CurrentFollower(generations, show, scrubbed, follow=partial(Follower, recent=recent))
    views = SqliteViews(generations.reader(follower.path), now_us)
    return Storage(database=database, follower=follower, views=views)


def _open_postgres(
    settings: Settings, now_us: Callable[[], int], follow: Callable[..., SharedFollower], scrubbed: Scrubbed
) -> Storage:
    url = _secret(settings.database_url)
    database = PostgresLedger(url)
    database.prepare(migrate=settings.migrate_at_start)
    generations = PostgresGenerations(url)
    read_url = _secret(settings.read_database_url) or url

    def show(schema: ViewsSchema) -> None:
        views.reopen(generations.reader(schema, read_url))

    follower = follow(generations, show)
    views = PostgresViews(generations.reader(follower.schema, read_url), now_us)
    replica = None
    if read_url != url:
        replica = ReplicaPosition(generations, lambda: follower.schema, follower.known, read_url)
    direct_url = _secret(settings.direct_database_url)
    return Storage(
        database=database,
        follower=follower,
        views=views,
        replica=replica,
        # No query shows what was erased any more; what the files hold of it is VACUUM's, as the operator's page says.
        applied=scrubbed,
        believed_s=_BELIEVED_S,
        listen=lambda wake: Listener(direct_url, wake) if direct_url else None,
    )


def _secret(url: SecretStr | None) -> str:
    return "" if url is None else url.get_secret_value()
