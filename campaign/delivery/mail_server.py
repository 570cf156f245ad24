"""The mail server as the settings name it, and how a connection to it is opened."""

import smtplib
import ssl
from typing import Any

from flask import Flask, current_app
from flask_mail import Connection as FlaskMailConnection
from flask_mail import Mail as FlaskMail

from campaign.delivery import policy

mail = FlaskMail()


def init_app(app: Flask) -> None:
    """Bind the relay's settings to the application."""
    settings: Any = mail.init_app(app)
    settings.ca_file = app.config["MAIL_CA_FILE"] or None


def connect() -> smtplib.SMTP:
    """Connect to the mail server, encrypted and signed in as the settings say."""
    return _Connection(current_app.extensions["mail"]).configure_host()


class _Connection(FlaskMailConnection):
    """Flask-Mail's connection with what it leaves out: a timeout, and certificates checked."""

    def configure_host(self) -> smtplib.SMTP:
        settings: Any = self.mail
        context = ssl.create_default_context(cafile=settings.ca_file)
        host: smtplib.SMTP
        if settings.use_ssl:
            host = smtplib.SMTP_SSL(
                settings.server, settings.port, timeout=policy.TIMEOUT, context=context
            )
        else:
            host = smtplib.SMTP(settings.server, settings.port, timeout=policy.TIMEOUT)
        if settings.use_tls:
            host.starttls(context=context)
        if settings.username and settings.password:
            host.login(settings.username, settings.password)
        return host
