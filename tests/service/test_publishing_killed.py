"""Killed before any line that publishes, a log comes back, and no checkpoint was ever inconsistent with another."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import service
from projections.log.verify.notes import split_notes
from service.publishing.checking import ContradictionError
from service.store.checkpoints import KeptCheckpoint
from tests.service.archives import tampered
from tests.service.desk import Desk, opened
from tests.service.posting import report
from tests.service.publishing import Press

SERVICE = Path(service.__path__[0])
WATCHED = {
    *map(str, (SERVICE / "publishing").glob("*.py")),
    *(str(SERVICE / name) for name in ("durable.py", "signing.py", "store/checkpoints.py")),
}


class Deaths:
    """Copies of a data directory as a death before each line would leave it; the same is copied once."""

    def __init__(self, data_dir: Path, folder: Path) -> None:
        self.data_dir = data_dir
        self.folder = folder
        self.lines = 0
        self._known: set[str] = set()

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Record the deaths of what is done meanwhile."""
        before = sys.gettrace()
        sys.settrace(self._trace)
        try:
            yield
        finally:
            sys.settrace(before)

    def left(self) -> list[Path]:
        return sorted(self.folder.iterdir())

    def _trace(self, frame: FrameType, event: str, _: object) -> Any:  # Any: a method that is its own type
        if frame.f_code.co_filename not in WATCHED:
            return None
        if event == "line":
            self.lines += 1
            self._record()
        return self._trace

    def _record(self) -> None:
        # What a dead process leaves are its files, and nothing of them is being written now. The index of the
        # write-ahead log is made again by whoever opens it first.
        files = {path.name: path.read_bytes() for path in self.data_dir.iterdir() if not path.name.endswith("-shm")}
        digest = sha256(repr(sorted(files.items())).encode()).hexdigest()
        if digest not in self._known:
            self._known.add(digest)
            copy = self.folder / f"{len(self._known):04}"
            copy.mkdir(parents=True)
            for name, content in files.items():
                (copy / name).write_bytes(content)


def publish(data_dir: Path) -> None:
    """Start, and publish what there is; what the world is shown goes to a file."""

    def show(kept: KeptCheckpoint) -> None:
        with (data_dir / "seen").open("ab") as file:
            file.write(kept.note)

    with Press(data_dir) as press:
        press.follow()
        publisher = press.new_publisher(show)
        while publisher.step():
            pass


def seen(data_dir: Path) -> list[bytes]:
    path = data_dir / "seen"
    return split_notes(path.read_bytes()) if path.exists() else []


def check_log(press: Press) -> None:
    """Every checkpoint that anybody has is of this ledger, and is kept."""
    remembered = press.log.file.read()
    notes = [*seen(press.data_dir), *([remembered] if remembered else [])]
    kept = press.kept()
    assert [each.root for each in kept] == [press.true_root(each.size) for each in kept]
    assert all(press.open(note) in kept for note in notes)


def check_refused_when_put_back(data_dir: Path, older_ledger: Path) -> None:
    """With an older ledger in its place nothing is signed, if anybody has seen a checkpoint of the newer one."""
    older = Path(
        shutil.copytree(data_dir, data_dir / "older", ignore=shutil.ignore_patterns("ledger.db*", "views.db*"))
    )
    shutil.copy(older_ledger, older / "ledger.db")
    with Press(older) as press:
        press.follow()
        with pytest.raises(ContradictionError, match="ends at position 4, but a checkpoint was signed for 5"):
            press.publisher.step()


@pytest.fixture(params=["the first checkpoint", "the next checkpoint"])
def data_dir(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A ledger with events that no checkpoint covers."""
    data_dir = tmp_path / "data"
    with opened(data_dir) as application, Desk(application.recorder) as desk:
        desk.receipts(*(report() for _ in range(3)))
    if request.param == "the next checkpoint":
        publish(data_dir)
        (data_dir / "seen").unlink()
    with opened(data_dir) as application, Desk(application.recorder) as desk:
        desk.receipts(report(), report())
    return data_dir


def test_killed_before_any_line_it_comes_back_and_what_was_seen_binds_it(data_dir, tmp_path):
    older_ledger = Path(shutil.copy(data_dir / "ledger.db", tmp_path))
    tampered(older_ledger, "DELETE FROM stored_events WHERE position > 4")
    deaths = Deaths(data_dir, tmp_path / "deaths")
    with deaths.recorded():
        publish(data_dir)
    assert deaths.lines > 100  # it is this code that dies
    assert len(deaths.left()) > 5
    for left in deaths.left():
        if any(b"\n5\n" in note for note in seen(left)):
            check_refused_when_put_back(left, older_ledger)
        with Press(left) as press:
            check_log(press)
            press.publish()
            check_log(press)
            assert press.open(press.shown[-1]).size == 5
            assert press.publish(1) == [6]
