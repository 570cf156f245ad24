"""A campaign that runs: its processes, started for the tests and stopped after them."""

import email
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path

from campaign.config import PREFIX, ROOT
from tests.services.programs import HERE, free_port

# Promised are five seconds; a machine busy with the rest of the suite gets some more.
STOPS_WITHIN = 20.0


@dataclass
class Campaign:
    """One campaign on a port of loopback, in a folder of its own."""

    instance: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Give the address of the home page, without its last slash."""
        return f"http://{HERE}:{self.port}"

    @property
    def log(self) -> Path:
        """Name the file in which the processes leave what they have to say."""
        return self.instance.with_suffix(".log")

    def start(self, *arguments: str) -> None:
        """Start a command of the campaign that goes on until it is stopped."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                self._command(*arguments),
                env=self._environment(),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._running.append(process)

    def do(self, *arguments: str) -> str:
        """Run a command of the campaign to its end, and give what it printed."""
        done = subprocess.run(
            self._command(*arguments),
            env=self._environment(),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"campaign {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def wait_until_ready(self) -> None:
        """Wait until the site answers and its database is what it should be."""
        wait_until(self._is_ready, within=60, what=f"the campaign is ready; its log: {self.log}")

    def _is_ready(self) -> bool:
        for process in self._running:
            assert process.poll() is None, f"it ended: {self.log.read_text()}"
        try:
            with urllib.request.urlopen(f"{self.address}/health/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """Stop what runs, and tell what would not end."""
        began = time.monotonic()
        for process in self._running:
            process.send_signal(signal.SIGTERM)
        late = []
        for process in self._running:
            try:
                process.wait(max(STOPS_WITHIN - (time.monotonic() - began), 0.1))
            except subprocess.TimeoutExpired:
                late.append(process.args)
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._running.clear()
        assert late == [], f"still there after {STOPS_WITHIN:g} s: {late}"

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-P", "-m", "campaign", *arguments]

    def _environment(self) -> dict[str, str]:
        # What the machine's owner has set for a campaign of theirs must not reach this one.
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        own = {"INSTANCE": str(self.instance), "BASE_URL": self.address, **self.settings}
        # Numbers of people on a page that is kept may be some seconds old; these stories count.
        own.setdefault("PAGE_CACHE", "0")
        return kept | {PREFIX + name: value for name, value in own.items()}


@dataclass(frozen=True)
class Mailbox:
    """The local mailbox of a running campaign, as files."""

    folder: Path

    def mails_to(self, address: str) -> list[tuple[str, EmailMessage]]:
        """Give the mails to one address, oldest first, each with the key of its page."""
        read = [(file.stem, _mail(file.read_bytes())) for file in sorted(self.folder.glob("*.eml"))]
        return [(key, mail) for key, mail in read if recipient_of(mail) == address]

    def wait_for(self, address: str, count: int = 1) -> tuple[str, EmailMessage]:
        """Give the newest mail to an address, once it has got `count` of them."""
        wait_until(
            lambda: len(self.mails_to(address)) >= count,
            within=15,
            what=f"{count} mails to {address}: {[m['Subject'] for _, m in self.mails_to(address)]}",
        )
        found = self.mails_to(address)
        assert len(found) == count, [str(mail["Subject"]) for _, mail in found]
        return found[-1]


def recipient_of(mail: EmailMessage) -> str:
    """Give the one address that a mail goes to."""
    [address] = mail["To"].addresses
    return str(address.addr_spec)


def kinds_in(mail: EmailMessage) -> list[str]:
    """Name the media types of all parts."""
    return [part.get_content_type() for part in mail.walk()]


def text_of(mail: EmailMessage, kind: str = "text/plain") -> str:
    """Give the first part of a media type, which must be there."""
    parts = [part for part in mail.walk() if part.get_content_type() == kind]
    assert parts, kinds_in(mail)
    return str(parts[0].get_content())


def link_in(mail: EmailMessage, path: str) -> str:
    """Give the link of a mail's text whose path begins with `path`."""
    found = [word for word in text_of(mail).split() if "://" in word and f"{path}/" in word]
    assert found, text_of(mail)
    return found[0]


def wait_until(is_so: Callable[[], bool], *, within: float, what: str) -> None:
    """Wait until something is so."""
    ends = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < ends, f"not within {within:g} s: {what}"
        time.sleep(0.05)


def _mail(raw: bytes) -> EmailMessage:
    parsed = email.message_from_bytes(raw, policy=modern)
    assert isinstance(parsed, EmailMessage)
    return parsed
