"""A mailbox at a provider: an IMAP server over TLS with one folder, as far as polling asks."""

import re
import socketserver
import ssl
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

import trustme


class Mailbox:
    """One folder of mails, each seen or not; deleting or moving is answered with BAD."""

    def __init__(self, folder: Path, *mails: bytes) -> None:
        self.mails = list(mails)
        self.seen: set[int] = set()
        self.said: list[str] = []
        self.sizes: dict[int, int] = {}
        authority = trustme.CA()
        self.ca_file = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("localhost").configure_cert(self._context)
        mailbox = self

        class Conversation(socketserver.StreamRequestHandler):
            def setup(self) -> None:
                self.request = mailbox._context.wrap_socket(self.request, server_side=True)
                super().setup()

            def finish(self) -> None:
                super().finish()
                self.request.close()

            def handle(self) -> None:
                self.wfile.write(b"* OK ready\r\n")
                for line in self.rfile:
                    tag, _, command = line.decode().strip().partition(" ")
                    mailbox.said.append(command)
                    for answer in mailbox._answers(tag, command):
                        self.wfile.write(answer)
                    if command.startswith("LOGOUT"):
                        return

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation)
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def address(self) -> str:
        """Give the host and the port."""
        return f"localhost:{self._server.server_address[1]}"

    def __enter__(self) -> "Mailbox":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: Any, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def _answers(self, tag: str, command: str) -> list[bytes]:
        done = f"{tag} OK done\r\n".encode()
        words = command.split(" ")
        match [word.upper() for word in words[:2]]:
            case ["CAPABILITY"]:
                return [b"* CAPABILITY IMAP4rev1\r\n", done]
            case ["LOGIN", _]:
                right = command.endswith('"us" "secret"')
                return [done if right else f"{tag} NO wrong\r\n".encode()]
            case ["SELECT", _]:
                return [f"* {len(self.mails)} EXISTS\r\n".encode(), done]
            case ["UID", "SEARCH"]:
                unseen = [str(n) for n in range(1, len(self.mails) + 1) if n not in self.seen]
                return [f"* SEARCH {' '.join(unseen)}\r\n".encode(), done]
            case ["UID", "FETCH"]:
                return [self._fetched(int(words[2]), command), done]
            case ["UID", "STORE"] if "+FLAGS" in command and "Seen" in command:
                self.seen.add(int(words[2]))
                return [done]
            case ["LOGOUT"]:
                return [b"* BYE\r\n", done]
        return [f"{tag} BAD {command}\r\n".encode()]

    def _fetched(self, number: int, command: str) -> bytes:
        mail = self.mails[number - 1]
        size = self.sizes.get(number, len(mail))
        is_head = "HEADER" in command
        piece = re.split(rb"\r?\n\r?\n", mail, maxsplit=1)[0] + b"\r\n\r\n" if is_head else mail
        what = b"BODY[HEADER]" if is_head else b"BODY[]"
        return b"* %d FETCH (UID %d RFC822.SIZE %d %s {%d}\r\n%s)\r\n" % (
            number, number, size, what, len(piece), piece,
        )  # fmt: skip
