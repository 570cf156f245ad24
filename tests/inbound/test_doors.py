"""The ways in: an LMTP server on a real socket, a pipe, and a mailbox at a provider."""

import asyncio
import os
import smtplib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import create_app
from campaign.db import count_of
from campaign.inbound.lmtp import Server
from campaign.inbound.models import InboundMail, Made
from campaign.inbound.policy import MOST_CONNECTIONS
from campaign.outbox.models import State
from tests.closing import close
from tests.conftest import SECRET
from tests.drills.private import expect_within, wait_until
from tests.inbound.making import dsn, left, message_of, only, personal, why_suppressed
from tests.plugin_services import needed
from tests.services import Sink, free_port, postfix

HELLO = "hello@campaign.example"


@contextmanager
def listening(app: Flask) -> Iterator[int]:
    """Run the LMTP server of an application in a thread, and give its port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = Server(app, host="127.0.0.1", port=0)
    try:
        asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
        yield server.port
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
        asyncio.run_coroutine_threadsafe(_settled(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _settled() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    """Give the port of the LMTP server."""
    with listening(app) as port:
        yield port


def number(app: Flask) -> int:
    with app.app_context():
        return count_of(select(InboundMail))


def test_a_bounce_over_lmtp_is_stored_and_acted_upon(app: Flask, port: int) -> None:
    address = left(app)

    with smtplib.LMTP("127.0.0.1", port, timeout=20) as server:
        refused = server.sendmail("", [address], dsn())

    assert refused == {}
    mail = only(app)
    assert (mail.envelope_sender, mail.recipient) == ("", address)
    assert mail.made == Made.SUPPRESSED
    assert why_suppressed(app) is not None


def conversation(port: int, *lines: bytes) -> list[bytes]:
    """Say lines to a server as they stand, the last without waiting for less than its end."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        stream = line.makefile("rb")
        answers = [stream.readline()]
        for one in lines:
            line.sendall(one)
            answers.append(stream.readline())
            while answers[-1][3:4] == b"-":
                answers[-1] = stream.readline()
        line.settimeout(0.5)
        while True:
            try:
                more = stream.readline()
            except TimeoutError:
                return answers
            if not more:
                return answers
            answers.append(more)


def envelope(*recipients: str) -> list[bytes]:
    to = [f"RCPT TO:<{one}>\r\n".encode() for one in recipients]
    return [b"LHLO test\r\n", b"MAIL FROM:<bo@example.org>\r\n", *to, b"DATA\r\n"]


def test_each_recipient_has_a_reply_and_a_row(app: Flask, port: int) -> None:
    answers = conversation(
        port, *envelope(HELLO, "rsvp+x@campaign.example"), personal() + b"\r\n.\r\n"
    )

    assert [answer[:3] for answer in answers[-2:]] == [b"250", b"250"]
    assert number(app) == 2


def test_forty_megabytes_are_refused_for_each_recipient_and_nothing_is_kept(
    app: Flask, port: int
) -> None:
    line = b"x" * 998 + b"\r\n"

    told = conversation(port, b"LHLO test\r\n", b"MAIL FROM:<> SIZE=40000000\r\n")
    sent = conversation(port, *envelope(HELLO, "b@campaign.example"), line * 40_000 + b".\r\n")

    assert told[-1].startswith(b"552 5.3.4 ")
    assert [answer[:10] for answer in sent[-2:]] == [b"552 5.3.4 "] * 2
    assert number(app) == 0


def test_bytes_that_are_no_mail_are_kept_all_the_same(app: Flask, port: int) -> None:
    junk = b"\x00\xff\r\r\n\n\r: =?\r\n..\r\n" + bytes(range(256)) * 10 + b"y" * 5000

    answers = conversation(port, *envelope(HELLO), junk + b"\r\n.\r\n")

    assert answers[-1].startswith(b"250")
    assert only(app).waits


def test_more_connections_than_there_is_room_for_are_sent_away(app: Flask, port: int) -> None:
    lines = [
        socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(MOST_CONNECTIONS)
    ]
    try:
        for line in lines:
            assert line.recv(3) == b"220"
        with socket.create_connection(("127.0.0.1", port), timeout=20) as late:
            assert late.recv(9) == b"421 4.3.2"
    finally:
        for line in lines:
            line.close()


@pytest.mark.parametrize(
    "database",
    # Without tables, and without a server.
    ["", "postgresql://x@127.0.0.1:1/x"],
    ids=["empty", "away"],
)
def test_while_the_database_is_away_the_mail_server_keeps_the_mail(
    tmp_path: Path, database: str
) -> None:
    app = create_app(
        {
            "SECRET_KEY": SECRET,
            "INSTANCE": str(tmp_path),
            "TESTING": True,
            "DATABASE_URL": database,
        }
    )

    with listening(app) as port:
        answers = conversation(port, *envelope(HELLO), personal() + b"\r\n.\r\n")

    close(app)
    assert answers[-1].startswith(b"451 4.3.0")


def piped(
    app: Flask, raw: bytes, *options: str, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Pipe a mail to the command, as a mail server does."""
    own = {
        "CAMPAIGN_SECRET_KEY": SECRET,
        "CAMPAIGN_INSTANCE": app.config["INSTANCE"],
        "CAMPAIGN_DATABASE_URL": app.config["DATABASE_URL"].replace("+psycopg", ""),
        "CAMPAIGN_BASE_URL": app.config["BASE_URL"],
    }
    return subprocess.run(
        [sys.executable, "-P", "-m", "campaign", "inbound", "--stdin", *options],
        input=raw,
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, **own, **environment},
    )


def test_a_mail_is_piped_with_its_envelope_from_options_or_the_environment(app: Flask) -> None:
    first, second, third = (left(app, f"{who}@example.org") for who in ("ada", "bo", "cy"))

    answers = [
        piped(app, dsn("ada@example.org").encode(), "--to", first, "--from", "MAILER-DAEMON"),
        piped(app, dsn("bo@example.org").encode(), ORIGINAL_RECIPIENT=second, SENDER=""),
        piped(app, f"X-Original-To: {third}\n{dsn('cy@example.org')}".encode()),
    ]

    assert [answer.returncode for answer in answers] == [0, 0, 0], answers
    assert [message_of(app, to).state for to in (first, second, third)] == [State.BOUNCED] * 3


def test_a_pipe_of_forty_megabytes_is_one_sentence_and_status_1(app: Flask) -> None:
    answer = piped(app, b"x" * 40_000_000, "--to", HELLO)

    assert answer.returncode == 1
    assert answer.stderr.count(b"\n") == 1
    assert b"10 MB" in answer.stderr
    assert number(app) == 0


@pytest.mark.parametrize(
    "trouble",
    [{"CAMPAIGN_DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}, {"CAMPAIGN_SECRET_KEY": "short"}],
    ids=["database", "settings"],
)
def test_whatever_is_wrong_with_us_the_pipe_tells_the_mail_server_to_keep_the_mail(
    tmp_path: Path, trouble: dict[str, str]
) -> None:
    app = create_app({"SECRET_KEY": SECRET, "INSTANCE": str(tmp_path), "TESTING": True})

    answer = piped(app, personal(), "--to", HELLO, **trouble)
    close(app)

    assert answer.returncode == 75
    assert b"bo@example.org" not in answer.stderr


@pytest.mark.postfix
def test_a_real_postfix_hands_the_bounce_of_a_real_mail_over(app: Flask, port: int) -> None:
    needed("postfix")
    address = left(app)

    def refuse(stage: str, subject: str) -> str | None:
        return "550 5.1.1 User unknown" if stage == "rcpt" else None

    with (
        Sink(behaviour=refuse) as sink,
        postfix(sink.port, inbound={"bounces@campaign.example": port}) as relay,
        smtplib.SMTP("127.0.0.1", relay, timeout=20) as server,
    ):
        server.sendmail(address, ["ada@example.org"], "Subject: Hello\r\n\r\nHi")
        wait_until(lambda: why_suppressed(app) is not None, within=60, what="the bounce comes")

    mail = only(app)
    assert (mail.recipient, mail.envelope_sender) == (address, "")
    assert mail.made == Made.SUPPRESSED
    assert message_of(app, address).last_reply.startswith("DSN: 550 5.1.1")


def test_a_taken_port_is_one_sentence(app: Flask, port: int, tmp_path: Path) -> None:
    own = {"CAMPAIGN_SECRET_KEY": SECRET, "CAMPAIGN_INSTANCE": str(tmp_path)}
    answer = subprocess.run(
        [sys.executable, "-P", "-m", "campaign", "inbound", "--port", str(port)],
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, **own},
    )

    assert answer.returncode == 1
    assert answer.stderr.count(b"\n") == 1
    assert str(port).encode() in answer.stderr


@pytest.mark.parametrize("command", [["inbound"], ["serve", "--port", "{web}"]], ids=" ".join)
def test_the_server_listens_where_it_is_set_and_ends_at_once(
    tmp_path: Path, command: list[str]
) -> None:
    own = {"CAMPAIGN_SECRET_KEY": SECRET, "CAMPAIGN_INSTANCE": str(tmp_path)}
    port, web = free_port(), free_port()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "campaign", *(word.format(web=web) for word in command)],
        env={**os.environ, **own, "CAMPAIGN_INBOUND_PORT": str(port)},
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: _answers(port), within=60, what="it listens")
        process.terminate()

        expect_within(5.0, lambda: process.poll() is not None, what="it ends")
        assert process.returncode == 0
        assert not _answers(port)
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as line:
            return line.recv(3) == b"220"
    except OSError:
        return False
