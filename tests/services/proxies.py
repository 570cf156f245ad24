"""The proxies that operators are told to put in front, with the very lines of the guide."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from campaign.config import ROOT
from tests.services.programs import HERE, free_port, missing, program, wait_for_port

GUIDE = ROOT / "docs" / "operators" / "one-server.md"


@contextmanager
def proxy(name: str, *, to: int) -> Iterator[int]:
    """Run nginx or Caddy in front of a port, or nothing where it is `direct`; give its port."""
    if name == "direct":
        yield to
        return
    path = program(name)
    assert path is not None, missing(name)
    folder = Path(tempfile.mkdtemp(prefix=f"campaign-{name}-"))
    port = free_port()
    file = folder / "settings"
    if name == "nginx":
        file.write_text(_nginx(folder, port, to))
        command = [path, "-c", str(file), "-p", str(folder), "-e", str(folder / "log")]
    else:
        file.write_text(_caddy(port, to))
        command = [path, "run", "--config", str(file), "--adapter", "caddyfile"]
    own = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    process: subprocess.Popen[bytes] | None = None
    try:
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(
                command, env=own, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_for_port(port, process, folder / "log")
        yield port
    finally:
        if process is not None:
            process.terminate()
            process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def guided(language: str, begin: str) -> str:
    """Give the lines of the guide in a block that holds some words."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    found = [block for spoken, block in blocks if spoken == language and begin in block]
    assert len(found) == 1, f"{begin!r} stands in {len(found)} blocks of {GUIDE}"
    return str(found[0])


def _caddy(port: int, to: int) -> str:
    text = guided("", "reverse_proxy")
    own = "{\n    admin off\n    auto_https off\n"
    assert text.startswith("{\n"), text
    text = text.replace("{\n", own, 1).replace("campaign.example {", f"http://{HERE}:{port} {{")
    return text.replace(f"{HERE}:8000", f"{HERE}:{to}")


def _nginx(folder: Path, port: int, to: int) -> str:
    """Give the guide's first server without TLS, in the frame that Debian has around it."""
    text = guided("nginx", "proxy_pass")
    server = text[: text.index("server {", text.index("server {") + 1)]
    server = re.sub(r"^ *(listen \[|ssl_certificate).*\n", "", server, flags=re.MULTILINE)
    server = server.replace("listen 443 ssl;", f"listen {HERE}:{port};")
    server = server.replace(f"{HERE}:8000", f"{HERE}:{to}")
    server = server.replace("/var/cache/nginx", str(folder))
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.geteuid() == 0 else ""
    return (
        f"daemon off;\n{user}worker_processes auto;\npid {folder}/pid;\n"
        "events { worker_connections 768; }\n"
        f"http {{\nsendfile on;\ntcp_nopush on;\n{places}{server}}}\n"
    )
