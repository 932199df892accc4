"""The real service in a process of its own, on a free port, as an operator starts it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from domain.commands import Role
from service.clock import Clock
from service.commands.terminal import open_ledger
from service.keys import KeyStore
from service.settings import Settings

ONRECORD = Path(sys.executable).parent / "onrecord"
_PREFIX = "ONRECORD_"


class ServiceProcess:
    """A running service; leaving it stops it as an operator would."""

    options: tuple[str, ...] = ()
    """What the command line has beside the port."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(_PREFIX)},
            f"{_PREFIX}DATA_DIR": str(data_dir),
            f"{_PREFIX}LOG_FORMAT": "json",
            **{f"{_PREFIX}{name.upper()}": value for name, value in settings.items()},
        }
        self.log_path = data_dir.with_suffix(".log")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.stop()

    def start(self, port: int = 0) -> None:
        """Start the service and wait until it has said where it listens."""
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [ONRECORD, "serve", "--port", str(port), *self.options],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().decode().strip()
        assert self.url, self.log_path.read_text()

    @property
    def pid(self) -> int:
        """The process, as the system knows it."""
        return self._process.pid

    def restart(self) -> None:
        """Stop the service and start it at the same address."""
        self.stop()
        self.start(int(self.url.rpartition(":")[2]))

    def kill(self) -> None:
        """Kill the process at once."""
        self._process.kill()
        self._end()

    def stop(self) -> int:
        """Ask the service to stop, and return its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._end()

    def _end(self) -> int:
        code = self._process.wait(timeout=30)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run an `onrecord` command beside the service."""
        return subprocess.run(
            [ONRECORD, *arguments], env=self.environment, capture_output=True, text=True, check=False, timeout=120
        )

    def create_key(self, name: str, role: Role) -> str:
        """Return a new key, made as `onrecord keys create` makes it; a process for each would take a second."""
        given: dict[str, Any] = {
            setting.removeprefix(_PREFIX).lower(): value
            for setting, value in self.environment.items()
            if setting.startswith(_PREFIX)
        }
        tables = open_ledger(Settings(_env_file=None, **given)).tables
        return KeyStore(tables).create(name, role, None, Clock().wall_us())

    @contextmanager
    def client(self, key: str | None = None) -> Iterator[httpx.Client]:
        """Yield a client of the service, with a key or without."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        with httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=60) as client:
            yield client
