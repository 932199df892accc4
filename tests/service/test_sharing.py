"""Several nodes on one PostgreSQL: one brings the read models up to date, another takes over, all learn of it."""

from collections.abc import Iterator
from contextlib import ExitStack, closing

import psycopg
import pytest

from api.ports import UnavailableError
from domain.reader import NOW
from projections.tracking import OvertakenError
from service.rebuilding import rebuild
from service.sharing import ReplicaPosition, SharedFollower
from service.store.databases import PostgresLedger
from service.store.generations import RebuildUnderWayError
from service.store.postgres_generations import PostgresGenerations
from service.store.postgres_views import ViewsSchema
from service.store.records import StoreUnavailableError
from service.views_postgres import PostgresViews
from tests.service.desk import NOON_US, Desk, opened
from tests.service.posting import CLAIM, deny, report


@pytest.fixture
def database(postgres_url: str) -> PostgresLedger:
    database = PostgresLedger(postgres_url)
    database.prepare()
    return database


@pytest.fixture
def generations(database: PostgresLedger) -> PostgresGenerations:
    return PostgresGenerations(database.url)


class Nodes:
    """Followers of one database, with a clock that moves while they wait."""

    def __init__(self, generations: PostgresGenerations, stack: ExitStack) -> None:
        self._generations = generations
        self._stack = stack
        self._now_s = 0.0
        self.shown: list[ViewsSchema] = []

    def add(self) -> SharedFollower:
        follower = SharedFollower(
            self._generations, self.shown.append, pause=self._pause, elapsed_s=lambda: self._now_s
        )
        self._stack.callback(follower.close)
        return follower

    def _pause(self, seconds: float) -> None:
        self._now_s += seconds


@pytest.fixture
def nodes(generations: PostgresGenerations) -> Iterator[Nodes]:
    with ExitStack() as stack:
        yield Nodes(generations, stack)


@pytest.fixture
def desk(database: PostgresLedger) -> Iterator[Desk]:
    with opened(database) as application, Desk(application.recorder) as desk:
        yield desk


def test_one_follows_and_the_other_learns_of_it(nodes, desk):
    one, other = nodes.add(), nodes.add()
    desk.receipts(report(), deny())
    assert one.step() == 2
    assert other.step() == 2
    desk.receipts(deny())
    assert one.step() == 3
    assert other.step() == other.known() == 3


def test_who_stops_following_is_replaced(nodes, desk):
    one, other = nodes.add(), nodes.add()
    for expected in (1, 2):
        desk.receipts(report())
        assert one.step() == expected
        assert other.step() == expected
    one.close()
    desk.receipts(report())
    assert other.step() == 3


def test_while_one_is_at_work_another_can_not_be(nodes, desk, generations):
    one = nodes.add()
    desk.receipts(report())
    busy = generations.open(one.schema)
    busy.execute("BEGIN IMMEDIATE")
    with pytest.raises(OvertakenError):
        one.step()
    busy.close()
    assert one.step() == 1


def test_a_follower_whose_connection_is_lost_goes_on_with_another(nodes, desk, database):
    one = nodes.add()
    desk.receipts(report())
    assert one.step() == 1
    cut(database.url)
    desk.receipts(deny())
    assert one.step() == 2


def cut(url: str) -> None:
    """Cut every connection to a database but one's own."""
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"{others} AND pid <> pg_backend_pid()".encode())


def test_read_models_that_were_made_anew_are_shown_on_every_node(nodes, desk, generations, database):
    one, other = nodes.add(), nodes.add()
    desk.receipts(report(), deny())
    one.step()
    told: list[tuple[int, int]] = []
    assert rebuild(generations, database.head, lambda *now: told.append(now)) == 2
    assert told[-1] == (2, 2)
    for node in (one, other):
        assert node.step() == 2
    assert nodes.shown == [generations.current()] * 2
    assert generations.current() == ViewsSchema(one.schema.fingerprint, 2)
    desk.receipts(deny())
    assert [one.step(), other.step()] == [3, 3]


def test_a_start_removes_former_generations(nodes, generations, database):
    former = nodes.add().schema
    rebuild(generations, database.head, lambda *_: None)
    assert generations.is_fit(former)
    nodes.add()
    assert not generations.is_fit(former)


def test_two_do_not_rebuild_at_once(generations):
    with generations.rebuilding(), pytest.raises(RebuildUnderWayError):
        generations.rebuilding().__enter__()
    with generations.rebuilding():
        pass


def test_a_rebuild_that_was_killed_goes_on_where_it_was(generations, desk, nodes):
    nodes.add()
    desk.receipts(report(), deny())
    with pytest.raises(KeyboardInterrupt):
        rebuild(generations, lambda: 3, interrupt)
    assert generations.current().number == 1
    with generations.build_next() as connection:
        assert connection.progress().position == 2


def interrupt(*_: int) -> None:
    raise KeyboardInterrupt


def test_read_models_of_another_ledger_go_before_one_is_restored(generations, nodes):
    schema = nodes.add().schema
    assert generations.is_fit(schema)
    generations.remove_foreign()
    assert not generations.is_fit(schema)


@pytest.fixture
def views(generations: PostgresGenerations, nodes: Nodes) -> Iterator[PostgresViews]:
    views = PostgresViews(generations.reader(nodes.add().schema), lambda: NOON_US, threads=1)
    yield views
    views.close()


@pytest.mark.anyio
async def test_an_answer_is_never_staler_than_readers_were_told(views, desk, nodes):
    node = nodes.add()
    desk.receipts(report())
    views.moved_to(node.step())
    found = await views.get_claim(CLAIM, 0, NOW)
    assert found is not None
    views.moved_to(2)
    with pytest.raises(UnavailableError, match="behind"):
        await views.get_claim(CLAIM, 0, NOW)


@pytest.mark.anyio
async def test_readers_find_the_database_again(views, database):
    assert await views.get_claim(CLAIM, 0, NOW) is None
    cut(database.url)
    assert await views.get_claim(CLAIM, 0, NOW) is None
    assert await views.next_embargo_end() is None


@pytest.mark.anyio
async def test_read_models_that_are_gone_are_unavailable(views, generations):
    generations.remove_foreign()
    with pytest.raises(StoreUnavailableError):
        await views.get_claim(CLAIM, 0, NOW)


def test_a_replica_is_waited_for_a_moment(generations, nodes, desk, database):
    node = nodes.add()
    looks: list[float] = []
    replica = ReplicaPosition(generations, lambda: node.schema, lambda: 1, database.url, looks.append)
    assert (replica.step(), len(looks)) == (0, 50)
    desk.receipts(report())
    node.step()
    assert (replica.step(), len(looks)) == (1, 50)
    replica.close()


def test_read_models_that_are_not_there_have_no_position_and_no_follower(generations, desk):
    desk.receipts(report())
    with closing(generations.open(ViewsSchema(generations.current().fingerprint, 7))) as connection:
        for _ in range(2):
            assert (connection.progress().position, connection.progress().head) == (0, 1)
            with pytest.raises(StoreUnavailableError):
                connection.execute("BEGIN IMMEDIATE")


def test_who_writes_what_another_has_written_since_was_overtaken(generations, nodes, database):
    schema = nodes.add().schema
    with closing(generations.open(schema)) as connection, psycopg.connect(database.url, autocommit=True) as other:
        other.execute(f"INSERT INTO {schema.name}.scrubbed VALUES (1)".encode())
        connection.execute("BEGIN IMMEDIATE")
        other.execute(f"UPDATE {schema.name}.scrubbed SET position = 2".encode())
        connection.execute("DELETE FROM scrubbed")
        with pytest.raises(OvertakenError):
            connection.flush()
        connection.rollback()
        assert connection.progress().position == 0
