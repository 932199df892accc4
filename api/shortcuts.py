"""From an address to its route by one look-up, for the routes that answer for their own errors."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Scope

from api.routing import HotRoute

_NAMED = 3
"""Which part of an address may be a name: /v1/claims/{claim_id}/history."""


class _Shortcut(NamedTuple):
    app: ASGIApp
    route: HotRoute
    names: tuple[str, ...]


class Shortcuts:
    """The routes by method and address. What is not found here may still be found the ordinary way.

    A router tries its routes one after another, each by a regular expression, behind middleware that most
    requests have no use for: more than all the rest of a small answer.
    """

    def __init__(self, routes: Iterable[BaseRoute], guard: Callable[[ASGIApp], ASGIApp]) -> None:
        """Take the routes that are found; `guard` wraps each one's application."""
        self._shortcuts: dict[tuple[str, ...], _Shortcut] = {}
        for route in routes:
            if isinstance(route, HotRoute) and (key := _key_of(route)):
                shortcut = _Shortcut(guard(route.app), route, tuple(route.param_convertors))
                self._shortcuts.update(((method, *key), shortcut) for method in route.methods or ())

    def find(self, scope: Scope) -> ASGIApp | None:
        """Return what serves a request, which is told its route as by a router; None where a router has to look."""
        method, path = scope["method"], scope["path"]
        shortcut, name = self._shortcuts.get((method, path)), ""
        if shortcut is None:
            fixed, name = _split(path)
            shortcut = self._shortcuts.get((method, *fixed)) if name else None
        if shortcut is None:
            return None
        scope["route"] = shortcut.route
        scope["path_params"] = dict.fromkeys(shortcut.names, name)
        return shortcut.app


def _key_of(route: HotRoute) -> tuple[str, ...]:
    """Return by what a route is found, nothing where its address is not of the kind that is."""
    if not route.param_convertors:
        return (route.path,)
    fixed, name = _split(route.path)
    return fixed if [name] == [f"{{{parameter}}}" for parameter in route.param_convertors] else ()


def _split(path: str) -> tuple[tuple[str, ...], str]:
    """Return the parts of an address around the one that may be a name, and that one, empty where there is none."""
    parts = path.split("/", _NAMED + 1)
    return (*parts[:_NAMED], "", *parts[_NAMED + 1 :]), parts[_NAMED] if len(parts) > _NAMED else ""
