"""Structured logs without personal texts: ids, counts and codes only."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict, WrappedLogger

# Names of values that could hold what people wrote, or a secret. They never reach a log.
UNSAID = frozenset({"text", "name", "alias", "email", "token", "secret", "password", "reason"})


class Errors(io.TextIOBase):
    """Standard error as it is when something is written: who redirects it may close it again.

    What it does not take is left out: a full disk is no reason to fail what the line tells of.
    """

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            return sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            sys.stderr.flush()


def drop_texts(_logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
    """Leave out values whose name says that they are somebody's words or a secret."""
    return {key: value for key, value in entry.items() if key not in UNSAID}


def set_up_logs(form: str, *, least: int = logging.INFO) -> None:
    """``text`` for people at a terminal, ``json`` for machines: one line for each event.

    ``least``: the level below which nothing is written.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        drop_texts,
    ]
    # A traceback shows what failed, never the values that people wrote.
    plain_traceback = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    renderer: Any = plain_traceback
    if form == "json":
        shared.append(structlog.processors.format_exc_info)
        renderer = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, renderer],
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, Errors())),
        wrapper_class=structlog.make_filtering_bound_logger(least),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler(Errors())
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    # Its access log would write addresses with secrets in them.
    logging.getLogger("uvicorn.access").disabled = True
