"""The HTTP interface and its problems, for people: made from the OpenAPI document and the table of problems."""

from collections.abc import Mapping
from typing import Any

from api.dashboard.render import render
from api.problem_kinds import PROBLEM_KINDS, ProblemKind


def render_docs(document: dict[str, Any]) -> bytes:
    """Return the page that lists every operation of an OpenAPI document, and every problem."""
    return render("docs.html", document=document, problems=PROBLEM_KINDS)


def render_problem(code: str, kind: ProblemKind) -> bytes:
    """Return the page of one kind of problem."""
    return render("problem.html", code=code, kind=kind)


def render_failure(problem: Mapping[str, Any]) -> bytes:  # Any: as JSON has it
    """Return the page that a person gets instead of a problem's JSON."""
    return render("failure.html", problem=problem, faults=problem.get("errors", ()))
