"""Polling a mailbox over IMAP (RFC 9051): what is unseen is stored, and only then marked seen."""

import re
import ssl
from dataclasses import dataclass
from imaplib import IMAP4, IMAP4_SSL
from typing import Any

from campaign.inbound import worker
from campaign.inbound.addressing import recipient_in, sender_in
from campaign.inbound.opening import open_mail
from campaign.inbound.policy import LARGEST_MAIL, POLLED_AT_ONCE, TIMEOUT

_HEAD = "(RFC822.SIZE BODY.PEEK[HEADER])"
_WHOLE = "(BODY.PEEK[])"


@dataclass(frozen=True)
class Account:
    """Where a mailbox is and how one comes in; `server` is a host, or a host and a port."""

    server: str
    username: str
    password: str
    folder: str


def poll(account: Account) -> int:
    """Take in what is unseen in a mailbox and mark it seen. Returns how many.

    Nothing is deleted or moved: the mailbox stays as a copy. No transaction is open meanwhile.
    """
    host, _, port = account.server.partition(":")
    context = ssl.create_default_context()
    with IMAP4_SSL(host, int(port or 993), ssl_context=context, timeout=TIMEOUT) as box:
        box.login(_quoted(account.username), account.password)
        _done(box.select(_quoted(account.folder)))
        listed = _done(box.uid("SEARCH", "UNSEEN"))[0] or b""
        return sum(_take_in(box, uid.decode()) for uid in listed.split()[:POLLED_AT_ONCE])


def _quoted(word: str) -> str:
    """Write a word as a quoted string; the library does so with passwords only."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _done(answer: tuple[str, list[Any]]) -> list[Any]:
    """Give what the server said. Raises `IMAP4.error` where it said no."""
    status, said = answer
    if status != "OK":
        raise IMAP4.error("the mailbox refused")
    return said


def _take_in(box: IMAP4, uid: str) -> bool:
    """Store one mail, and mark it seen once that is saved. Tells whether it was still there."""
    head, said = _fetch(box, uid, _HEAD)
    if not said:
        return False
    found = re.search(rb"RFC822\.SIZE (\d{1,12})", said)
    size = int(found[1]) if found else 0
    raw = b"" if size > LARGEST_MAIL else _fetch(box, uid, _WHOLE)[0]
    message = open_mail(head)
    recipient = recipient_in(message)
    if max(size, len(raw)) > LARGEST_MAIL:
        worker.take_in_head(head[:LARGEST_MAIL], size=max(size, len(raw)), recipient=recipient)
    else:
        worker.take_in(raw, recipient=recipient, envelope_sender=sender_in(message))
    # This one command alone: libraries above this one also expunge what others marked deleted.
    _done(box.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)"))
    return True


def _fetch(box: IMAP4, uid: str, what: str) -> tuple[bytes, bytes]:
    """Fetch bytes of a mail without marking it seen, and what the server said around them.

    Both are empty where it is gone since it was listed.
    """
    answer = _done(box.uid("FETCH", uid, what))
    pieces = [one for one in answer if isinstance(one, tuple)]
    if not pieces:
        return b"", b""
    around = b" ".join(one if isinstance(one, bytes) else one[0] for one in answer if one)
    return bytes(pieces[0][1]), around
