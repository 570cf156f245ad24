"""A Postfix of the tests' own, which can send to one port of loopback and nowhere else."""

import os
import shutil
import signal
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.services.programs import HERE, free_port, missing, program

_MAIN_CF = """
compatibility_level = 3.6
config_directory = {folder}
queue_directory = {folder}/spool
data_directory = {folder}/data
daemon_directory = {daemons}
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = relay.example.test
mydomain = example.test
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8

# Everything goes to the sink, and there is no other way out: no DNS, no local delivery.
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
local_transport = error:this relay keeps nothing
relayhost = [127.0.0.1]:{relay_port}
default_transport = smtp:[127.0.0.1]:{relay_port}
relay_transport = smtp:[127.0.0.1]:{relay_port}
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtp_tls_security_level = none
smtpd_peername_lookup = no
fast_flush_domains =
notify_classes =

# A sink that refuses for now is tried again while the test waits.
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
in_flow_delay = 0
smtpd_client_connection_count_limit = 0
recipient_delimiter = +
"""

_MASTER_CF = """
127.0.0.1:{port} inet n - n - - smtpd
pickup    unix n - n 60    1 pickup
cleanup   unix n - n -     0 cleanup
qmgr      unix n - n 300   1 qmgr
rewrite   unix - - n -     - trivial-rewrite
bounce    unix - - n -     0 bounce
defer     unix - - n -     0 bounce
trace     unix - - n -     0 bounce
verify    unix - - n -     1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n -     - proxymap
smtp      unix - - n -     - smtp
relay     unix - - n -     - smtp
lmtp      unix - - n -     - lmtp
showq     unix n - n -     - showq
error     unix - - n -     - error
retry     unix - - n -     - error
discard   unix - - n -     - discard
anvil     unix - - n -     1 anvil
scache    unix - - n -     1 scache
postlog   unix-dgram n - n - 1 postlogd
"""

# The queue's folders and who may do what there (Postfix's own postfix-files says the same).
_SPOOL = {
    0o700: ["active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming",
            "private", "saved", "trace"],
    0o1730: ["maildrop"],
    0o2710: ["public"],
}  # fmt: skip


# Nothing leaves unsigned: while the signer is away, mail is refused for now.
_MILTER_CF = """
smtpd_milters = inet:127.0.0.1:{milter_port}
milter_default_action = tempfail
"""


@contextmanager
def postfix(
    relay_port: int,
    *,
    inbound: Mapping[str, int] | None = None,
    milter_port: int | None = None,
) -> Iterator[int]:
    """Run a Postfix that relays all it is given to `relay_port` of loopback, and give its port.

    Mail to the domains of `inbound` is handed over LMTP to the port named. With `milter_port` each
    mail is shown to the filter there first, such as one that signs.
    """
    # Not under pytest's own folder: Postfix's users must be able to walk to their queue.
    folder = Path(tempfile.mkdtemp(prefix="campaign-postfix-"))
    port = free_port()
    process: subprocess.Popen[bytes] | None = None
    try:
        daemons = _lay_out_postfix(folder, port=port, relay_port=relay_port, inbound=inbound or {})
        if milter_port is not None:
            with (folder / "main.cf").open("a") as settings:
                settings.write(_MILTER_CF.format(milter_port=milter_port))
            os.utime(folder / "main.cf", (0, 0))
        # A session of its own, so that it can be ended with everything it starts.
        process = subprocess.Popen(
            [f"{daemons}/master", "-d", "-c", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        _wait_for_greeting(port, process, folder / "log")
        yield port
    finally:
        if process is not None:
            # Master and all its parts at once: asked politely, it may leave one behind that it was
            # just about to start.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _lay_out_postfix(
    folder: Path, *, port: int, relay_port: int, inbound: Mapping[str, int]
) -> str:
    postconf = program("postconf")
    assert postconf is not None, missing("postfix")
    daemons = subprocess.run(
        [postconf, "-d", "-h", "daemon_directory"], capture_output=True, text=True, check=True
    ).stdout.strip()
    names = {"folder": folder, "port": port, "relay_port": relay_port, "daemons": daemons}
    ways = " ".join(f"{{ {domain} = lmtp:inet:127.0.0.1:{to} }}" for domain, to in inbound.items())
    told = f"transport_maps = inline:{{ {ways} }}\n" if ways else ""
    (folder / "main.cf").write_text(_MAIN_CF.format(**names) + told)
    (folder / "master.cf").write_text(_MASTER_CF.format(**names))
    # Postfix waits until its settings are seconds old, lest it read a half-written file.
    for name in ("main.cf", "master.cf"):
        os.utime(folder / name, (0, 0))
    folder.chmod(0o755)
    (folder / "spool" / "pid").mkdir(parents=True)
    (folder / "data").mkdir()
    shutil.chown(folder / "data", "postfix")
    for mode, places in _SPOOL.items():
        for place in places:
            path = folder / "spool" / place
            path.mkdir()
            shutil.chown(path, "postfix", "postdrop" if mode & 0o070 else None)
            path.chmod(mode)
    return daemons


def _wait_for_greeting(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        if process.poll() is not None:
            break
        with suppress(OSError, smtplib.SMTPException), smtplib.SMTP(HERE, port, timeout=5):
            return
        time.sleep(0.05)
    said = log.read_text() if log.exists() else "(nothing)"
    raise RuntimeError(f"Postfix did not start; its log:\n{said}")
