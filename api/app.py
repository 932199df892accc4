"""The application: routes, problems, and what every answer carries."""

from typing import Any

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

from api.middleware import Entrance, HeadAsGet
from api.news import LiveReads
from api.openapi import API_VERSION, DESCRIPTION, TITLE, build_openapi
from api.ports import Ports
from api.problems import answer_unknown, install_problem_handlers
from api.routers import append, claims, embeds, events, log, operations, pages, sources, summary
from api.shortcuts import Shortcuts

_EXPOSED = ("ETag", "Location", "Onrecord-Position", "Retry-After", "X-Request-Id")
_ALLOWED = ("Authorization", "If-Match", "If-None-Match", "Last-Event-ID", "X-Request-Id")


class OnRecord(FastAPI):
    """FastAPI with our own OpenAPI document, served by Starlette.

    What FastAPI adds around the routes (exit stacks for its dependencies, telemetry) none of them uses.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Starlette.__call__(self, scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        """Return what Starlette would, behind the entrance, and beside it the shortcuts to the routes."""
        ports: Ports = self.state.ports
        # What CORS adds to answers only its middleware knows.
        shortcuts = Shortcuts(() if ports.options.cors_origins else self.routes, _guard)
        return Entrance(Starlette.build_middleware_stack(self), ports, shortcuts.find)

    def openapi(self) -> dict[str, Any]:
        """Return the document, built once."""
        if self.openapi_schema is None:
            self.openapi_schema = build_openapi(self.routes)
        return self.openapi_schema


def create_app(ports: Ports, lifespan: Lifespan[Any] | None = None) -> FastAPI:
    """Return the application that serves the ports; what starts and stops them is the lifespan's."""
    app = _build(lifespan)
    app.state.ports = ports
    app.state.live = LiveReads()
    app.add_middleware(HeadAsGet)
    if ports.options.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=ports.options.cors_origins,
            allow_methods=("GET", "HEAD", "POST"),
            allow_headers=_ALLOWED,
            expose_headers=_EXPOSED,
        )
    install_problem_handlers(app)
    return app


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the service."""
    return _build(None).openapi()


def _build(lifespan: Lifespan[Any] | None) -> FastAPI:
    return OnRecord(
        title=TITLE,
        version=API_VERSION,
        description=DESCRIPTION,
        # Listed, not included: an included router would match every request twice.
        routes=_routes(),
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )


def _guard(app: ASGIApp) -> ASGIApp:
    return ServerErrorMiddleware(app, handler=answer_unknown)


def _routes() -> list[BaseRoute]:
    # The busiest first: they are tried in this order.
    routers = (claims, append, events, summary, log, sources, operations, embeds, pages)
    return [route for module in routers for route in module.router.routes]
