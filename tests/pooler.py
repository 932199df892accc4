"""A real PgBouncer for tests, in transaction mode: Debian's, where it is installed."""

import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from tests.postgres_server import free_port, identity, server_folder

INSTALLED = shutil.which("pgbouncer")

# Few sessions, lent in turns: hardly ever has a transaction the session of the one before. What waits and tries again
# is as docs/postgresql.md says.
_SETTINGS = """
[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
max_client_conn = 500
default_pool_size = 4
server_round_robin = 1
server_login_retry = 1
query_wait_timeout = 5
"""


class Pooler:
    """PgBouncer before a server, on a free port of the loopback."""

    def __init__(self, url: str, folder: Path) -> None:
        """Stand before the database that a URL names, with settings in a folder that its user may read."""
        self._port = free_port()
        to = urlsplit(url)
        self._settings = folder / "pgbouncer.ini"
        self._settings.write_text(
            _SETTINGS.format(host=to.hostname, port=to.port, user=to.username, listen_port=self._port)
        )
        self.url = to._replace(netloc=f"{to.username}@127.0.0.1:{self._port}").geturl()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it, and wait until it takes connections."""
        assert INSTALLED is not None
        with self._settings.with_name("log").open("ab") as log:
            command = [INSTALLED, str(self._settings)]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **identity())
        self._process = process
        while not self._takes_connections():
            assert process.poll() is None, self._settings.with_name("log").read_text()
        return self

    def kill(self) -> None:
        """End it at once, with every connection through it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(timeout=60)
            self._process = None

    def _takes_connections(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self._port), timeout=5).close()
        except ConnectionError:
            return False
        return True


@contextmanager
def pooler(url: str) -> Iterator[Pooler]:
    """Yield a pooler before a database."""
    with server_folder() as folder:
        made = Pooler(url, folder)
        try:
            yield made.start()
        finally:
            made.kill()
