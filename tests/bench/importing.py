"""An import of a million people, beside the same file read and inserted into one bare table."""

import csv
import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import psycopg
from sqlalchemy import func, select

from campaign.db import db
from campaign.people.models import Consent, Person, Subscription
from tests.bench.programs import Figure
from tests.drills.private import Private, private_on

PEOPLE = 1_000_000
_BLOCK = 5000
# What it takes by then it should not exceed by much later, however long the file.
_EARLY = 15.0
_CITIES = [
    ("GB", "London"), ("DE", "München"), ("FR", "Saint-Étienne"), ("US", "New York"),
    ("KE", "Nairobi"), ("IN", "Bombay"), ("BR", "São Paulo"), ("DE", "Nowhere"), ("JP", ""),
]  # fmt: skip


def imports(name: str, kind: str) -> list[Figure]:
    """Measure how many people a second are imported, and print the most memory it took."""
    with private_on(kind) as campaign:
        file = campaign.folder / "people.csv"
        _write(file)
        floor = _bare(file, campaign, kind)
        began = time.perf_counter()
        process = campaign.start(
            "people", "import", str(file),
            "--consent", "Send me the newsletter.", "--consent-source", "the measure",
        )  # fmt: skip
        most = _Watch(process.pid)
        status = process.wait()
        taken = time.perf_counter() - began
        if status:
            raise ValueError(f"the import ended with {status}: {campaign.log.read_text()[-500:]}")
        with campaign.app.app_context():
            people, subscribed, consents = (
                db.session.scalar(select(func.count()).select_from(model))
                for model in (Person, Subscription, Consent)
            )
        print(
            f"  {name}: {people} people, {subscribed} subscriptions, {consents} consents in "
            f"{taken:.0f} s, of which {most.processor:.0f} s of processor time; "
            f"at most {most.most / 1024:.0f} MB, {most.early / 1024:.0f} MB within {_EARLY:.0f} s; "
            f"{file.stat().st_size / 1e6:.0f} MB of CSV; bare rows in {PEOPLE / floor:.0f} s"
        )
    return [Figure(name, PEOPLE / taken, "people/s", floor)]


def _write(file: Path) -> None:
    """Write a file as organisers have it: mixed addresses, some twice, some broken."""
    chance = random.Random(2027)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["email", "name", "country", "city", "language", "newsletter", "tags"])
        local = "first"
        for number in range(PEOPLE):
            country, city = chance.choice(_CITIES)
            # Their order is no order of the alphabet, or an index would have it easy.
            if number % 97:
                local = f"{chance.randrange(16**8):08x}.{number}"
            address = f"{local}@example.org" if number % 1013 else "nobody"
            writer.writerow([
                address, f"Zoë Reader {number}", country, city,
                chance.choice(["en", "de", ""]), "yes" if number % 10 else "", f"list {number % 7}",
            ])  # fmt: skip


class _Watch:
    """How much memory and processor time a process takes, looked at while it runs."""

    def __init__(self, pid: int) -> None:
        self.most = self.early = 0
        self.processor = 0.0
        self._place = Path(f"/proc/{pid}")
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        began = time.monotonic()
        while True:
            try:
                status = (self._place / "status").read_text()
                times = (self._place / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                return
            said = [line for line in status.splitlines() if line.startswith("VmHWM")]
            if not said:
                return
            self.most = int(said[0].split()[1])
            self.processor = (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")
            if time.monotonic() - began < _EARLY:
                self.early = self.most
            time.sleep(0.2)


def _bare(file: Path, campaign: Private, kind: str) -> float:
    """Read the file with `csv` and insert its rows as they are; give rows a second."""
    began = time.perf_counter()
    insert = _into_sqlite if kind == "sqlite" else _into_postgresql
    insert(campaign, _blocks(file))
    return PEOPLE / (time.perf_counter() - began)


def _blocks(file: Path) -> Iterator[list[list[str]]]:
    with file.open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream)
        next(rows)
        while block := list(islice(rows, _BLOCK)):
            yield block


_TABLE = (
    "CREATE TABLE bare (email text, name text, country text, city text, language text, "
    "newsletter text, tags text)"
)


def _into_sqlite(campaign: Private, blocks: Iterator[list[list[str]]]) -> None:
    connection = sqlite3.connect(campaign.folder / "bare.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode=wal")
    connection.execute(_TABLE)
    for block in blocks:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO bare VALUES (?, ?, ?, ?, ?, ?, ?)", block)
        connection.execute("COMMIT")
    connection.close()


def _into_postgresql(campaign: Private, blocks: Iterator[list[list[str]]]) -> None:
    with campaign.app.app_context():
        url = db.engine.url.render_as_string(hide_password=False)
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute(_TABLE)
        connection.commit()
        for block in blocks:
            with connection.cursor().copy("COPY bare FROM STDIN") as copy:
                for row in block:
                    copy.write_row(row)
            connection.commit()
        connection.execute("DROP TABLE bare")
