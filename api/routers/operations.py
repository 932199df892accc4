"""Whether the service runs and is ready, and its own description."""

from ipaddress import ip_address

from starlette.responses import Response

from api.auth import MaybeKey
from api.caching import JSON, ReadyResponse
from api.errors import NotReadyError
from api.ports import Key
from api.requests import ApiRequest
from api.routing import new_router
from api.schemas import Health, Readiness
from domain.encoding import Json

router = new_router("operations")


@router.get("/healthz", response_model=Health)
async def get_health(_request: ApiRequest) -> Response:
    """Tell that the process runs and answers; whether it can append says /readyz."""
    return _respond(b'{"status":"ok"}')


@router.get("/readyz", response_model=Readiness)
async def get_readiness(request: ApiRequest, key: MaybeKey) -> Response:
    """Tell whether events can be appended; why not is told to loopback and to admins and auditors."""
    reasons: list[Json] = [*request.ports.health.reasons_not_ready()]
    if reasons:
        raise NotReadyError("events can not be appended now", {"reasons": reasons} if _may_know(request, key) else {})
    return _respond(b'{"status":"ready"}')


def _may_know(request: ApiRequest, key: Key | None) -> bool:
    return _is_loopback(request) or (key is not None and key.role in ("admin", "auditor"))


def _is_loopback(request: ApiRequest) -> bool:
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False  # a Unix socket, or a name: nothing is known of it


def _respond(body: bytes) -> Response:
    length = b"%d" % len(body)
    return ReadyResponse(
        200, body, [(b"content-type", JSON), (b"content-length", length), (b"cache-control", b"no-store")]
    )
