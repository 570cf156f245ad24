"""The way out: some kept connections to the mail server, or the local mailbox."""

import contextlib
import os
import selectors
import time
from collections.abc import Generator, Iterable, Iterator
from datetime import datetime
from pathlib import Path

from flask import current_app

from campaign.delivery import smtp_connection as lines
from campaign.delivery.replies import Outcome, Reply, fault_of
from campaign.delivery.smtp_connection import Keeper, Letter, Line
from campaign.outbox.mail import ClaimedMessage
from campaign.outbox.models import message_token


class Relay:
    """One sender's way to the mail server: some kept connections, each spoken to as it answers.

    One thread serves all of them: the relay works on some messages while others are on their way.
    """

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._selector = selectors.DefaultSelector()
        self._is_halted = False

    def hand_over(
        self, letters: Iterable[Letter], *, number: int, keeper: Keeper
    ) -> Iterator[tuple[ClaimedMessage, Reply]]:
        """Hand about `number` messages over and tell what became of each.

        Raises nothing of the network's: where the way closes, the messages at hand are told of
        and the rest is not taken.
        """
        self._is_halted = False
        queue = iter(letters)
        told: list[tuple[ClaimedMessage, Reply]] = []

        def following() -> Letter | None:
            return None if self._is_halted else next(queue, None)

        def tell(mail: ClaimedMessage, reply: Reply) -> None:
            keeper.end(mail.id, reply)
            told.append((mail, reply))
            if reply.outcome is Outcome.RELAY:
                self.halt()

        most = max(1, min(current_app.config["MAIL_CONNECTIONS"], number // WORTH_A_CONNECTION))
        while len(self._lines) < most:
            self._lines.append(Line(self._selector))
        talks: dict[Line, Generator[None]] = {}
        try:
            for line in self._lines[:most]:
                talks[line] = line.carry(following, keeper, tell)
                self._go_on(line, talks)
            while True:
                keeper.write()
                yield from told
                told.clear()
                if not talks:
                    break
                self._hear(talks)
        finally:
            # Left in the middle: nobody reads the answers to what these have given away.
            for line in talks:
                line.close()

    def halt(self) -> None:
        """Take no further message; those at hand are brought to their end."""
        self._is_halted = True

    def _hear(self, talks: dict["Line", Generator[None]]) -> None:
        for key, _ in self._selector.select(timeout=1):
            line: Line = key.data
            if line in talks:
                self._go_on(line, talks)
            else:
                # Nobody asked it anything: it says goodbye.
                line.close()
        limit = time.monotonic() - lines.TIMEOUT
        for line in [line for line in talks if line.heard_at < limit]:
            with contextlib.suppress(StopIteration):
                talks[line].throw(TimeoutError("the relay does not answer"))
            del talks[line]

    def _go_on(self, line: "Line", talks: dict["Line", Generator[None]]) -> None:
        try:
            next(talks[line])
        except StopIteration:
            del talks[line]

    def close(self) -> None:
        """Close all connections."""
        for line in self._lines:
            line.close()


# So many messages are worth a further connection.
WORTH_A_CONNECTION = 10


class Mailbox:
    """The local mailbox: where mail goes while no mail server is set."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._is_halted = False

    def hand_over(
        self, letters: Iterable[Letter], *, number: int, keeper: Keeper
    ) -> Iterator[tuple[ClaimedMessage, Reply]]:
        """Keep messages one after the other, as `Relay.hand_over` would send them."""
        for letter in letters:
            keeper.begin(letter.mail.id)
            token = message_token(letter.mail.id)
            reply = self.keep(token, letter.body, queued_at=letter.mail.queued_at)
            keeper.end(letter.mail.id, reply)
            yield letter.mail, reply
            if self._is_halted:
                break

    def halt(self) -> None:
        """Take no further message."""
        self._is_halted = True

    def keep(self, token: str, message: bytes, *, queued_at: datetime) -> Reply:
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


def mailbox_folder() -> Path:
    """Tell where the local mailbox of this application is."""
    return Path(current_app.config["INSTANCE"]) / "mailbox"
