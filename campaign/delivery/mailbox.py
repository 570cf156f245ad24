"""The local mailbox: where mail goes while no mail server is set."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from campaign.delivery.building import OutgoingMessage
from campaign.delivery.journal import Journal
from campaign.delivery.replies import Outcome, Reply, fault_of
from campaign.outbox.mail import ClaimedMessage
from campaign.outbox.models import message_token


class Mailbox:
    """A folder of mails, one file each: a transport as `relay.Relay` is.

    Of both, what became of a message is in the journal before it is given.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._is_halted = False
        # It keeps nobody waiting.
        self.waited = 0.0

    def send_all(
        self, messages: Iterator[OutgoingMessage], *, number: int, journal: Journal
    ) -> Iterator[tuple[ClaimedMessage, Reply]]:
        """Store messages one after the other, as `Relay.send_all` would send them."""
        for message in messages:
            mail = message.mail
            journal.begin(mail.id)
            reply = self.store(message_token(mail.id), message.body, queued_at=mail.queued_at)
            journal.end(mail.id, reply)
            journal.write()
            yield mail, reply
            if self._is_halted:
                break

    def halt(self) -> None:
        """Take no further message."""
        self._is_halted = True

    def store(self, token: str, message: bytes, *, queued_at: datetime) -> Reply:
        """Write one mail, whole or not at all; written twice it is one file."""
        file = self._folder / f"{queued_at:%Y%m%dT%H%M%S%f}-{token}.eml"
        fresh = file.with_suffix(f".{os.getpid()}.part")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.write_bytes(message)
            fresh.rename(file)
        except OSError as trouble:
            return Reply(Outcome.RELAY, fault_of(trouble))
        return Reply(Outcome.SENT, "kept in the local mailbox")


def folder_in(instance: str) -> Path:
    """Tell where the local mailbox of an instance is."""
    return Path(instance) / "mailbox"
