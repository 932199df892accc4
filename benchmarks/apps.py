"""Serves whatever stands beside the service, in the same way."""

import asyncio
import socket
import sys
from typing import Any

import uvicorn

App = Any  # whatever uvicorn takes


def serve(app: App) -> None:
    """Serve on a free port, whose address is told on stdout, until SIGTERM."""
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, server_header=False)
        sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(uvicorn.Server(config).serve(sockets=[listener]))
