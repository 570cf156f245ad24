"""An OpenDKIM of the tests' own, which signs what a Postfix shows it, as operators are told to."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from campaign.config import ROOT
from tests.services.programs import HERE, free_port, missing, program, wait_for_port

GUIDE = ROOT / "docs" / "operators" / "one-server.md"
# What belongs to the operator's machine and not to how mail is signed.
_OF_THE_PLACE = {"Syslog", "UserID", "UMask", "Domain", "Selector", "KeyFile", "Socket"}


@dataclass(frozen=True)
class Signer:
    """A running OpenDKIM: its port, and what stands in the DNS for those who verify."""

    port: int
    domain: str
    selector: str
    record: bytes

    def dns(self, name: str) -> bytes:
        """Answer a question for a TXT record, as the DNS would."""
        return self.record if name == f"{self.selector}._domainkey.{self.domain}" else b""


@contextmanager
def opendkim(domain: str, *, selector: str = "2027") -> Iterator[Signer]:
    """Run an OpenDKIM with a new key, and the rest of its settings as the guide has them."""
    path = program("opendkim")
    assert path is not None, missing("opendkim")
    folder = Path(tempfile.mkdtemp(prefix="campaign-opendkim-"))
    port = free_port()
    key = generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    (folder / "private").touch(mode=0o600)
    (folder / "private").write_bytes(private)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    record = b"v=DKIM1; k=rsa; p=" + b"".join(public.splitlines()[1:-1])
    own = {
        "Domain": domain,
        "Selector": selector,
        "KeyFile": str(folder / "private"),
        "Socket": f"inet:{port}@{HERE}",
        "Background": "no",
        # A temporary folder stands where everybody may write; the key itself is ours alone.
        "RequireSafeKeys": "no",
    }
    settings = {**guided(), **own}
    (folder / "conf").write_text("".join(f"{name} {said}\n" for name, said in settings.items()))
    process: subprocess.Popen[bytes] | None = None
    try:
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [path, "-f", "-x", str(folder / "conf")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_for_port(port, process, folder / "log")
        yield Signer(port, domain, selector, record)
    finally:
        if process is not None:
            # It keeps nothing; asked politely, it takes seconds.
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def guided() -> dict[str, str]:
    """Give the settings of the operators' guide, without those of one machine."""
    found = re.search(r"`/etc/opendkim\.conf`:\s*```\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found, GUIDE
    lines = (line.split(None, 1) for line in found[1].splitlines() if line.strip())
    return {name: said for name, said in lines if name not in _OF_THE_PLACE}
