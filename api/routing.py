"""Routes that FastAPI declares and Starlette serves."""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, get_args

from fastapi import APIRouter, params
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import NotFoundError
from api.problems import answer_error
from api.queries import query_parser
from api.requests import ApiRequest

Binding = tuple[str, Callable[[ApiRequest], Any], bool]  # Any: whatever the endpoint's parameter is, or what gives it


class HotRoute(APIRoute):
    """A route whose endpoint has the signature that FastAPI expects, and is called without its machinery.

    FastAPI reads the signature for OpenAPI. Here the same parameters are bound in the order in which they
    stand, so that the first to refuse is the first in the signature: a request, path parameters as text,
    one query model, and dependencies that are functions of the request, which may wait.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **declared: Any) -> None:
        """Take what APIRoute takes, whatever that is."""
        super().__init__(path, endpoint, **declared)
        self.app = _serve(endpoint, _bindings(endpoint, set(self.param_convertors)))


def new_router(tag: str) -> APIRouter:
    """Return a router of hot routes, whose operation ids are the names of their endpoints."""
    return APIRouter(route_class=HotRoute, tags=[tag], generate_unique_id_function=lambda route: route.name)


def _serve(endpoint: Callable[..., Awaitable[Response]], bindings: Sequence[Binding]) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = ApiRequest(scope, receive, send)
        try:
            bound = {}
            for name, bind, is_waited_for in bindings:
                bound[name] = (await bind(request)) if is_waited_for else bind(request)
            response = await endpoint(**bound)
        except Exception as error:  # noqa: BLE001  # what nobody foresaw it raises again
            response = answer_error(request, error)
        await response(scope, receive, send)

    return app


def _bindings(endpoint: Callable[..., Any], path_parameters: set[str]) -> list[Binding]:
    parameters = inspect.signature(endpoint).parameters.values()
    bindings = ((each.name, _binding(each, each.name in path_parameters)) for each in parameters)
    return [(name, bind, inspect.iscoroutinefunction(bind)) for name, bind in bindings]


def _binding(parameter: inspect.Parameter, is_in_path: bool) -> Callable[[ApiRequest], Any]:
    if is_in_path:
        return partial(_name_in_path, parameter.name)
    annotation = parameter.annotation
    for mark in get_args(annotation):
        if isinstance(mark, params.Depends) and mark.dependency is not None:
            return mark.dependency
        if isinstance(mark, params.Query):
            return query_parser(get_args(annotation)[0])
    return lambda request: request


def _name_in_path(parameter: str, request: ApiRequest) -> str:
    name: str = request.scope["path_params"][parameter]
    if "\0" in name:  # nothing is called so, and PostgreSQL can not be asked about it
        raise NotFoundError("there is nothing at this address")
    return name
