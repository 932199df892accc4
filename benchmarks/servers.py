"""Starts the service and the yardsticks, each as a process of its own on a free port of loopback."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.plan import ROOT

ONRECORD = Path(sys.executable).parent / "onrecord"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server: where it listens, its process, and a key where it asks for one."""

    port: int
    pid: int
    key: str | None = None

    @property
    def is_yardstick(self) -> bool:
        """Whether it is not the service: it asks for no key."""
        return self.key is None

    def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
        """Return the bytes of an HTTP request to it; names of headers are written with underscores."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"Authorization: Bearer {self.key}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body


def environment_of(data_dir: Path, **settings: str) -> dict[str, str]:
    """Return the environment of the service and its commands on a data directory, whatever ours says of another."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ONRECORD_")}
    settings = {"data_dir": str(data_dir), **settings}
    return environment | {f"ONRECORD_{name.upper()}": value for name, value in settings.items()}


@contextmanager
def running_service(data_dir: Path, program: Sequence[str] = (str(ONRECORD),), **settings: str) -> Iterator[Server]:
    """Start the service on a data directory, as its operator would, with an editor's key."""
    environment = environment_of(data_dir, **settings)
    data_dir.mkdir(parents=True, exist_ok=True)
    create = [str(ONRECORD), "keys", "create", "--name", "bench", "--role", "editor"]
    made = subprocess.run(create, env=environment, cwd=data_dir, capture_output=True, text=True, check=True)
    command = [*program, "serve", "--port", "0"]
    with _running(command, data_dir, data_dir / "service.log", environment) as (port, pid):
        yield Server(port=port, pid=pid, key=made.stdout.strip())


def new_signing_key(path: Path) -> Path:
    """Make a key that signs a log, for several services to share, and return its path."""
    subprocess.run([str(ONRECORD), "log-key", "new", str(path)], cwd=path.parent, capture_output=True, check=True)
    return path


@contextmanager
def running_yardstick(folder: Path, *arguments: str) -> Iterator[Server]:
    """Start the yardsticks' server; its log goes into the folder."""
    command = [sys.executable, "-m", "benchmarks.yardsticks", *arguments]
    with _running(command, ROOT, folder / "yardstick.log", dict(os.environ)) as (port, pid):
        yield Server(port=port, pid=pid)


@contextmanager
def running_foreign(command: Sequence[str], folder: Path) -> Iterator[Server]:
    """Start a server of somebody else's making, which asks for no key; its log goes into the folder."""
    with _running(command, ROOT, folder / "server.log", dict(os.environ)) as (port, pid):
        yield Server(port=port, pid=pid)


@contextmanager
def _running(command: Sequence[str], folder: Path, log: Path, environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    """Yield port and process id of a server that prints its URL.

    Logs go to a file, as in production: a terminal may be slow.
    """
    with (
        log.open("ab") as written,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=written) as running,
    ):
        try:
            port = urlsplit(running.stdout.readline().decode().strip()).port if running.stdout else None
            if port is None:
                raise RuntimeError(f"{' '.join(command)} did not start: {log.read_text()[-500:]}")
            yield port, running.pid
        finally:
            running.terminate()
            running.wait(timeout=60)
