"""The relay: a kept connection to the mail server, opened by Flask-Mail, or the local mailbox."""

import contextlib
import os
import smtplib
import ssl
import time
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from flask_mail import Connection as FlaskMailConnection
from flask_mail import Mail as FlaskMail

mail = FlaskMail()

# Longer than a busy relay needs (RFC 5321 section 4.5.3.2 allows minutes), shorter than a lease.
TIMEOUT = 60
IDLE = 60


def init_app(app: Flask) -> None:
    """Bind the relay's settings to the application."""
    mail.init_app(app)


class Outcome(StrEnum):
    """What became of one attempt to hand a message over."""

    LEFT = "left"
    LATER = "later"
    REFUSED = "refused"
    NO_SUCH_ADDRESS = "no such address"
    # The way is closed or slow.
    LANE = "lane"


@dataclass(frozen=True)
class Reply:
    """An outcome with the relay's own words, and whether the relay may have the message."""

    outcome: Outcome
    words: str
    is_uncertain: bool = False
    # Whether the relay had begun with this very message when the way closed. Then the trouble may
    # be the message's own, and it must not be first in the queue again.
    was_begun: bool = False


class _Connection(FlaskMailConnection):
    """Flask-Mail's connection with what it leaves out: a timeout, and certificates checked."""

    def configure_host(self) -> smtplib.SMTP:
        settings = self.mail
        context = ssl.create_default_context(cafile=current_app.config["MAIL_CA_FILE"] or None)
        host: smtplib.SMTP
        if settings.use_ssl:
            host = smtplib.SMTP_SSL(
                settings.server, settings.port, timeout=TIMEOUT, context=context
            )
        else:
            host = smtplib.SMTP(settings.server, settings.port, timeout=TIMEOUT)
        if settings.use_tls:
            host.starttls(context=context)
        if settings.username and settings.password:
            host.login(settings.username, settings.password)
        return host


class Relay:
    """One sender's way to the mail server; reopened when the server has closed it."""

    def __init__(self) -> None:
        self._host: smtplib.SMTP | None = None
        self._used = 0.0
        self._was_begun = False

    def hand_over(self, sender: str, recipient: str, message: bytes) -> Reply:
        """Hand one message over and tell what became of it; raises nothing of the network's."""
        self._was_begun = False
        fresh = self._host is None or time.monotonic() - self._used > IDLE
        try:
            if fresh:
                self.close()
                self._host = _Connection(current_app.extensions["mail"]).configure_host()
            try:
                return self._converse(sender, recipient, message)
            except smtplib.SMTPServerDisconnected:
                if fresh:
                    raise
                # A kept connection may have been closed between two messages: begin once more.
                self.close()
                self._was_begun = False
                self._host = _Connection(current_app.extensions["mail"]).configure_host()
                return self._converse(sender, recipient, message)
        except smtplib.SMTPAuthenticationError as trouble:
            self.close()
            return Reply(Outcome.LANE, f"login refused: {_words(*trouble.args[:2])}")
        except smtplib.SMTPResponseException as trouble:
            self.close()
            words = _words(trouble.smtp_code, trouble.smtp_error)
            return Reply(Outcome.LANE, words, was_begun=self._was_begun)
        except (OSError, smtplib.SMTPException) as trouble:
            self.close()
            return Reply(Outcome.LANE, _fault(trouble), was_begun=self._was_begun)
        finally:
            self._used = time.monotonic()

    def _converse(self, sender: str, recipient: str, message: bytes) -> Reply:
        host = self._host
        if host is None:
            raise smtplib.SMTPServerDisconnected("no connection")
        host.ehlo_or_helo_if_needed()
        code, words = host.mail(sender)
        if code != 250:
            return self._refused("MAIL", code, words)
        self._was_begun = True
        code, words = host.rcpt(recipient)
        if code not in (250, 251):
            return self._refused("RCPT", code, words)
        try:
            code, words = host.data(message)
        except smtplib.SMTPDataError as trouble:
            return self._refused("DATA", trouble.smtp_code, trouble.smtp_error)
        except (OSError, smtplib.SMTPServerDisconnected) as trouble:
            # The body may have gone: only the relay knows whether it took the message.
            self.close()
            lost = f"lost after DATA: {_fault(trouble)}"
            return Reply(Outcome.LANE, lost, is_uncertain=True, was_begun=True)
        if code != 250:
            return self._refused("body", code, words)
        return Reply(Outcome.LEFT, _words(code, words))

    def _refused(self, stage: str, code: int, words: Any) -> Reply:
        reply = f"{stage}: {_words(code, words)}"
        if code == 421:
            self.close()
            return Reply(Outcome.LANE, reply, was_begun=self._was_begun)
        with contextlib.suppress(smtplib.SMTPException, OSError):
            if self._host is not None:
                self._host.rset()
        outcome = judge(stage, code, _words(code, words))
        return Reply(outcome, reply, was_begun=self._was_begun)

    def close(self) -> None:
        """Say goodbye, as far as the other side still listens."""
        if self._host is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._host.quit()
            self._host.close()
        self._host = None


def judge(stage: str, code: int, words: str) -> Outcome:
    """Tell what a refusal means for the message (RFC 3463 codes before bare SMTP ones).

    4xx passes; a full mailbox passes; throttling closes the lane and not the person; a wrong
    address is a bounce; any other 5xx is about content or policy, and the person keeps their place.
    """
    if code in (432, 454) or (" 4.7.0" in f" {words}" and 400 <= code < 500):
        return Outcome.LANE
    if 400 <= code < 500:
        return Outcome.LATER
    enhanced = words[4:].split(" ", 1)[0] if words[4:5] == "5" else ""
    if enhanced.startswith("5.2.2") or (code == 552 and not enhanced):
        return Outcome.LATER
    if stage == "RCPT" and (
        enhanced.startswith("5.1.") or (not enhanced and code in (550, 551, 553))
    ):
        return Outcome.NO_SUCH_ADDRESS
    return Outcome.REFUSED


def _words(code: Any, words: Any) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return " ".join(f"{code} {text}".split())[:400]


def _fault(trouble: BaseException) -> str:
    return " ".join(f"{type(trouble).__name__}: {trouble}".split())[:400]


class Mailbox:
    """The local mailbox: where mail goes while no mail server is set."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, token: str, message: bytes, *, posted_at: datetime) -> Reply:
        """Write one mail, whole or not at all; written twice it is one file."""
        file = self._folder / f"{posted_at:%Y%m%dT%H%M%S%f}-{token}.eml"
        fresh = file.with_suffix(f".{os.getpid()}.part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(message)
            fresh.rename(file)
        except OSError as trouble:
            return Reply(Outcome.LANE, _fault(trouble))
        return Reply(Outcome.LEFT, "kept in the local mailbox")


def mailbox_folder() -> Path:
    """Tell where the local mailbox of this application is."""
    return Path(current_app.config["INSTANCE"]) / "mailbox"
