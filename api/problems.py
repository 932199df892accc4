"""From errors to HTTP: RFC 9457 problems, the one place that knows their statuses."""

import json
from collections.abc import Mapping
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match

from api.dashboard.docs_page import render_failure
from api.dashboard.render import HTML, PAGE_HEADERS
from api.errors import BadParameterError, HttpRefusal, MethodNotAllowedError, NotFoundError
from api.middleware import route_of
from api.ports import UnavailableError
from api.problem_kinds import PROBLEM_KINDS, ProblemKind
from domain.encoding import Json
from domain.errors import Refusal

log = structlog.get_logger()


def to_problem(error: Exception) -> dict[str, Json]:
    """Return the members of the problem; of an error that nobody foresaw it gives nothing away."""
    if isinstance(error, UnavailableError):
        return _members("unavailable", str(error))
    if not isinstance(error, Refusal):
        return _members("internal-error", "the service has failed; its log has the details")
    problem = _members(error.code, error.detail)
    if isinstance(error, HttpRefusal):
        problem.update(error.members)
    if error.faults:
        place = "parameter" if isinstance(error, BadParameterError) else "pointer"
        problem["errors"] = [
            {place: fault.pointer, "rule": fault.rule, "detail": fault.detail} for fault in error.faults
        ]
    return problem


def encode_problem(problem: dict[str, Json]) -> bytes:
    """Return the problem's JSON."""
    # A lone surrogate, quoted from a body, can not be UTF-8, but can be the same escape that JSON has for it.
    return json.dumps(problem, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def log_failure(request: Request, error: Exception) -> None:
    """Log an error that is the service's: of one that nobody foresaw the client is told the request id alone.

    What the client did wrong is not logged: it has been told, and may have put anything into it.
    """
    kind = _kind_of(error)
    if kind.status < 500:
        return
    write = log.error if kind.status == 500 else log.warning
    request_id = request.scope["request_id"].decode()
    write("request_failed", request_id=request_id, route=route_of(request.scope), status=kind.status, error=error)


def answer_error(request: Request, error: Exception) -> Response:
    """Return the answer to an error; one that nobody foresaw is raised again."""
    if isinstance(error, ClientDisconnect):
        return Response(status_code=400)  # the client has gone: whatever is sent, nobody gets it
    if not isinstance(error, Refusal | UnavailableError):
        raise error
    log_failure(request, error)
    return _respond(request, to_problem(error), _headers_of(error))


async def answer_unknown(request: Request, error: Exception) -> Response:
    """Return the answer to an error that nobody foresaw: Starlette raises it again, so that the server logs it."""
    log_failure(request, error)
    return _respond(request, to_problem(error), {})


def install_problem_handlers(app: Starlette) -> None:
    """Answer what no route answers with a problem."""
    app.add_exception_handler(HTTPException, _answer_unrouted)
    app.add_exception_handler(Exception, answer_unknown)


def _kind_of(error: Exception) -> ProblemKind:
    if isinstance(error, UnavailableError):
        return PROBLEM_KINDS["unavailable"]
    return PROBLEM_KINDS[error.code if isinstance(error, Refusal) else "internal-error"]


def _members(code: str, detail: str) -> dict[str, Json]:
    kind = PROBLEM_KINDS[code]
    return {"type": f"/problems/{code}", "title": kind.title, "status": kind.status, "detail": detail}


def _respond(request: Request, problem: dict[str, Json], headers: Mapping[str, str]) -> Response:
    is_page = _wants_page(request)
    status = problem["status"]
    response = Response(
        render_failure(problem) if is_page else encode_problem(problem),
        status_code=status if isinstance(status, int) else 500,
        headers={"Cache-Control": "no-store", **headers},
        media_type=HTML.decode() if is_page else "application/problem+json",
    )
    if is_page:
        response.raw_headers.extend(PAGE_HEADERS)
    return response


def _wants_page(request: Request) -> bool:
    """Tell whether a person asked for a page: what has an address of data is answered with data."""
    is_data = request.url.path.startswith(("/v1/", "/log/", "/metrics", "/openapi.json"))
    return not is_data and "text/html" in request.headers.get("accept", "")


def _headers_of(error: Refusal | UnavailableError) -> Mapping[str, str]:
    if isinstance(error, UnavailableError):
        return {"Retry-After": str(error.retry_after_s)}
    return error.headers if isinstance(error, HttpRefusal) else {}


async def _answer_unrouted(request: Request, error: Any) -> Response:  # Any: an HTTPException, as registered
    if error.status_code != 405:
        return answer_error(request, NotFoundError("there is nothing at this address"))
    allowed = ", ".join(sorted(_methods_of(request)))
    return answer_error(request, MethodNotAllowedError(f"this address answers {allowed}", allowed))


def _methods_of(request: Request) -> set[str]:
    """Return what all routes of this address answer together; Starlette names those of the first."""
    methods: set[str] = set()
    for route in request.app.routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            methods |= route.methods
    return methods | {"HEAD"} if "GET" in methods else methods
