"""Runs the service in this process until it is told to stop."""

import asyncio
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial

import structlog
import uvicorn

from service.admission import Admitted
from service.bootstrap import Service
from service.connections import ServiceProtocol
from service.logs import configure_logging
from service.settings import Settings

log = structlog.get_logger()
_GRACE_S = 8


def run(settings: Settings, host: str, port: int, *, public_reads: bool) -> None:
    """Serve until SIGTERM or SIGINT; then finish what is queued, answer, and return.

    Raises OSError where the address can not be listened on, and what opening the databases raises.
    """
    with listen(host, port) as listener:
        serve_on(listener, settings, tell_address, public_reads=public_reads)


def listen(host: str, port: int) -> socket.socket:
    """Return what listens on an address. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)


def tell_address(listener: socket.socket) -> None:
    """Write the address on stdout, for scripts that asked for a free port: who reads the line can connect."""
    sys.stdout.write(f"{_url(listener)}\n")
    sys.stdout.flush()


def serve_on(
    listener: socket.socket, settings: Settings, started: Callable[[socket.socket], None], *, public_reads: bool
) -> None:
    """Serve on what listens, until SIGTERM or SIGINT; `started` hears when requests are taken.

    Raises what opening the databases raises.
    """
    configure_logging(settings.log_format, settings.log_level)
    service = Service(settings, public_reads=public_reads)
    config = uvicorn.Config(
        Admitted(service.app, service.admission),
        http=partial(ServiceProtocol, service.admission),  # type: ignore[arg-type]  # makes one, as the class would
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=[str(network) for network in settings.trusted_proxies],
        timeout_graceful_shutdown=_GRACE_S,
    )
    server = _Server(config, service.end_streams)
    _stop_on_signals(server)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_serve(service, server, listener, started))


class _Server(uvicorn.Server):
    """uvicorn's server, which waits for answers under way when it is told to stop; streams of events have no end."""

    def __init__(self, config: uvicorn.Config, end_streams: Callable[[], None]) -> None:
        super().__init__(config)
        self._end_streams = end_streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop taking connections, and wait for the answers under way."""
        self._end_streams()
        await super().shutdown(sockets)


def _stop_on_signals(server: uvicorn.Server) -> None:
    """Have a signal end the server, also one that comes before uvicorn listens to them, or after it has stopped.

    uvicorn raises it again in the end: we must not die of it before the queue is empty.
    """

    def stop(*_: object) -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


async def _serve(
    service: Service, server: uvicorn.Server, listener: socket.socket, started: Callable[[socket.socket], None]
) -> None:
    await service.start()
    log.info("serving", url=_url(listener))
    started(listener)
    try:
        await server.serve(sockets=[listener])
    finally:
        await service.stop()
        log.info("stopped")


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
