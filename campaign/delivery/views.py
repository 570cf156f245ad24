"""The local mailbox: what the campaign would have mailed, read on this machine only."""

import email
import ipaddress
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, render_template, request

from campaign.delivery.mailbox import folder_in
from campaign.delivery.policy import MAILS_SHOWN

bp = Blueprint("delivery", __name__, url_prefix="/mailbox")

# The mail as its reader sees it: its own style, nothing that runs, nothing fetched.
_AS_MAIL = (
    "sandbox allow-popups allow-top-navigation-by-user-activation; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; form-action 'none'"
)
# By one of these a proxy says that it asks for somebody else (RFC 7239, RFC 9110 section 7.6.3).
_OF_PROXIES = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")


@dataclass(frozen=True)
class StoredMail:
    """One mail of the mailbox: the name of its file, and its parts."""

    key: str
    message: EmailMessage

    def header(self, name: str) -> str:
        """Give a header as its reader sees it."""
        return str(self.message[name] or "")

    def part(self, kind: str) -> str:
        """Give the first part of a media type as text, empty when there is none."""
        for part in self.message.walk():
            if part.get_content_type() == kind:
                return str(part.get_content())
        return ""

    @property
    def parts(self) -> list[str]:
        """Name the media types of all parts, in their order."""
        return [part.get_content_type() for part in self.message.walk()]


@bp.before_request
def _only_on_this_machine() -> None:
    """Show the mailbox on a loopback address only, and only while no mail server is set.

    A proxy on the same machine also connects from a loopback address: what it passes on names
    another host, or says for whom it asks.
    """
    if current_app.config["MAIL_SERVER"] or any(name in request.headers for name in _OF_PROXIES):
        abort(404)
    host = urlsplit(f"//{request.host}").hostname or ""
    ours = urlsplit(current_app.config["BASE_URL"]).hostname or ""
    if not (ours == "localhost" or _is_loopback(ours)):
        # A site that is reached from elsewhere has a proxy, whether or not it says so.
        abort(404)
    if not (
        _is_loopback(request.remote_addr or "") and (host == "localhost" or _is_loopback(host))
    ):
        abort(404)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


@bp.after_request
def _never_cached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("")
def mailbox() -> str:
    """List the newest mails."""
    files = sorted(_folder().glob("*.eml"), reverse=True)[:MAILS_SHOWN]
    return render_template("delivery/mailbox.html", mails=[_read(file) for file in files])


@bp.get("/<key>")
def mail(key: str) -> str:
    """Show one mail: its headers and each of its forms."""
    return render_template("delivery/mail.html", mail=_find(key))


@bp.get("/<key>/html")
def mail_html(key: str) -> Response:
    """Give the HTML part as its reader sees it."""
    # A link leaves the frame, so that it can be followed from here as from a mail program.
    shown = _find(key).part("text/html").replace("<head>", '<head><base target="_top">', 1)
    answer = Response(shown, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = _AS_MAIL
    return answer


@bp.get("/<key>/raw")
def mail_raw(key: str) -> Response:
    """Give the mail as it went over the wire."""
    return Response(_file(key).read_bytes(), mimetype="text/plain")


def _folder() -> Path:
    return folder_in(current_app.config["INSTANCE"])


def _find(key: str) -> StoredMail:
    return _read(_file(key))


def _file(key: str) -> Path:
    # The name of a file of ours and nothing else: no path leads out of the folder.
    if not re.fullmatch(r"[\w-]{1,100}", key, re.ASCII):
        abort(404)
    file = _folder() / f"{key}.eml"
    if not file.is_file():
        abort(404)
    return file


def _read(file: Path) -> StoredMail:
    message = email.message_from_bytes(file.read_bytes(), policy=default)
    return StoredMail(file.stem, message)
