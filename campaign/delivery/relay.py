"""The relay: some kept connections to the mail server, each spoken to as it answers."""

import selectors
import time
from collections.abc import Iterator

from campaign.delivery import policy
from campaign.delivery.building import OutgoingMessage
from campaign.delivery.journal import Journal
from campaign.delivery.replies import Outcome
from campaign.delivery.smtp_connection import Begun, Ended, SmtpConnection


class Relay:
    """One sender's way to the mail server, over so many connections at most.

    One thread serves all of them: the relay works on some messages while others are on their way.
    """

    def __init__(self) -> None:
        self.most = 1
        self._connections: list[SmtpConnection] = []
        # Those that have a message at hand.
        self._busy: set[SmtpConnection] = set()
        self._selector = selectors.DefaultSelector()
        self._is_halted = False

    def send_all(
        self, messages: Iterator[OutgoingMessage], *, number: int, journal: Journal
    ) -> Iterator[Ended]:
        """Send about `number` messages, and give what became of each.

        Raises nothing of the network's: where the way closes, those at hand come to their end and
        the rest is not taken.
        """
        self._is_halted = False
        woken = self._enough_for(number)
        self._busy.update(woken)
        ended: list[Ended] = []
        try:
            while self._busy or ended:
                for connection in woken:
                    ended += self._go_on(connection, messages, journal)
                if ended:
                    journal.write()
                    yield from ended
                woken = self._wait() if self._busy else []
                ended = self._time_out(journal)
        finally:
            # Left in the middle: nobody reads the answers to what these have given away.
            for connection in self._busy:
                connection.close()
            self._busy.clear()

    def _enough_for(self, number: int) -> list[SmtpConnection]:
        enough = max(1, min(self.most, number // policy.WORTH_A_CONNECTION))
        while len(self._connections) < enough:
            self._connections.append(SmtpConnection(self._selector))
        return self._connections[:enough]

    def _go_on(
        self, connection: SmtpConnection, messages: Iterator[OutgoingMessage], journal: Journal
    ) -> list[Ended]:
        """Let one connection go on until the server has the word, or there is nothing to send."""
        ended: list[Ended] = []
        while (event := connection.next_event()) is not None:
            if isinstance(event, Ended):
                ended.append(self._end(event, journal))
            elif isinstance(event, Begun):
                # Before any of it goes out: whoever finds this journal must know.
                journal.begin(event.message.mail.id)
                connection.give_text(self._next(messages) if connection.is_pipelining else None)
            elif (message := self._next(messages)) is not None:
                connection.send(message)
            else:
                self._busy.discard(connection)
                break
        return ended

    def _next(self, messages: Iterator[OutgoingMessage]) -> OutgoingMessage | None:
        return None if self._is_halted else next(messages, None)

    def _end(self, event: Ended, journal: Journal) -> Ended:
        journal.end(event.mail.id, event.reply)
        if event.reply.outcome is Outcome.RELAY:
            self.halt()
        return event

    def _wait(self) -> list[SmtpConnection]:
        """Wait until the server says something, or listens again; give where it does."""
        woken = []
        for key, _ in self._selector.select(timeout=1):
            connection: SmtpConnection = key.data
            if connection in self._busy:
                connection.wake()
                woken.append(connection)
            else:
                # Nobody asked it anything: it says goodbye.
                connection.close()
        return woken

    def _time_out(self, journal: Journal) -> list[Ended]:
        """Give up those on which the server is silent."""
        limit = time.monotonic() - policy.TIMEOUT
        ended = []
        for connection in [one for one in self._busy if one.heard_at < limit]:
            self._busy.discard(connection)
            event = connection.time_out()
            if event is not None:
                ended.append(self._end(event, journal))
        return ended

    def halt(self) -> None:
        """Take no further message; those at hand are brought to their end."""
        self._is_halted = True

    def close(self) -> None:
        """Close all connections."""
        for connection in self._connections:
            connection.close()
