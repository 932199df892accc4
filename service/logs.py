"""Logs: events, not sentences, for people on a terminal or for machines; nothing of what clients send."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog
from pydantic import ValidationError

from api.middleware import current_request_id

Line = MutableMapping[str, Any]  # Any: as structlog has it


def configure_logging(log_format: Literal["console", "json"], level: str) -> None:
    """Send every log line, those of libraries too, to stderr in one form."""
    last = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(
            # Its own would show the variables of each frame: bodies, and keys.
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    first = (
        _add_request_id,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _describe_error,
        structlog.processors.ExceptionRenderer(lambda found: _trace(found[1])),
    )
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*first, last],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=[remove_meta, last], foreign_pre_chain=list(first))
    )
    logging.basicConfig(handlers=[handler], level=max(threshold, logging.WARNING), force=True)


def _add_request_id(_logger: Any, _method: str, line: Line) -> Line:
    request_id = current_request_id()
    if request_id:
        line.setdefault("request_id", request_id)
    return line


def _describe_error(_logger: Any, _method: str, line: Line) -> Line:
    error = line.get("error")
    if isinstance(error, BaseException):
        line["error"] = _describe(error)
    return line


def _describe(error: BaseException) -> str:
    """Return what an error says, without the values and names of fields that pydantic would quote."""
    if isinstance(error, BaseExceptionGroup):
        return f"{type(error).__name__}({', '.join(map(_describe, error.exceptions))})"
    if isinstance(error, ValidationError):
        return f"ValidationError({', '.join(fault['type'] for fault in error.errors())})"
    return repr(error)


def _trace(error: BaseException) -> str:
    """Return the frames of an error and of what caused it, without their variables."""
    parts = []
    if isinstance(error, BaseExceptionGroup):
        parts = [_trace(each) for each in error.exceptions]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        parts.append(_trace(cause))
    parts.append("".join(traceback.format_tb(error.__traceback__)) + _describe(error))
    return "\n\n".join(parts)
