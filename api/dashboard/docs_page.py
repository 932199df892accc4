"""The HTTP interface and its problems, for people: made from the OpenAPI document and the table of problems."""

from typing import Any

from api.dashboard.layout import element, render_page, wrap
from api.problem_kinds import PROBLEM_KINDS, ProblemKind


def render_docs(document: dict[str, Any]) -> bytes:
    """Return the page that lists every operation of an OpenAPI document, and every problem."""
    operations = [
        _operation(method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    problems = [
        wrap("li", element("a", f"{kind.status} {kind.title}", href=f"/problems/{code}"))
        for code, kind in PROBLEM_KINDS.items()
    ]
    description = wrap("p", element("span", document["info"]["description"]))
    machine = wrap("p", "For machines: ", element("a", "/openapi.json", href="/openapi.json"))
    return render_page(
        "HTTP interface", description, machine, *operations, element("h2", "Problems"), wrap("ul", *problems)
    )


def render_problem(code: str, kind: ProblemKind) -> bytes:
    """Return the page of one kind of problem."""
    return render_page(
        kind.title,
        wrap("p", "Status ", element("code", kind.status), ", type ", element("code", f"/problems/{code}")),
        element("h2", "Why it happens"),
        element("p", kind.cause),
        element("h2", "What to do"),
        element("p", kind.remedy),
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    parameters = [_parameter(each) for each in operation.get("parameters", ())]
    return wrap(
        "section",
        wrap("h2", element("code", f"{method} {path}")),
        element("p", operation.get("description", operation["summary"])),
        wrap("dl", *parameters) if parameters else "",
    )


def _parameter(parameter: dict[str, Any]) -> str:
    name = element("code", parameter["name"])
    where = element("span", f" in {parameter['in']}", class_="quiet")
    return wrap("dt", name, where) + element("dd", parameter.get("description", ""))
