"""A segment over a million counted, beside a bare count of the same rows."""

import time
from typing import Any

from sqlalchemy import func, select, text

from campaign import clock
from campaign.db import db
from campaign.people.models import Purpose, Subscription
from campaign.places import cities
from campaign.segments.queries import size_of_audience
from tests.bench.programs import Figure, rounds
from tests.drills.private import private_on

PEOPLE = 1_000_000
SUPPRESSED = 5_000
NEWS = Purpose.NEWSLETTER
_COUNTRIES = ("DE", "DE", "DE", "FR", "GB", "US", "US", "NL", "KE", "IN")
_LANGUAGES = ("de", "en", "fr", "en", "en", "es", "de")
_CITIES = (
    ("DE", "Berlin"), ("DE", "Potsdam"), ("DE", "Hamburg"), ("FR", "Paris"), ("GB", "London"),
    ("US", "New York"), ("US", "Boston"), ("NL", "Utrecht"), ("KE", "Nairobi"), ("IN", "Pune"),
)  # fmt: skip

_GERMAN: dict[str, Any] = {"is": "country", "in": ["DE", "FR"]}
_READS: dict[str, Any] = {"is": "language", "in": ["de"]}
_DONOR = {"is": "tag", "tag": "donor"}
_VOLUNTEER = {"is": "tag", "tag": "volunteer"}
_SIGNED_UP = {"is": "signed-up"}
RULES: dict[str, dict[str, Any]] = {
    "everyone": {},
    "country": _GERMAN,
    "country, language, not tag": {"all": [_GERMAN, _READS, {"not": _VOLUNTEER}]},
    "within 50 km": {"is": "city", "city": "Berlin", "country": "DE", "km": 50},
    "signed up": _SIGNED_UP,
    "joined lately": {"is": "joined", "days": 90},
    "and, or, not": {
        "all": [{"any": [_GERMAN, _SIGNED_UP, _DONOR]}, {"not": {"any": [_VOLUNTEER, _READS]}}]
    },
}


def segments(name: str, kind: str) -> list[Figure]:
    """Measure how many segments a second are counted, and print how long each takes."""
    with private_on(kind) as campaign, campaign.app.test_request_context():
        _fill()
        times: dict[str, list[float]] = {what: [] for what in RULES}

        def ours() -> float:
            for what, rule in RULES.items():
                times[what].append(_time_of(rule))
            return len(RULES) / sum(seconds[-1] for seconds in times.values())

        taken = rounds(ours=ours, floor=_bare)
        for what, rule in RULES.items():
            number = size_of_audience(NEWS, rule=rule, now=clock.now())
            took = " ".join(f"{seconds * 1000:.0f}" for seconds in times[what])
            print(f"  {name}: {what}: {number} people in {took} ms")
        db.session.rollback()
    return [Figure(name, taken["ours"], "counts/s", taken["floor"])]


def _time_of(rule: dict[str, Any]) -> float:
    began = time.perf_counter()
    size_of_audience(NEWS, rule=rule, now=clock.now())
    took = time.perf_counter() - began
    db.session.rollback()
    return took


def _bare() -> float:
    began = time.perf_counter()
    db.session.scalar(select(func.count()).select_from(Subscription))
    took = time.perf_counter() - began
    db.session.rollback()
    return 1 / took


def _one_of(values: tuple[Any, ...], *, divided: int = 1) -> str:
    cases = " ".join(f"WHEN {n} THEN {value!r}" for n, value in enumerate(values))
    return f"CASE (n / {divided}) % {len(values)} {cases} END"


def _fill() -> None:
    """Let a million people subscribe, in statements of the database's own."""
    is_postgresql = db.engine.dialect.name == "postgresql"
    if is_postgresql:
        numbers, series = "", f"generate_series(1, {PEOPLE}) AS s(n)"
        digest, then = "md5(n::text) || md5('x' || n)", "now() - (n % 700) * interval '1 day'"
    else:
        numbers = (
            f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {PEOPLE}) "
        )
        series, digest = "s", "printf('%032x%032x', n * 2654435761, n)"
        then = "strftime('%Y-%m-%d %H:%M:%S.000000', 'now', '-' || (n % 700) || ' days')"
    found = [cities.find(city, country) for country, city in _CITIES]
    ids = tuple(city.id for city in found if city)
    for statement in (
        "INSERT INTO person (id, email, name, country, language, city, city_id, timezone, "
        "address_hash, confirmed_at, remembered_at) "
        f"SELECT n, 'reader' || n || '@example.net', 'Reader ' || n, {_one_of(_COUNTRIES)}, "
        f"{_one_of(_LANGUAGES)}, 'City', {_one_of(ids)}, 'UTC', {digest}, {then}, {then} "
        f"FROM {series}",
        "INSERT INTO person_subscription (person_id, purpose, asked_at, confirmed_at, rhythm) "
        f"SELECT n, 'newsletter', {then}, {then}, 'all' FROM {series}",
        f"INSERT INTO person_tag (tag, person_id) SELECT 'donor', n FROM {series} WHERE n % 2 = 0",
        "INSERT INTO person_tag (tag, person_id) SELECT 'volunteer', n "
        f"FROM {series} WHERE n % 10 = 0",
        "INSERT INTO outbox_suppression (address_hash, reason, evidence, since) "
        f"SELECT {digest}, 'bounce', '', {then} FROM {series} WHERE n % {PEOPLE // SUPPRESSED} = 0",
        "INSERT INTO event (id, slug, uid, title, city, country, zone, starts_on, venue, address, "
        "description, bring, access, host, languages, is_example, sequence, erased_seats, "
        "revised_at, created_at) "
        "SELECT n, 'e' || n, 'u' || n, 'March', 'Berlin', 'DE', 'UTC', '2027-05-13', '', '', '', "
        f"'', '', '', '[]', false, 0, 0, {then}, {then} FROM {series} WHERE n <= 100",
        "INSERT INTO sign_up (event_id, person_id, guests, token, signed_up_at, revisions, "
        f"notified_sequence, stamped_at) SELECT 1 + n % 100, n, 0, 't' || n, {then}, 0, 0, {then} "
        f"FROM {series} WHERE n % 12 = 0",
    ):
        # What a colon begins here is no parameter.
        db.session.execute(text((numbers + statement).replace(":", r"\:")))
    db.session.commit()
    if is_postgresql:
        # In life its own housekeeper does so within a minute.
        db.session.execute(text("ANALYZE"))
        db.session.commit()
