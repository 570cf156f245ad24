"""Polling a mailbox over IMAP (RFC 9051): what is unseen is stored, and only then marked seen."""

import re
import ssl
from dataclasses import dataclass
from typing import Any

from imap_tools import MailBox, MailMessageFlags

from campaign.inbound import worker
from campaign.inbound.addressing import recipient_in, sender_in
from campaign.inbound.models import LARGEST_MAIL
from campaign.inbound.opening import open_mail

TIMEOUT = 60
MOST_AT_ONCE = 500
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
    box = MailBox(host, int(port or 993), timeout=TIMEOUT, ssl_context=ssl.create_default_context())
    with box.login(account.username, account.password, initial_folder=account.folder):
        unseen = box.uids("UNSEEN")[:MOST_AT_ONCE]
        for uid in unseen:
            _take_in(box, uid)
            box.flag(uid, MailMessageFlags.SEEN, True)
    return len(unseen)


def _take_in(box: MailBox, uid: str) -> None:
    head, said = _fetch(box, uid, _HEAD)
    found = re.search(rb"RFC822\.SIZE (\d{1,12})", said)
    size = int(found[1]) if found else 0
    message = open_mail(head)
    recipient = recipient_in(message)
    if size > LARGEST_MAIL:
        worker.take_in_head(head[:LARGEST_MAIL], size=size, recipient=recipient)
        return
    raw, _ = _fetch(box, uid, _WHOLE)
    worker.take_in(raw, recipient=recipient, envelope_sender=sender_in(message))


def _fetch(box: MailBox, uid: str, what: str) -> tuple[bytes, bytes]:
    """Fetch bytes of a mail without marking it seen, and what the server said around them."""
    answer: Any
    _, answer = box.client.uid("FETCH", uid, what)
    pieces = [one for one in answer if isinstance(one, tuple)]
    if not pieces:
        raise OSError("the mailbox did not give a mail that it had listed")
    around = b" ".join(one if isinstance(one, bytes) else one[0] for one in answer if one)
    return bytes(pieces[0][1]), around
