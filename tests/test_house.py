"""The laws of the house that no import contract can hold (docs/developers/house.md)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import ForeignKey

from campaign.app import DOORSTEP, PUBLIC
from campaign.db import db
from tests.visitor import Visitor

HOUSE = Path(__file__).parent.parent / "campaign"
MODULES = sorted(HOUSE.rglob("*.py"))
DOORS = {"views.py", "office.py", "cli.py", "duties.py"}
DESKS = {"front", "office"}
# What a file of a room may be called; a craft's name is its own and is listed here with its room.
PLAN = {"__init__", "models", "mails", "queries", "verbs", "duties", "forms", *(
    "views", "office", "cli",
)}  # fmt: skip
CRAFTS: dict[str, set[str]] = {
    "attribution": {"codes", "links"},
    "delivery": {
        "building",
        "claiming",
        "journal",
        "mail_server",
        "mailbox",
        "personalisation",
        "processes",
        "recovering",
        "relay",
        "replies",
        "retries",
        "settling",
        "smtp_connection",
        "worker",
    },
    "events": {"calendar", "cards", "links", "segments", "starter", "world", "zones"},
    "events/asks": set(),
    "events/sign_ups": set(),
    "front": {"errors", "http", "navigation", "search"},
    "imports": {"formats", "reading", "rows", "statuses"},
    "imports/chunks": {"cutting"},
    "inbound": {
        "addressing",
        "automatic",
        "calendar_replies",
        "guesses",
        "lmtp",
        "opening",
        "polling",
        "reading",
        "reports",
        "worker",
    },
    "inbound/bounces": set(),
    "letters": {"composing", "segments"},
    "newsletter": {"fields", "merge_checks", "rendering"},
    "newsletter/automations": {"catalogue"},
    "newsletter/checks": {"content_lint", "link_checker", "slips"},
    "newsletter/drafts": set(),
    "newsletter/images": {"pictures"},
    "newsletter/sendings": {"audience", "figures"},
    "newsletter/previews": {"looks"},
    "newsletter/subscribers": {"masking"},
    "newsletter/versions": {"differences"},
    "office": set(),
    "organisers": set(),
    "outbox": {"fields", "headers", "ledger", "mail", "masking"},
    "outbox/bounces": {"bursts"},
    "outbox/bounces/causes": set(),
    "outbox/caps": set(),
    "outbox/suppressions": set(),
    "outbox/throttles": set(),
    "pages": {"days", "files", "front_matter"},
    "people": {"exports", "links"},
    "places": {"cities"},
    "segments": {"building", "conditions", "rules"},
    "starter": set(),
    "summits": {"posts_csv", "summits_yaml"},
    "verdicts": {"about_us", "folding", "gone", "judging", "passing"},
}
GROUND = {
    "characters", "clients", "clock", "colours", "comments", "config", "days", "db", "folding",
    "forms", "jobs", "languages", "linking", "logs", "markup", "private_files", "refusals", "slugs",
    "tables", "templating", "tokens",
}  # fmt: skip
ROOF = {"__init__", "__main__", "app", "cli", "supervisor", "web_server"}


def place(module: Path) -> str:
    return str(module.relative_to(HOUSE.parent))


def calls(module: Path) -> Iterator[tuple[str, ast.Call]]:
    """Give every call of a module with the dotted name of what is called."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def is_door(module: Path) -> bool:
    room = module.relative_to(HOUSE).parts[0]
    return (
        module.parent == HOUSE or module.name in DOORS or room in DESKS or module.stem == "worker"
    )


def test_law_3_only_doors_commit() -> None:
    wrong = [
        f"{place(module)}:{call.lineno}"
        for module in MODULES
        if not is_door(module)
        for name, call in calls(module)
        if name in {"db.session.commit", "db.session.rollback"}
    ]

    assert wrong == [], "law 3: only doors commit"


# Of delivery's three nouns each has its verbs in a module of its own, named by what they do.
VERBS = {"verbs", "claiming", "settling", "recovering"}


def test_law_3_only_verbs_change_rows() -> None:
    changing = {"db.session.add", "db.session.add_all", "db.session.delete", "insert_missing"}
    statements = {"insert", "update", "delete", "db.insert", "db.update", "db.delete"}
    wrong = [
        f"{place(module)}:{call.lineno}"
        for module in MODULES
        if module.stem not in VERBS and module.name not in {"db.py", "jobs.py"}
        for name, call in calls(module)
        if name in changing | statements
    ]

    assert wrong == [], "law 3: only verbs change rows"


def test_law_4_only_doors_look_at_the_clock_the_request_and_the_session() -> None:
    wrong = []
    for module in MODULES:
        if is_door(module):
            continue
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.ImportFrom):
                names = {alias.name for alias in node.names}
                if (node.module == "campaign" and "clock" in names) or (
                    node.module == "flask" and names & {"request", "session", "g"}
                ):
                    wrong.append(f"{place(module)}:{node.lineno}")
        wrong += [
            f"{place(module)}:{call.lineno}"
            for name, call in calls(module)
            if name in {"datetime.now", "datetime.utcnow", "date.today", "time.time"}
        ]

    assert wrong == [], "law 4: only doors look at the world; everyone else is told"


def test_law_5_nobody_but_the_delivery_speaks_to_a_mail_server() -> None:
    wrong = [
        f"{place(module)}:{node.lineno}"
        for module in MODULES
        if module.parent.name != "delivery"
        for node in ast.walk(ast.parse(module.read_text()))
        if (isinstance(node, ast.ImportFrom) and node.module in {"smtplib", "flask_mail"})
        or (
            isinstance(node, ast.Import)
            and {alias.name for alias in node.names} & {"smtplib", "flask_mail"}
        )
    ]

    assert wrong == [], "law 5: a mail is a row"


def test_law_6_every_way_in_is_public_on_purpose_or_behind_the_guard(app: Flask) -> None:
    stranger = Visitor(app)
    app.config["WTF_CSRF_ENABLED"] = False  # a 400 would hide a missing guard
    try:
        open_doors = []
        for rule in app.url_map.iter_rules():
            blueprint = rule.endpoint.rpartition(".")[0]
            if rule.endpoint == "static" or blueprint in PUBLIC | DOORSTEP:
                continue
            path = rule.rule
            for argument in rule.arguments:
                converter = type(rule._converters[argument]).__name__
                value = "1" if converter == "IntegerConverter" else "some-thing"
                path = path.replace(
                    next(part for part in _parts(path) if part.endswith(f"{argument}>")), value
                )
            for method in (rule.methods or set()) & {"GET", "POST"}:
                answer = stranger.client.open(path, method=method)
                refused = (answer.status_code, answer.headers.get("Location", "")[:15])
                if refused not in {(303, "/office/sign-in"), (403, "")}:
                    open_doors.append((method, path, answer.status_code))
    finally:
        app.config["WTF_CSRF_ENABLED"] = True

    assert open_doors == [], "law 6: every way in is guarded by construction"


def _parts(path: str) -> list[str]:
    return [f"<{part.partition('>')[0]}>" for part in path.split("<")[1:]]


def test_law_7_every_foreign_key_says_what_happens_when_its_other_end_goes(app: Flask) -> None:
    silent = [
        f"{table.name}.{column.name}"
        for table in db.metadata.tables.values()
        for column in table.columns
        for key in column.foreign_keys
        if isinstance(key, ForeignKey) and key.ondelete is None
    ]

    assert silent == [], "law 7: every foreign key says what happens when its other end goes"


def test_law_8_the_house_is_exhaustive() -> None:
    strangers = []
    for module in MODULES:
        relative = module.relative_to(HOUSE)
        room = "/".join(relative.parts[:-1])
        if not room:
            known = GROUND | ROOF
        elif room in CRAFTS:
            known = PLAN | CRAFTS[room]
        else:
            known = set()
        if module.stem not in known:
            strangers.append(place(module))

    assert strangers == [], "law 8: a new file or folder is given its place in the plan"


@pytest.mark.parametrize("module", MODULES, ids=place)
def test_every_module_opens_with_one_sentence(module: Path) -> None:
    said = ast.get_docstring(ast.parse(module.read_text())) or ""

    first = said.split("\n\n")[0]
    assert first.endswith("."), "every module opens with one sentence that says what it is"


def test_law_9_get_changes_nothing(app: Flask, visitor: Visitor) -> None:
    """On SQLite a GET that writes fails; here every address without arguments is opened."""
    before = _rows(app)

    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.arguments:
            answer = visitor.open(rule.rule)
            # The tables of the tests are made without migrations, so it is rightly not ready.
            known = rule.endpoint == "front.ready"
            assert answer.status_code < 500 or known, (rule.rule, answer.status_code)

    assert _rows(app) == before, "law 9: GET changes nothing"


def _rows(app: Flask) -> dict[str, list[str]]:
    with app.app_context():
        return {
            table.name: sorted(map(repr, db.session.execute(table.select()).all()))
            for table in db.metadata.sorted_tables
        }
