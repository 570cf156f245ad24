"""The web server: it takes a whole request in without a thread, and then lets a thread answer.

Granian speaks HTTP and limits the time of a request's head. What it hands over (ASGI 3.0) becomes
what the application knows (WSGI, PEP 3333) when the last byte of the body is in, so whoever is slow
costs a connection, and nobody else anything. Pages that are ready need no thread at all.

Long, for the way of one request, from the server to the application and back, is read in one piece.
"""

import asyncio
import contextlib
import contextvars
import gc
import io
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any, TypeVar

import structlog
from flask import Flask
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.server import Server

from campaign import logs
from campaign.app import LARGEST_BODY, body_limit
from campaign.front.at_hand import AnswerAtHand, AtHand
from campaign.front.kept_page import PART, KeptPage
from campaign.front.page_cache import WAIT_FOR_MAKER, PageCache
from campaign.supervisor import die_with_parent

log = structlog.get_logger()

# Requests that one process answers at once.
THREADS = 4
# Seconds for the head of a request, and for an idle connection until the next.
HEAD_WITHIN = 10
# Seconds for the body, and one more for each so many bytes of it that have come: a picture over a
# slow line takes its minutes, and whoever drips is done soon.
BODY_WITHIN, BYTES_A_SECOND = 15, 5_000
# Seconds in which whoever reads an answer takes the next part of it.
PART_WITHIN = 30
# Seconds between looks whether a page is made that somebody else has begun.
LOOK_AGAIN = 0.02
# Seconds within which the line of an answer that was kept is in the log, and so many lines are
# written at once: no more than a pipe takes in one piece.
LINES_WITHIN, MOST_LINES = 0.2, 16
# Connections of one process, most of which may be slow.
CONNECTIONS = 4_000
# Seconds for what is under way when the server is told to stop.
STOP_WITHIN = 2

T = TypeVar("T")
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def serve(app: Flask, *, host: str, port: int) -> None:
    """Serve the application until a signal ends it; a process that falls is started again."""
    gateway = Gateway(app)
    _allow_files(CONNECTIONS)

    def load() -> Gateway:
        # In each process, where granian's own main process would leave it behind.
        die_with_parent()
        return gateway

    server = Server(
        "campaign",
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        workers=processes(app),
        backpressure=CONNECTIONS,
        loop=Loops.asyncio,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_WITHIN * 1000),
        websockets=False,
        # Its warnings name the addresses of those who connect.
        log_enabled=False,
        respawn_failed_workers=True,
        respawn_interval=0,
        workers_kill_timeout=STOP_WITHIN,
    )
    # Forked, the processes share what is loaded; newer Pythons would begin each from nothing. All
    # of it stays to the end: nobody need look through it for what could go, here or at the end.
    multiprocessing.set_start_method("fork", force=True)
    gc.freeze()
    server.serve(target_loader=load, wrap_loader=False)


def processes(app: Flask) -> int:
    """Tell how many processes serve an application."""
    # One alone would leave nobody to answer while it is started again. Beyond eight, what they
    # wait for is the database.
    return app.config["WEB_WORKERS"] or min(max(len(os.sched_getaffinity(0)), 2), 8)


def _allow_files(number: int) -> None:
    """Let this process have as many files open as connections may come, and some of its own."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * number if most == resource.RLIM_INFINITY else min(2 * number, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(allowed, wanted), most))


class TooSlow(Exception):
    """A body did not come, or an answer was not taken, in the time there is."""


class Ambiguous(Exception):
    """A request whose end is said in two ways."""


class Gateway:
    """The application as the server calls it: one call a request, on the server's loop."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._pages: PageCache | None = app.extensions.get("page_cache")
        self._at_hand = AtHand(self._pages) if self._pages is not None else None
        self._lines: list[str] = []
        self._threads: ThreadPoolExecutor | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return
        began = time.perf_counter()
        if self._at_hand is not None and (answer := self._at_hand.find(scope)) is not None:
            await self._send_kept(answer, scope, send, began=began)
            return
        environ = environ_of(scope)
        page = await self._kept(environ)
        if page is not None and self._at_hand is not None:
            answer = AnswerAtHand(page, environ)
            self._at_hand.keep(scope, answer)
            await self._send_kept(answer, scope, send, began=began)
            return
        try:
            with await self._body(environ, receive) as body:
                environ["wsgi.input"] = body
                await self._answer(environ, send)
        except TooSlow:
            await _say(send, 408)
        except (Ambiguous, ConnectionError):
            # The server says the same of pieces that cannot be read as of a visitor who has gone.
            await _say(send, 400)
        except OSError as trouble:
            # No room for the body of a request.
            log.error("request.not_taken_in", fault=type(trouble).__name__)
            await _say(send, 503)

    async def _kept(self, environ: dict[str, Any]) -> KeptPage | None:
        """Give a page that needs no thread; a request with a body is no request for one.

        Where somebody makes that page just now, it is waited for without a thread.
        """
        pages = self._pages
        if pages is None or "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ:
            return None
        page = pages.ready(environ)
        if page is None and pages.is_under_way(environ):
            until = time.monotonic() + WAIT_FOR_MAKER
            while pages.is_under_way(environ) and time.monotonic() < until:
                await asyncio.sleep(LOOK_AGAIN)
            page = pages.ready(environ)
        return page

    async def _send_kept(
        self, answer: AnswerAtHand, scope: Message, send: Send, *, began: float
    ) -> None:
        await send(answer.start())
        await send(answer.body)
        took = (time.perf_counter() - began) * 1000
        rule, status = answer.rule, answer.status
        line = logs.access_line(method=scope["method"], rule=rule, status=status, ms=took)
        # Several at once: to write a line costs more than to answer.
        self._lines.append(line)
        if len(self._lines) == 1:
            asyncio.get_running_loop().call_later(LINES_WITHIN, self._write_lines)
        elif len(self._lines) >= MOST_LINES:
            self._write_lines()

    def _write_lines(self) -> None:
        lines, self._lines = self._lines, []
        logs.write("".join(lines))

    async def _body(self, environ: dict[str, Any], receive: Receive) -> IO[bytes]:
        """Take the body in, and give it from its beginning.

        Of one that is larger than may be, nothing is read: its length tells the application.
        """
        said = environ.get("CONTENT_LENGTH")
        in_pieces = "HTTP_TRANSFER_ENCODING" in environ
        if said is not None and (in_pieces or not said.isdecimal()):
            # Two who read it differently could be told two different requests (RFC 9112, 6.1).
            raise Ambiguous
        if said == "0" or (said is None and not in_pieces):
            return io.BytesIO()
        may_be_large = said is None or int(said) > LARGEST_BODY
        most = body_limit(self._app, environ) if may_be_large else LARGEST_BODY
        if said is not None and int(said) > most:
            return io.BytesIO()
        # Closed by whoever asked for it.
        body: Any = tempfile.SpooledTemporaryFile(max_size=LARGEST_BODY)  # noqa: SIM115
        try:
            await _read(receive, body, most=most)
        except BaseException:
            body.close()
            raise
        # What came in pieces has a length now, as far as it was read.
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        environ["CONTENT_LENGTH"] = str(body.tell())
        body.seek(0)
        return body  # type: ignore[no-any-return]

    async def _answer(self, environ: dict[str, Any], send: Send) -> None:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="request")
        loop, threads = asyncio.get_running_loop(), self._threads
        # One context for all threads that work on this answer.
        context = contextvars.copy_context()

        def run(work: Callable[[], T]) -> Awaitable[T]:
            return loop.run_in_executor(threads, lambda: context.run(_noted, work))

        try:
            answer = await run(lambda: Answer(self._app.wsgi_app, environ))
        except Exception:  # the edge of the application; what it was is in the log
            await _say(send, 500)
            return
        try:
            await send({"type": "http.response.start", **answer.start})
            while not answer.is_whole:
                message = {"type": "http.response.body", "body": answer.part, "more_body": True}
                async with _within(PART_WITHIN):
                    await send(message)
                await run(answer.go_on)
            await send({"type": "http.response.body", "body": answer.part})
        except TooSlow:
            return
        finally:
            if not answer.is_closed:
                await run(answer.close)


class Answer:
    """What the application answers, in parts that are made when the one before is taken."""

    def __init__(self, wsgi: Callable[..., Iterable[bytes]], environ: dict[str, Any]) -> None:
        self.start: dict[str, Any] = {}
        self.part = b""
        self.is_whole = self.is_closed = False
        self._made = wsgi(environ, self._begin)
        self._pieces: Iterator[bytes] = iter(self._made)
        self.go_on()

    def _begin(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], None]:
        told = [(name.lower().encode("latin-1"), v.encode("latin-1")) for name, v in headers]
        self.start = {"status": int(status.split(" ", 1)[0]), "headers": told}
        return self._write

    def _write(self, piece: bytes) -> None:
        raise NotImplementedError("the application gives its answer and writes none")

    def go_on(self) -> None:
        """Make the next part; the last one closes the answer."""
        pieces, size = [], 0
        for piece in self._pieces:
            pieces.append(piece)
            size += len(piece)
            if size >= PART:
                break
        else:
            self.is_whole = True
        self.part = b"".join(pieces)
        if self.is_whole:
            self.close()

    def close(self) -> None:
        """Let go of what the answer holds."""
        self.is_closed = True
        if hasattr(self._made, "close"):
            self._made.close()


def environ_of(scope: Message) -> dict[str, Any]:
    """Say a request in the words of WSGI (PEP 3333): bytes as the Latin-1 text of the same."""
    host, port = scope.get("server") or ("", 0)
    raw = scope["path"].encode("utf-8", "surrogateescape")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": raw.decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": (scope.get("client") or ("",))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.errors": io.StringIO(),
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        # A name with "_" could pass for another's with "-", such as what a proxy says of a visitor.
        if b"_" in name:
            continue
        key = name.decode("latin-1").upper().replace("-", "_")
        if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            key = f"HTTP_{key}"
        text = value.decode("latin-1")
        between = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{between}{text}" if key in environ else text
    return environ


def _noted(work: Callable[[], T]) -> T:
    try:
        return work()
    except Exception:
        log.exception("answer.failed")
        raise


async def _read(receive: Receive, body: IO[bytes], *, most: int) -> None:
    """Write a body down as it comes, up to one byte more than it may have."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while True:
        within = began + BODY_WITHIN + body.tell() / BYTES_A_SECOND - loop.time()
        async with _within(within):
            message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError
        body.write(message.get("body", b"")[: most + 1 - body.tell()])
        if not message.get("more_body") or body.tell() > most:
            return


@contextlib.asynccontextmanager
async def _within(seconds: float) -> Any:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise TooSlow from None


async def _say(send: Send, status: int) -> None:
    headers = [(b"content-type", b"text/plain"), (b"connection", b"close")]
    with contextlib.suppress(Exception):
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
