"""What only the store on PostgreSQL meets: connections that are lost, nodes that stand still, other clocks."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import pytest

from api.ports import OutcomeUnknownError, UnavailableError
from service.clock import Clock
from service.requests import Request, StoppedError
from service.sequencer import Limits, Sequencer
from service.store.databases import LedgerApplication, PostgresLedger
from service.store.records import Batch, Store, StoreUnavailableError
from tests.postgres_server import PostgresServer, server_folder
from tests.proxy import Proxy
from tests.service.desk import PATIENCE_S, Desk, by_hand, opened, outcomes, receipts, stored
from tests.service.posting import deny, event_id, report

ENGINES = ("postgres",)


@pytest.fixture
def proxy(postgres_url: str) -> Iterator[Proxy]:
    with Proxy(postgres_url) as proxy:
        yield proxy


@pytest.fixture
def remote(proxy: Proxy) -> Iterator[LedgerApplication]:
    """A ledger behind a connection that can be cut."""
    with opened(PostgresLedger(proxy.url)) as application:
        yield application


def test_a_batch_whose_commit_was_heard_but_not_answered_is_answered_all_the_same(remote, proxy):
    with Desk(remote.recorder) as desk:
        desk.receipts(report(event_id=event_id(1)))
        proxy.swallow = once(b"COMMIT")
        (receipt,) = desk.receipts(deny(event_id=event_id(2)))
        assert (receipt.position, receipt.duplicate) == (2, False)
        assert [receipt.position for receipt in desk.receipts(deny())] == [3]
    assert len(stored(remote)) == 3


def once(text: bytes):
    """Return what is true of the first message that has a text in it."""
    seen = threading.Event()

    def is_first(said: bytes) -> bool:
        if text in said and not seen.is_set():
            seen.set()
            return True
        return False

    return is_first


STATEMENTS = [b"FOR UPDATE", b"event_id = ANY", b"unnest", b"INSERT INTO ledger.stored_events", b"COMMIT"]


@pytest.mark.parametrize("moment", ["before", "during", "after"])
@pytest.mark.parametrize("text", STATEMENTS)
def test_a_connection_lost_at_any_statement_loses_nothing_and_records_nothing_twice(remote, proxy, text, moment):
    with Desk(remote.recorder) as desk, Desk(remote.recorder) as other:
        desk.receipts(report())
        is_first = once(text)
        if moment == "after":
            proxy.swallow = is_first
        else:
            proxy.breaks = lambda said: moment if is_first(said) else ""
        outcome = other.record(deny(event_id=event_id(2)))
        assert isinstance(outcome, UnavailableError | tuple)
        assert not is_first(text)  # the fault has been
        (receipt,) = desk.receipts(deny(event_id=event_id(2)))
        assert receipt.position == 2
        assert [receipt.position for receipt in other.receipts(deny())] == [3]
    assert len(stored(remote)) == 3


def test_connections_that_were_cut_while_nobody_used_them_are_not_noticed(remote, proxy):
    with Desk(remote.recorder) as desk:
        desk.receipts(report())
        proxy.cut()
        assert [receipt.position for receipt in desk.receipts(deny())] == [2]


@contextmanager
def own_server(**options: object) -> Iterator[tuple[PostgresServer, LedgerApplication]]:
    """Yield a server that a test may stop, and a ledger on it."""
    with (
        server_folder() as folder,
        PostgresServer(folder, **options) as server,
        opened(PostgresLedger(server.url)) as application,
    ):
        yield server, application


def test_a_database_that_restarts_is_waited_for():
    with own_server(fsync="off") as (server, application), Desk(application.recorder) as desk:
        desk.receipts(report())
        server.kill()
        request = desk.submit([deny()])
        server.start()
        assert [receipt.position for receipt in receipts(outcomes(request)[0])] == [2]


def test_a_database_that_stays_away_is_unavailable_until_it_is_back():
    with own_server(fsync="off") as (server, application), Desk(application.recorder) as desk:
        desk.receipts(report())
        server.stop()
        assert isinstance(desk.record(deny(event_id=event_id(2))), StoreUnavailableError)
        server.start()
        assert [receipt.position for receipt in desk.receipts(deny(event_id=event_id(2)))] == [2]


def test_a_commit_that_was_not_waited_for_on_the_standby_is_no_receipt():
    with own_server() as (server, application), Desk(application.recorder) as desk:
        desk.receipts(report())
        ask_for_standby(server, "nobody")
        request = desk.submit([deny(event_id=event_id(2))])
        for _ in ("the commit", "and whoever asks whether it is there"):
            cancel_wait(server)
        assert isinstance(outcomes(request)[0], OutcomeUnknownError)
        ask_for_standby(server, "")
        (receipt,) = desk.receipts(deny(event_id=event_id(2)))
        assert (receipt.position, receipt.duplicate) == (2, True)


def ask_for_standby(server: PostgresServer, name: str) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'".encode())
        connection.execute("SELECT pg_reload_conf()")
        while connection.execute("SHOW synchronous_standby_names").fetchone() != (name,):
            pass


def cancel_wait(server: PostgresServer) -> None:
    """Cancel the one commit that waits for a standby, as soon as there is one."""
    cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    with psycopg.connect(server.url, autocommit=True) as connection:
        while connection.execute(cancel).fetchone() is None:
            pass


def test_who_stands_still_with_the_head_in_hands_loses_it(database):
    with opened(database) as frozen, opened(database) as other, Desk(other.recorder) as desk:
        held = frozen.recorder.batch()
        batch = held.__enter__()
        assert [receipt.position for receipt in desk.receipts(report())] == [1]
        with pytest.raises(psycopg.Error) as lost:
            batch.find(event_id(1))
        with pytest.raises(StoreUnavailableError):
            held.__exit__(lost.type, lost.value, lost.tb)


def test_events_bear_the_time_of_the_database(application):
    before_us = Clock().wall_us()
    with sequencer(application, lambda: 0) as submit:
        assert isinstance(submit([report()]), StoppedError)
    with sequencer(application, Clock().now_us) as submit:
        assert isinstance(submit([report()]), tuple)
    (row,) = stored(application)
    assert before_us - 10**6 <= row["recorded_us"] <= Clock().wall_us() + 10**6


def test_a_clock_of_the_database_that_jumps_back_sets_no_time_back_and_one_that_jumps_ahead_stops_appending(
    application,
):
    hour_us, own_us = 3_600 * 10**6, Clock().wall_us()
    with ManyClocks(application.recorder, own_us) as desk:
        for ahead_us in (0, -hour_us, 7, hour_us, -7, 8):
            desk.store.clock_us = own_us + ahead_us
            outcome = desk.record(report())
            assert isinstance(outcome, StoppedError if ahead_us == hour_us else tuple)
    assert [row["recorded_us"] - own_us for row in stored(application)] == [0, 0, 7, 7, 8]


class ManyClocks(Desk):
    """A desk whose database tells the time that it is told."""

    def __init__(self, store: Store, own_us: int) -> None:
        super().__init__(store, lambda: own_us)
        self.store = ToldTheTime(store)
        self.sequencer = Sequencer(self.store, lambda: own_us, answer, self.appended.extend, Limits())


class ToldTheTime:
    def __init__(self, store: Store) -> None:
        self._store = store
        self.clock_us = 0

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        with self._store.batch() as batch:
            batch.clock_us = self.clock_us
            yield batch


class sequencer:  # noqa: N801  # used as a function
    """A sequencer that heeds the database's clock."""

    def __init__(self, application, now_us):
        self._sequencer = Sequencer(application.recorder, now_us, answer, lambda _: None, Limits())

    def __enter__(self):
        self._sequencer.start()
        return self._submit

    def __exit__(self, *_):
        self._sequencer.stop()

    def _submit(self, group):
        request = Request([group], waiter=threading.Event())
        self._sequencer.submit(request)
        assert request.waiter.wait(PATIENCE_S)
        return request.outcomes[0]


def answer(requests):
    for request in requests:
        request.waiter.set()


def test_who_tails_the_ledger_never_sees_an_event_before_those_that_precede_it(database):
    writers = 4
    with ExitStack() as stack:
        applications = [stack.enter_context(opened(database)) for _ in range(writers + 1)]
        desks = [stack.enter_context(Desk(writer.recorder, limits=Limits(batch=3))) for writer in applications[1:]]
        requests = [desk.submit([report(f"claim-{number}")]) for number in range(100) for desk in desks]
        seen: list[int] = []
        while len(seen) < len(requests):
            rows = applications[0].recorder.select_notifications(
                seen[-1] if seen else 0, 1000, inclusive_of_start=False
            )
            seen += [row.id for row in rows]
        assert seen == list(range(1, len(requests) + 1))
        assert sorted(receipts(outcomes(request)[0])[0].position for request in requests) == seen


def test_the_table_can_not_be_emptied(application, desk):
    desk.receipts(report())
    with pytest.raises(Exception, match="immutable"), by_hand(application) as execute:
        execute("TRUNCATE ledger.stored_events")
    assert len(stored(application)) == 1
