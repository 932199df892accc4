"""How many posts may be under way: as many as are answered in time, so that the rest hear at once to come later."""

from collections.abc import Callable
from secrets import token_hex
from typing import Any, Protocol

import structlog

from service.shares import Shares

log = structlog.get_logger()

_TARGET_S = 0.25
_LEAST, _FIRST, _MOST = 64, 256, 8192
_TELL_EVERY_S = 10.0
_ENTERED = "onrecord.entered"

App = Callable[[Any, Any, Any], Any]  # Any: ASGI
Scope = Any  # Any: ASGI


class Observer(Protocol):
    """Hears who was turned away, to count them."""

    def turned_away(self, events: int) -> None:
        """Note that so many events were not recorded."""

    def observe_request(self, method: str, route: str, status: int) -> None:
        """Note an answer."""


class Admission:
    """Learns how many posts the service can have under way at once, from how long they take, and shares them out.

    One that takes too long while the limit is in use lowers the limit, as far as it took too long; one in time raises
    it by one. When it is reached, a key with less than its share under way is let in all the same. Runs on the event
    loop alone.
    """

    def __init__(
        self, elapsed_s: Callable[[], float], observer: Observer, whose: Callable[[bytes], str] = lambda _: ""
    ) -> None:
        """Begin with what any machine can take; `elapsed_s` is a clock that never jumps, in seconds.

        `whose` tells keys apart by their Authorization header, at once; all that are no good keys are one to it.
        """
        self._elapsed_s = elapsed_s
        self._observer = observer
        self._whose = whose
        self._shares = Shares()
        self._limit = float(_FIRST)
        self._lowered_at = self._told_at = float("-inf")
        self._prefix = token_hex(4).encode()
        self._refused = 0

    def next_request_id(self) -> bytes:
        """Return the id of a request that is turned away."""
        self._refused += 1
        return b"%s-%d" % (self._prefix, self._refused)

    def enter(self, scope: Scope, *, is_counted: bool) -> bool:
        """Return whether a post may begin; what waits for read models is not counted: it is no load."""
        who = self._whose(_authorization_of(scope))
        if not self._shares.may_take(who, 1, self._limit):
            self._turn_away()
            return False
        if is_counted:
            self._shares.take(who, 1)
            scope[_ENTERED] = self._elapsed_s(), who
        return True

    def leave(self, scope: Scope) -> None:
        """Note that a post has been answered, or its client has gone."""
        entered = scope.get(_ENTERED)
        if entered is None:
            return
        (started, who), now = entered, self._elapsed_s()
        is_in_use = 2 * self._shares.total > self._limit
        self._shares.give_back(who, 1)
        if now - started <= _TARGET_S:
            if is_in_use or self._limit < _FIRST:
                self._limit = min(_MOST, self._limit + 1)
        elif is_in_use and started > self._lowered_at:
            # Those that were under way when it was lowered are late for the same reason: once is enough.
            self._lowered_at = now
            self._limit = max(_LEAST, self._limit * max(0.5, _TARGET_S / (now - started)))

    def _turn_away(self) -> None:
        self._observer.turned_away(1)
        self._observer.observe_request("POST", "overloaded", 503)
        now = self._elapsed_s()
        if now - self._told_at >= _TELL_EVERY_S:
            self._told_at = now
            log.warning("overloaded", posts_under_way=self._shares.total)


def _authorization_of(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"authorization":
            return bytes(value)
    return b""


class Admitted:
    """The application, each post of which is noted when it ends."""

    def __init__(self, app: App, admission: Admission) -> None:
        self._app = app
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        try:
            await self._app(scope, receive, send)
        finally:
            self._admission.leave(scope)
