"""Small files that are there whole or not at all, whatever dies when, also when the power fails."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp


def create_file(path: Path, content: bytes) -> None:
    """Write a new file that only its owner reads. Raises FileExistsError, and what the disk raises."""
    with _written_beside(path, content) as beside:
        os.link(beside, path)  # unlike a renaming it replaces nothing


def replace_file(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, in the place of the one that is there. Raises what the disk raises."""
    with _written_beside(path, content) as beside:
        beside.replace(path)


@contextmanager
def _written_beside(path: Path, content: bytes) -> Iterator[Path]:
    """Yield a durable file in the same folder; what is done with its name meanwhile is durable afterwards."""
    # mkstemp makes it with mode 0600: there is no moment at which others may read it.
    number, name = mkstemp(prefix=f".{path.name}.", dir=path.parent)
    beside = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield beside
    finally:
        beside.unlink(missing_ok=True)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
