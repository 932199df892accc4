"""Finishes erasures: what was erased leaves every file before anybody hears that it is done."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import structlog

from projections.ledger import last_erasure
from projections.tracking import note_scrubbed, read_scrubbed
from service.store.generations import Generations
from service.store.views import compact

log = structlog.get_logger()


class Scrubber:
    """Scrubs the files of one data directory, in the thread that follows.

    The bytes in the ledger went with the commit, the rows made from them with the step of the follower. What
    is left are copies in unused parts of files. Whoever dies in between finds in the read models that it is
    not done, and begins again.
    """

    def __init__(
        self, generations: Generations, path: Path, connection: sqlite3.Connection, scrubbed: Callable[[int], None]
    ) -> None:
        """Scrub beside the read models in a file; `scrubbed` hears up to which position all is done, also now."""
        self._generations = generations
        self._path = path
        self._connection = connection
        self._scrubbed = scrubbed
        self._done = self._compacted = read_scrubbed(connection)
        scrubbed(self._done)

    def scrub(self, position: int) -> None:
        """Finish the erasures up to the position that the read models have come to, if it can be done now."""
        last = last_erasure(self._connection)
        if not self._done < last <= position:
            return
        try:
            if self._is_scrubbed(last):
                note_scrubbed(self._connection, last)
                self._done = last
                self._scrubbed(last)
        except (OSError, sqlite3.Error) as error:
            # A full disk, say: the erased bytes can be read by nobody, and the next step tries again.
            log.warning("erasure_unfinished", position=last, error=error)

    def _is_scrubbed(self, last: int) -> bool:
        if self._compacted < last:
            compact(self._connection)
            self._compacted = last
        return self._generations.remove_unfollowed(self._path) and self._generations.empty_logs(self._path)
