"""The relay: kept connections to a mail server, opened by Flask-Mail, and the local mailbox."""

from flask import Flask
from flask_mail import Mail as FlaskMail

mail = FlaskMail()


def init_app(app: Flask) -> None:
    """Bind the relay's settings to the application."""
    mail.init_app(app)
