"""The servers the tests lean on do what they say."""

import asyncio
import smtplib
import ssl
import time
from email.message import EmailMessage

import psycopg
import pytest

from tests.services import HANG_UP, Sink, postgresql


def a_mail(subject="Grüße aus Köln"):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "us@example.org", "ada@example.org", subject
    mail.set_content("One line.\n.\nA dot stood alone above: größer als nichts.\n", cte="base64")
    return mail


def trusting(sink):
    return ssl.create_default_context(cafile=sink.ca_file)


def test_a_sink_keeps_a_mail_with_its_envelope_and_content():
    with Sink() as sink, smtplib.SMTP("127.0.0.1", sink.port) as client:
        client.send_message(a_mail(), "bounce+1@example.org", ["ada@example.org"])

        [kept] = sink.wait_for(1)

        assert (kept.sender, kept.recipients) == ("bounce+1@example.org", ["ada@example.org"])
        assert kept.message["Subject"] == "Grüße aus Köln"
        assert "größer als nichts" in kept.message.get_content()
        assert (kept.login, kept.encrypted, sink.connections) == (None, False, 1)


def test_a_sink_says_how_many_mails_it_waited_for_in_vain():
    with Sink() as sink, pytest.raises(TimeoutError, match="0 of 2 mails"):
        sink.wait_for(2, timeout=0.05)


def test_a_forgetful_sink_is_empty():
    with Sink() as sink, smtplib.SMTP("127.0.0.1", sink.port) as client:
        client.send_message(a_mail())

        sink.forget()

        assert sink.received == []


def test_a_sink_speaks_starttls_with_a_login():
    with (
        Sink(starttls=True, login=("campaign", "secret")) as sink,
        smtplib.SMTP("127.0.0.1", sink.port) as client,
    ):
        client.starttls(context=trusting(sink))
        client.login("campaign", "secret")
        client.send_message(a_mail())

        [kept] = sink.wait_for(1)

        assert (kept.login, kept.encrypted, sink.connections) == ("campaign", True, 1)


def test_a_sink_that_wants_starttls_takes_nothing_in_the_clear():
    with Sink(starttls=True) as sink, smtplib.SMTP("127.0.0.1", sink.port) as client:
        with pytest.raises(smtplib.SMTPSenderRefused, match="530"):
            client.send_message(a_mail())

        assert sink.received == []


def test_a_sink_speaks_tls_from_the_first_byte_with_a_login():
    with (
        Sink(tls=True, login=("campaign", "secret")) as sink,
        smtplib.SMTP_SSL("127.0.0.1", sink.port, context=trusting(sink)) as client,
    ):
        client.login("campaign", "secret")
        client.send_message(a_mail())

        [kept] = sink.wait_for(1)

        assert (kept.login, kept.encrypted) == ("campaign", True)


def test_a_stranger_does_not_trust_the_certificate_of_a_sink():
    with Sink(tls=True) as sink, pytest.raises(ssl.SSLCertVerificationError):
        smtplib.SMTP_SSL("127.0.0.1", sink.port, context=ssl.create_default_context())


@pytest.mark.parametrize("given", [None, ("campaign", "wrong"), ("nobody", "secret")])
def test_a_sink_with_a_login_refuses_everybody_else(given):
    with (
        Sink(login=("campaign", "secret")) as sink,
        smtplib.SMTP("127.0.0.1", sink.port) as client,
    ):
        if given is not None:
            with pytest.raises(smtplib.SMTPAuthenticationError):
                client.login(*given)

        with pytest.raises(smtplib.SMTPSenderRefused, match="530"):
            client.send_message(a_mail())

        assert sink.received == []


def test_a_sink_takes_a_login_in_the_clear():
    with (
        Sink(login=("campaign", "secret")) as sink,
        smtplib.SMTP("127.0.0.1", sink.port) as client,
    ):
        client.login("campaign", "secret")
        client.send_message(a_mail())

        [kept] = sink.wait_for(1)

        assert (kept.login, kept.encrypted) == ("campaign", False)


@pytest.mark.parametrize(
    ("stage", "subject", "refused"),
    [
        ("ehlo", None, smtplib.SMTPHeloError),
        ("mail", "us@example.org", smtplib.SMTPSenderRefused),
        ("rcpt", "ada@example.org", smtplib.SMTPRecipientsRefused),
        ("data", "us@example.org", smtplib.SMTPDataError),
    ],
)
def test_a_sink_refuses_at_the_stage_it_was_told_to(stage, subject, refused):
    def behaviour(at, about):
        if at == stage and subject in (None, about):
            return "451 4.7.1 Later, please"

    with (
        Sink(behaviour=behaviour) as sink,
        smtplib.SMTP("127.0.0.1", sink.port) as client,
        pytest.raises(refused),
    ):
        client.send_message(a_mail())

    assert sink.received == []


@pytest.mark.parametrize(("stage", "arrived"), [("data", 0), ("kept", 1)])
def test_a_sink_hangs_up_before_or_after_a_mail_has_arrived(stage, arrived):
    def behaviour(at, _about):
        return HANG_UP if at == stage else None

    with Sink(behaviour=behaviour) as sink:
        client = smtplib.SMTP("127.0.0.1", sink.port)

        with client, pytest.raises(smtplib.SMTPServerDisconnected):
            client.send_message(a_mail())

        assert len(sink.received) == arrived


def test_a_sink_takes_its_time():
    async def behaviour(at, _about):
        await asyncio.sleep(0.2 if at == "data" else 0)

    with Sink(behaviour=behaviour) as sink, smtplib.SMTP("127.0.0.1", sink.port) as client:
        began = time.monotonic()

        client.send_message(a_mail())

        assert time.monotonic() - began >= 0.2


def test_a_sink_closes_with_clients_still_connected():
    with Sink() as sink:
        client = smtplib.SMTP("127.0.0.1", sink.port)

    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.noop()
    client.close()


def test_each_test_process_has_a_database_of_its_own(postgres_server, postgres_database):
    with psycopg.connect(postgres_database) as connection:
        connection.execute("create table mark (word text)")
        name = connection.info.dbname

    with psycopg.connect(postgres_server) as connection:
        names = {row[0] for row in connection.execute("select datname from pg_database")}

    assert name in names
    assert name != "postgres"


@pytest.mark.parametrize(("durable", "said"), [(False, "off"), (True, "on")])
def test_a_server_keeps_rows_through_a_power_cut_only_when_asked(postgres_server, durable, said):
    with postgresql(durable=durable) as url, psycopg.connect(url) as connection:
        settings = [
            connection.execute(f"show {name}").fetchone()[0]
            for name in ("fsync", "synchronous_commit")
        ]

        assert settings == [said, said]
        assert url != postgres_server


def test_a_mail_goes_through_postfix_and_arrives_as_it_was_written(postfix_relay):
    sink, port = postfix_relay
    sent = a_mail()

    with smtplib.SMTP("127.0.0.1", port) as client:
        client.send_message(sent, "bounce+1@example.org", ["ada@example.org"])
    [kept] = sink.wait_for(1)

    assert (kept.sender, kept.recipients) == ("bounce+1@example.org", ["ada@example.org"])
    assert kept.message["Subject"] == sent["Subject"]
    assert kept.message.get_content() == sent.get_content()
    assert "relay.example.test (Postfix)" in kept.message["Received"]


def test_postfix_tries_again_what_the_sink_would_not_take_yet(postfix_relay):
    sink, port = postfix_relay
    answers = iter(["451 4.7.1 Later, please"])
    sink.behaviour = lambda at, _about: next(answers, None) if at == "data" else None

    with smtplib.SMTP("127.0.0.1", port) as client:
        client.send_message(a_mail("Second try"))
    [kept] = sink.wait_for(1, timeout=20)

    assert kept.message["Subject"] == "Second try"


def test_chromium_opens_a_page(page):
    page.set_content("<h1>Here</h1>")

    assert page.get_by_role("heading").inner_text() == "Here"
