"""Logs: events, not sentences, for people on a terminal or for machines."""

import logging
import sys
from typing import Literal

import structlog

_PRE_CHAIN = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def configure_logging(log_format: Literal["console", "json"], level: str) -> None:
    """Send every log line, those of libraries too, to stderr in one form."""
    last = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*_PRE_CHAIN, structlog.processors.format_exc_info, last],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=last, foreign_pre_chain=_PRE_CHAIN))
    logging.basicConfig(handlers=[handler], level=max(threshold, logging.WARNING), force=True)
