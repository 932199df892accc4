"""Shortcuts lead where the router would: the same route for the same address, and nowhere else."""

from itertools import product
from typing import Any

import pytest
from starlette.routing import Match, Route
from starlette.types import Scope

from api.app import openapi_document
from api.routers import append, claims, embeds, events, log, operations, pages, sources, summary
from api.shortcuts import Shortcuts

MODULES = (claims, append, events, summary, log, sources, operations, embeds, pages)
ROUTES = [route for module in MODULES for route in module.router.routes if isinstance(route, Route)]
DOCUMENTED = openapi_document()["paths"]
SHORTCUTS = Shortcuts(ROUTES, lambda app: app)
PARTS = ("", "v1", "claims", "events", "a-claim", "history", "badge.svg", "healthz")
PATHS = ["/" + "/".join(parts) for size in range(5) for parts in product(PARTS, repeat=size)]

Found = tuple[str, Any] | None


def request(method: str, path: str) -> Scope:
    return {"type": "http", "method": method, "path": path, "headers": []}


def find_by_router(method: str, path: str) -> Found:
    for route in ROUTES:
        match, found = route.matches(request(method, path))
        if match is Match.FULL:
            return route.path, found["path_params"]
    return None


def find_by_shortcut(method: str, path: str) -> Found:
    scope = request(method, path)
    return (scope["route"].path, scope["path_params"]) if SHORTCUTS.find(scope) else None


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_every_address_is_found_as_by_the_router(method):
    differing = [path for path in PATHS if find_by_shortcut(method, path) not in (find_by_router(method, path), None)]
    assert not differing


@pytest.mark.parametrize("path", sorted(DOCUMENTED.keys() - {"/log/tile/{path}"}))
def test_every_documented_address_has_a_shortcut(path):
    address = path.replace("{claim_id}", "a-claim").replace("{event_id}", "an-event")
    for method in DOCUMENTED[path]:
        assert find_by_shortcut(method.upper(), address) is not None


def test_where_the_name_is_missing_there_is_nothing():
    assert find_by_shortcut("GET", "/v1/claims/") is None
    assert find_by_shortcut("GET", "/v1/claims//history") is None


@pytest.mark.parametrize("path", ["/v1/claims/some-claim", "/v1/claims/nowhere", "/v1/claims/broken", "/v1/nothing"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_answers_are_the_same_either_way(client, world, method, path):
    ordinary = client.request(method, path)
    client.set_options(cors_origins=())
    short = client.request(method, path)
    assert (short.status_code, short.content) == (ordinary.status_code, ordinary.content)
    assert short.headers.keys() | {"vary"} == ordinary.headers.keys() | {"vary"}  # by Origin, where CORS is on
    assert world.metrics.requests[0] == world.metrics.requests[1]
