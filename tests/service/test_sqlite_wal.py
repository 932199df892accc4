"""The write-ahead log stays short, though readers never all pause at once."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count, cycle
from pathlib import Path

import pytest

from service.store.generations import Generations
from service.store.sqlite_wal import WriteAheadLog
from service.succession import CurrentFollower
from tests.service.desk import Desk
from tests.service.posting import deny, report

LIMIT_BYTES = 1_000_000
WRITTEN_BYTES = 100_000


def reads(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN")
    connection.execute("SELECT COUNT(*) FROM written").fetchone()


@contextmanager
def readers_without_pause(path: Path) -> Iterator[None]:
    """Keep a read transaction open at every moment: one ends when the next has begun."""
    stopping = threading.Event()

    def read() -> None:
        with closing(connect(path)) as one, closing(connect(path)) as other:
            reads(one)
            for ending, beginning in cycle([(one, other), (other, one)]):
                reads(beginning)
                ending.execute("ROLLBACK")
                if stopping.is_set():
                    return

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=30)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "written.db"
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE written (bytes BLOB)")
    return path


def sizes_while_writing(path: Path, log: WriteAheadLog) -> list[int]:
    sizes = []
    with closing(connect(path)) as writer:
        for _ in range(80):
            writer.execute("INSERT INTO written VALUES (zeroblob(?))", (WRITTEN_BYTES,))
            sizes.append(log.size_bytes())
            log.shorten()
    return sizes


def test_while_readers_never_pause_it_grows_unless_it_is_shortened(path):
    with readers_without_pause(path):
        shortened = WriteAheadLog(path, LIMIT_BYTES, count(step=10).__next__)
        assert max(sizes_while_writing(path, shortened)) < 3 * LIMIT_BYTES
        left_alone = WriteAheadLog(path, limit_bytes=10**9)
        assert max(sizes_while_writing(path, left_alone)) > 3 * LIMIT_BYTES


def test_a_reader_that_stays_is_waited_for_shortly_and_not_again_at_once(path):
    now = [0.0]
    log = WriteAheadLog(path, limit_bytes=0, elapsed_s=lambda: now[0])
    with closing(connect(path)) as reader, closing(connect(path)) as writer:
        reads(reader)
        writer.execute("INSERT INTO written VALUES (1)")
        log.shorten()
        reader.execute("ROLLBACK")
        log.shorten()
        assert log.size_bytes() > 0
        now[0] = 5.0
        log.shorten()
        assert log.size_bytes() == 0


def test_where_there_is_no_log_nothing_is_done(tmp_path):
    log = WriteAheadLog(tmp_path / "nothing.db", limit_bytes=0)
    log.shorten()
    assert (log.size_bytes(), list(tmp_path.iterdir())) == (0, [])


def test_what_keeps_it_from_being_shortened_is_left_to_the_next_commit(tmp_path):
    (tmp_path / "broken.db-wal").write_bytes(b"x")
    (tmp_path / "broken.db").mkdir()
    log = WriteAheadLog(tmp_path / "broken.db", limit_bytes=0)
    log.shorten()
    assert log.size_bytes() == 1


def test_a_reader_of_much_that_was_written_before_is_not_waited_for(path):
    log = WriteAheadLog(path, limit_bytes=0)
    with closing(connect(path)) as reader, closing(connect(path)) as writer:
        reads(reader)
        writer.execute("INSERT INTO written VALUES (zeroblob(20000000))")
        log.shorten()
        assert log.size_bytes() > 20_000_000


def test_whoever_follows_shortens_what_it_reads_and_what_it_writes(application, tmp_path):
    generations = Generations(tmp_path, tmp_path / "ledger.db")
    with Desk(application.recorder) as desk:
        desk.receipts(report(), deny())
    follower = CurrentFollower(generations, lambda _: None, log_limit_bytes=0)
    assert follower.step() == 2
    follower.close()
    assert [WriteAheadLog(tmp_path / name).size_bytes() for name in ("ledger.db", "views.db")] == [0, 0]
