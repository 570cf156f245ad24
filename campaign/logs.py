"""Logs: one JSON line an event on stderr, and no line names a person, an address or a token."""

import contextlib
import json
import logging
import sys
import threading
import time
from datetime import UTC, datetime
from functools import lru_cache
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
            _not_over_and_over,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=lambda *names: _Stderr(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_has_not_just_been_said)
    handler.setFormatter(_OneLine("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def access_line(*, method: str, rule: str | None, status: int, ms: float) -> str:
    """Make the line of a request that was answered: one like all others, and hardly any work.

    It is made where an answer itself takes a few microseconds, and names nobody by construction.
    """
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return (
        f'{{"method": {_json(method)}, "rule": {_json(rule)}, "status": {status}, '
        f'"ms": {ms:.2f}, "event": "request", "level": "info", "timestamp": "{now}"}}\n'
    )


def write(lines: str) -> None:
    """Write lines that are made already, where there is room."""
    with contextlib.suppress(OSError):
        sys.stderr.write(lines)


_json = lru_cache(maxsize=1000)(json.dumps)


class _Stderr(structlog.PrintLogger):
    """A line on stderr, where there is room: on a full disk the deed matters more than its line."""

    def msg(self, message: str) -> None:
        with contextlib.suppress(OSError):
            super().msg(message)

    log = debug = info = warn = warning = error = critical = exception = fatal = failure = msg


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


# Seconds until the same trouble is said again: twice as many each time, up to the last.
AGAIN_AFTER, AT_MOST = 1.0, 600.0
# So many troubles are told apart; more than that, and the oldest is news again.
MOST_TROUBLES = 200
# What differs each time one and the same trouble is said.
_OF_THE_MOMENT = {"timestamp", "ms", "level"}


class Repeats:
    """What a process has said of late: in an outage the same trouble comes many times a second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # By trouble: when it may be said again, after how many seconds the next time, how many
        # were left out since.
        self._said: dict[Any, tuple[float, float, int]] = {}

    def times(self, trouble: Any, *, now: float) -> int:
        """Count a trouble; give how many times to say it stands for, 0 to leave it out."""
        with self._lock:
            next_at, pause, left_out = self._said.pop(trouble, (0.0, AGAIN_AFTER / 2, 0))
            if now < next_at:
                self._said[trouble] = (next_at, pause, left_out + 1)
                return 0
            # Long quiet, it is a new one.
            pause = AGAIN_AFTER / 2 if now > next_at + AT_MOST else pause
            pause = min(2 * pause, AT_MOST)
            self._said[trouble] = (now + pause, pause, 0)
            while len(self._said) > MOST_TROUBLES:
                del self._said[next(iter(self._said))]
            return left_out + 1


_repeats = Repeats()


def _not_over_and_over(logger: Any, method: str, event: Any) -> Any:
    """Say a trouble at once, then at growing intervals, with how many times it came meanwhile."""
    if event.get("level") not in {"warning", "error", "critical"}:
        return event
    trouble = repr(sorted((key, event[key]) for key in event.keys() - _OF_THE_MOMENT))
    times = _repeats.times(trouble, now=time.monotonic())
    if not times:
        raise structlog.DropEvent
    return {**event, "times": times} if times > 1 else event


def _has_not_just_been_said(record: logging.LogRecord) -> bool:
    kind = record.exc_info[0] if record.exc_info else None
    trouble = (record.name, record.levelno, str(record.msg), kind)
    times = _repeats.times(trouble, now=time.monotonic())
    if times > 1:
        record.msg = f"{record.msg} ({times} times)"
    return bool(times)
