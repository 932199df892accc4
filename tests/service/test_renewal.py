"""Read models that are far behind build the next ones beside them, and change over."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from projections.errors import BrokenLogError
from projections.follower import Follower
from projections.tracking import read_position
from service.rebuilding import Renewal
from service.sharing import SharedFollower
from service.store.databases import PostgresLedger
from service.store.generations import Generations, RebuildUnderWayError
from service.store.postgres_generations import PostgresGenerations
from service.store.records import StoreUnavailableError
from service.succession import CurrentFollower
from tests.service.archives import followed, tampered, views_rows
from tests.service.desk import Desk, opened
from tests.service.posting import deny, erase, event_id, report

CLAIMS = 4
ROUNDS = 10
HEAD = CLAIMS * ROUNDS
forgetful = partial(Follower, batch_limit=2, cached_events=1, build_from=10)


def post_in_turn(desk: Desk, rounds: range) -> None:
    """Post about several claims that come round and round, so that who keeps one claim has to fold all again."""
    for turn in rounds:
        for number in range(CLAIMS):
            post = deny if turn else report
            numbered = event_id(100 * turn + number)
            desk.receipts(post(f"claim-{number}", event_id=numbered, occurred_at=f"2022-03-{turn + 1:02d}"))


class Followed:
    """A follower that keeps one claim, and what its readers were shown."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.generations = Generations(folder, folder / "ledger.db")
        self.shown: list[str] = []
        self.follower = CurrentFollower(self.generations, lambda path: self.shown.append(path.name), follow=forgetful)

    def step_until(self, is_done: Callable[[int], bool]) -> list[int]:
        """Step until a position that fits; return all of them."""
        positions = [self.follower.step()]
        while not is_done(positions[-1]):
            positions.append(self.follower.step())
        return positions

    def begin(self) -> int:
        """Step until the next read models are being built; return the position of those that are followed."""
        return self.step_until(lambda _: (self.folder / "views-2.db").exists())[-1]

    def rows(self) -> object:
        return views_rows(self.generations, self.follower.path)

    def expected_rows(self) -> object:
        return views_rows(self.generations, followed(self.generations, self.folder / "expected.db"))


@pytest.fixture
def far_behind(desk: Desk, tmp_path: Path) -> Iterator[Followed]:
    post_in_turn(desk, range(2))
    followed = Followed(tmp_path)
    followed.step_until(lambda position: position == 2 * CLAIMS)
    post_in_turn(desk, range(2, ROUNDS))
    yield followed
    followed.follower.close()


def test_next_ones_are_built_shown_and_followed_without_going_back(far_behind, desk):
    with capture_logs() as logged:
        positions = far_behind.step_until(lambda position: position == HEAD)
    assert [told["event"] for told in logged] == ["read_models_renewing", "read_models_replaced"]
    assert positions == sorted(positions)
    # Four steps tell that it is better; the next ones have all that there was then.
    assert set(positions) == {10, 12, 14, 16, HEAD}
    assert (far_behind.shown, far_behind.follower.path.name) == (["views-2.db"], "views-2.db")
    desk.receipts(deny("claim-0"))
    assert far_behind.follower.step() == HEAD + 1
    assert far_behind.rows() == far_behind.expected_rows()
    assert sorted(path.name for path in far_behind.folder.glob("views*.db")) == ["views-2.db"]


def test_what_is_done_changes_with_every_step_so_that_nobody_waits_for_news(desk, tmp_path):
    post_in_turn(desk, range(2))
    generations = Generations(tmp_path, tmp_path / "ledger.db")
    renewal = Renewal(generations)
    assert (renewal.step(), renewal.done) == (False, 0)
    renewal.begin(2 * CLAIMS)
    assert (renewal.step(), renewal.done) == (True, 2 * CLAIMS)
    assert generations.current().name == "views.db"
    assert (renewal.step(), renewal.done) == (True, 0)
    assert generations.current().name == "views-2.db"
    assert not renewal.step()


def test_posts_that_never_pause_do_not_keep_it_from_its_end(desk, tmp_path):
    post_in_turn(desk, range(2))
    renewal = Renewal(Generations(tmp_path, tmp_path / "ledger.db"))
    renewal.begin(2 * CLAIMS)
    steps = 0
    while renewal.step():
        desk.receipts(deny("claim-0"))
        steps += 1
    assert steps == 2


def test_what_a_stop_cuts_short_goes_on_after_the_next_start(far_behind):
    far_behind.begin()
    far_behind.follower.close()
    with far_behind.generations.rebuilding():
        pass  # nobody holds it any more
    with closing(sqlite3.connect(far_behind.folder / "views-2.db")) as half:
        assert read_position(half) > 16
        half.execute("CREATE TABLE seen_before (mark TEXT)")
    again = Followed(far_behind.folder)
    again.step_until(lambda position: position == HEAD)
    assert again.shown == ["views-2.db"]
    with closing(sqlite3.connect(far_behind.folder / "views-2.db")) as whole:
        whole.execute("DROP TABLE seen_before")
    assert again.rows() == again.expected_rows()
    again.follower.close()


def test_while_an_operator_rebuilds_it_follows_as_before(far_behind):
    with far_behind.generations.rebuilding(), capture_logs() as logged:
        positions = far_behind.step_until(lambda position: position == HEAD)
    assert positions == list(range(10, HEAD + 1, 2))
    assert logged == []
    assert far_behind.shown == []


def test_what_can_not_be_built_is_removed_and_not_tried_again(desk, tmp_path):
    desk.receipts(report("damaged"))
    post_in_turn(desk, range(2))
    behind = Followed(tmp_path)
    behind.step_until(lambda position: position == 2 * CLAIMS + 1)
    post_in_turn(desk, range(2, ROUNDS))
    change = "UPDATE stored_events SET state = CAST(state || ' ' AS BLOB) WHERE position = 1"
    tampered(tmp_path / "ledger.db", change)
    with pytest.raises(BrokenLogError):
        behind.step_until(lambda position: position == HEAD + 1)
    assert [path.name for path in tmp_path.glob("views*.db")] == ["views.db"]
    behind.step_until(lambda position: position == HEAD + 1)
    assert behind.shown == []
    behind.follower.close()


class Away(Generations):
    """Generations whose store can not be reached."""

    def build_next(self):
        raise StoreUnavailableError("away")


def test_a_store_that_was_away_can_be_built_in_later(desk, tmp_path):
    post_in_turn(desk, range(1))
    (tmp_path / "views-2.db").touch()
    renewal = Renewal(Away(tmp_path, tmp_path / "ledger.db"))
    for _ in range(2):
        renewal.begin(CLAIMS)
        with pytest.raises(StoreUnavailableError):
            renewal.step()
        assert not renewal.step()
    assert (tmp_path / "views-2.db").exists()


def step_until(node: SharedFollower, position: int) -> None:
    while node.step() < position:
        pass


class Cluster:
    """Two nodes on one PostgreSQL that keep one claim each, and what their readers were shown."""

    def __init__(self, url: str, stack: ExitStack) -> None:
        database = PostgresLedger(url)
        database.prepare()
        self.generations = PostgresGenerations(url)
        self.shown: list[int] = []
        self.desk = stack.enter_context(Desk(stack.enter_context(opened(database)).recorder))
        self.node, self.other = (stack.enter_context(closing(self._follow())) for _ in range(2))
        post_in_turn(self.desk, range(2))
        step_until(self.node, 2 * CLAIMS)
        post_in_turn(self.desk, range(2, ROUNDS))

    def begin(self) -> None:
        """Step until the next read models are built, but not current yet."""
        assert [self.node.step() for _ in range(5)] == [10, 12, 14, 16, 16]
        assert self.node.done == HEAD
        with pytest.raises(RebuildUnderWayError), self.generations.rebuilding():
            pass

    def check_that_nobody_builds(self) -> None:
        with self.generations.rebuilding():
            pass

    def _follow(self) -> SharedFollower:
        # Who waits for others takes over at once.
        elapsed_s = count()
        return SharedFollower(
            self.generations,
            lambda schema: self.shown.append(schema.number),
            follow=forgetful,
            elapsed_s=lambda: next(elapsed_s),
        )


@pytest.fixture
def cluster(postgres_url: str) -> Iterator[Cluster]:
    with ExitStack() as stack:
        yield Cluster(postgres_url, stack)


@pytest.mark.postgres
def test_on_postgresql_a_node_builds_what_all_change_over_to(cluster):
    cluster.begin()
    step_until(cluster.node, HEAD)
    assert cluster.other.step() == HEAD
    assert cluster.shown == [2, 2]
    with closing(cluster.generations.open(cluster.generations.current())) as connection:
        assert connection.progress().position == HEAD
    cluster.check_that_nobody_builds()


@pytest.mark.postgres
def test_on_postgresql_an_erasure_has_what_is_half_made_let_go_of(cluster):
    cluster.begin()
    cluster.desk.receipts(erase(event_id(0), "claim-0"))
    # What is erased may be among what it holds. It follows, and builds once more if that is still better.
    assert cluster.node.step() == 18
    cluster.check_that_nobody_builds()
    step_until(cluster.node, HEAD + 1)
    assert cluster.shown == [2]


@pytest.mark.postgres
def test_on_postgresql_who_builds_ends_when_another_node_has_followed_to_the_head(cluster):
    cluster.begin()
    step_until(cluster.other, HEAD)
    assert cluster.node.step() == HEAD
    cluster.check_that_nobody_builds()
    assert cluster.shown == []


@pytest.mark.postgres
def test_on_postgresql_what_was_given_up_is_removed(postgres_url):
    PostgresLedger(postgres_url).prepare()
    generations = PostgresGenerations(postgres_url)
    generations.prepare(generations.next())
    assert generations.is_fit(generations.next())
    generations.discard_next()
    assert not generations.is_fit(generations.next())
