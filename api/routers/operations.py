"""Whether the service runs and is ready, and what it counts."""

from ipaddress import ip_address
from typing import Any

from fastapi.responses import PlainTextResponse
from starlette.responses import Response

from api.auth import MaybeKey
from api.caching import JSON, ReadyResponse
from api.errors import NotReadyError, UnauthorizedError
from api.ports import Key
from api.requests import ApiRequest
from api.routing import new_router
from api.schemas import Health, Readiness
from domain.encoding import Json
from domain.errors import RoleForbidsError

router = new_router("operations")

_TEXT = b"text/plain; version=0.0.4; charset=utf-8"
_OPERATORS = ("admin", "auditor")
# Loopback needs no key: the empty requirement says so.
_MAYBE_KEY: dict[str, Any] = {"security": [{"key": []}, {}]}  # Any: OpenAPI, as JSON


@router.get("/healthz", response_model=Health)
async def get_health(_request: ApiRequest) -> Response:
    """Tell that the process runs and answers; whether it can append says /readyz."""
    return _respond(b'{"status":"ok"}', JSON)


@router.get("/readyz", response_model=Readiness, openapi_extra=_MAYBE_KEY)
async def get_readiness(request: ApiRequest, key: MaybeKey) -> Response:
    """Tell whether events can be appended; why not is told to loopback and to admins and auditors."""
    reasons: list[Json] = [*request.ports.health.reasons_not_ready()]
    if reasons:
        raise NotReadyError("events can not be appended now", {"reasons": reasons} if _may_know(request, key) else {})
    return _respond(b'{"status":"ready"}', JSON)


@router.get(
    "/metrics", response_class=PlainTextResponse, response_description="Prometheus' text.", openapi_extra=_MAYBE_KEY
)
async def get_metrics(request: ApiRequest, key: MaybeKey) -> Response:
    """Return what is counted and measured, in Prometheus' text format: to loopback, and to admins and auditors."""
    if not _may_know(request, key):
        if key is None:
            raise UnauthorizedError("metrics need the key of an admin or auditor, or to be asked for from loopback")
        raise RoleForbidsError(f"metrics are for admins and auditors, not for the role {key.role}")
    return _respond(request.ports.metrics.render(), _TEXT)


def _may_know(request: ApiRequest, key: Key | None) -> bool:
    return _is_loopback(request) or (key is not None and key.role in _OPERATORS)


def _is_loopback(request: ApiRequest) -> bool:
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False  # a Unix socket, or a name: nothing is known of it


def _respond(body: bytes, media_type: bytes) -> Response:
    length = b"%d" % len(body)
    return ReadyResponse(
        200, body, [(b"content-type", media_type), (b"content-length", length), (b"cache-control", b"no-store")]
    )
