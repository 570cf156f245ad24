"""Logs: one JSON line an event on stderr, and no line names a person, an address or a token."""

import logging
import sys
from typing import Any

import structlog

# What could name a person never reaches a log, whoever passes it by mistake.
_PRIVATE = {"email", "address", "to", "name", "token", "ip", "remote_addr", "path", "url"}


def init() -> None:
    """Set up logging for this process: ours, and what libraries say from warnings upwards."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _leave_out_the_private,
            _name_the_fault_only,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=lambda *names: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


class _OneLine(logging.Formatter):
    """A library's log entry without its traceback, whose words would repeat rows and addresses."""

    def formatException(self, ei: Any) -> str:  # the library's name
        return f"{ei[0].__name__}" if ei and ei[0] else ""

    def formatStack(self, stack_info: str) -> str:
        return ""


def _leave_out_the_private(logger: Any, method: str, event: Any) -> Any:
    return {key: value for key, value in event.items() if key not in _PRIVATE}


def _name_the_fault_only(logger: Any, method: str, event: Any) -> Any:
    """Give of an exception its kind and the places it passed, not its words.

    The words of a database error repeat the row, and with it a person.
    """
    fault = event.pop("exc_info", None)
    if fault is True:
        fault = sys.exc_info()[1]
    if isinstance(fault, BaseException):
        places = []
        trace = fault.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            places.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}")
            trace = trace.tb_next
        event["fault"] = type(fault).__name__
        event["places"] = places[-12:]
    return event
