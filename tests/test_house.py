"""The laws of the house that no import contract can hold (docs/developers/house.md)."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import grimp
import pytest
from flask import Flask
from sqlalchemy import ForeignKey

from campaign.app import DOORSTEP, PUBLIC
from campaign.db import db
from campaign.organisers.models import Role
from campaign.outbox.kinds import known
from tests import not_yet
from tests.not_yet import but_for
from tests.visitor import Visitor

HOUSE = Path(__file__).parent.parent / "campaign"
TEMPLATES = HOUSE.parent / "templates"
MODULES = sorted(HOUSE.rglob("*.py"))
DOORS = {"views.py", "office.py", "cli.py", "duties.py"}
DESKS = {"front", "office"}
# The plan of a room, from the top: each file knows those below it.
ORDER = ("office views cli", "forms", "duties", "verbs", "queries", "mails", "models", "policy")
PLAN = {"__init__", *" ".join(ORDER).split()}
# Where a second noun, or a craft that is tied to one, stands in the plan of its room: from the
# top, all of them above one file; with nothing but a space between, neither knows the other.
SECOND_NOUNS: dict[str, dict[str, str]] = {
    "events": {"verbs": "event_mails changes > sign_ups", "queries": "actions feeds"},
    "events/sign_ups": {"verbs": "rsvps > asks"},
    "imports": {"verbs": "chunks"},
    "inbound": {"queries": "bounces"},
    "letters": {"verbs": "asks", "models": "tallies"},
    "mailings": {"verbs": "running planning > ab_tests", "queries": "report"},
    "newsletter": {
        "verbs": (
            "embeds > subscribers > automations > drafts > approvals versions previews > seeds "
            "> check_page"
        ),
        "models": "images",
    },
    # What an automation says, beside when and to whom it goes.
    "newsletter/automations": {"office views cli": "texts"},
    "outbox": {
        "verbs": "hard_bounces",
        "queries": "suppressions throttles timings caps mail_texts",
    },
    "outbox/hard_bounces": {"queries": "causes"},
    "people": {"verbs": "asks > subscriptions"},
}
# What else a file of a room may be called: a craft's name is its own.
CRAFTS: dict[str, set[str]] = {
    "attribution": {"codes", "links"},
    "content_checks": {"content_lint", "link_checker", "slips"},
    "counts": {"registry", "triggers"},
    "delivery": {
        "building",
        "claiming",
        "journal",
        "mail_server",
        "mailbox",
        "personalisation",
        "positions",
        "sentinels",
        "processes",
        "recovering",
        "relay",
        "replies",
        "retries",
        "settling",
        "smtp_connection",
        "stopwatch",
        "worker",
    },
    "events": {
        "calendar",
        "cards",
        "details",
        "external_links",
        "findable",
        "list_pages",
        "place_search",
        "starter",
        "world_map",
        "zones",
    },
    "events/actions": set(),
    "events/changes": set(),
    "events/event_mails": {"fields", "mailing"},
    "events/feeds": {"kept_entries"},
    "events/sign_ups": {"segments"},
    "events/sign_ups/asks": set(),
    "events/sign_ups/rsvps": set(),
    "front": {
        "at_hand",
        "compression",
        "errors",
        "guards",
        "http",
        "http_headers",
        "kept_page",
        "navigation",
        "page_cache",
        "search",
        "sitemap",
        "varying",
    },
    "imports": {"addresses", "csv_files", "formats", "rows", "statuses", "words"},
    "imports/chunks": {"cutting"},
    "inbound": {
        "addressing",
        "automatic",
        "calendar_replies",
        "delivery_reports",
        "guesses",
        "lmtp",
        "opening",
        "polling",
        "reading",
        "worker",
    },
    "inbound/bounces": set(),
    "letters": {"composing", "segments"},
    "letters/asks": set(),
    "letters/tallies": set(),
    "mailings": {
        "audience",
        "content",
        "fields",
        "merge_checks",
        "readiness",
        "rendering",
        "states",
    },
    "mailings/ab_tests": {"comparison"},
    "mailings/planning": set(),
    "mailings/report": {"progress"},
    "mailings/running": set(),
    "newsletter": {"fields", "findable", "mailing", "starter"},
    "newsletter/approvals": set(),
    "newsletter/automations": {"catalogue"},
    "newsletter/automations/texts": set(),
    "newsletter/check_page": set(),
    "newsletter/drafts": set(),
    "newsletter/embeds": set(),
    "newsletter/images": {"pictures"},
    "newsletter/previews": {"modes"},
    "newsletter/seeds": set(),
    "newsletter/subscribers": {"masked_addresses"},
    "newsletter/versions": {"differences"},
    "office": set(),
    "organisers": set(),
    "outbox": {
        "calendar_lines",
        "fields",
        "filling",
        "kinds",
        "ledger",
        "mail",
        "mail_headers",
        "mailboxes",
        "masking",
        "placeholders",
    },
    "outbox/mail_texts": set(),
    "outbox/hard_bounces": {"bursts"},
    "outbox/hard_bounces/causes": set(),
    "outbox/caps": set(),
    "outbox/suppressions": set(),
    "outbox/throttles": set(),
    "outbox/timings": set(),
    "pages": {"files", "findable", "written_days"},
    "people": {"exports", "mail_links"},
    "people/asks": set(),
    "people/subscriptions": set(),
    "places": {"cities"},
    "search": {"findings", "folded_words", "following", "index", "misspellings"},
    "segments": {"builder", "conditions", "rules"},
    "starter": set(),
    "summits": {"posts_csv", "summits_yaml"},
    "verdicts": {"about_us", "gone", "judging", "passing", "phrases"},
}
GROUND = {
    "approval", "characters", "clients", "clock", "colours", "comments", "config", "days_and_hours",
    "db", "folding", "forms", "front_matter", "jobs", "languages", "linking", "logs", "markdown",
    "markup", "paging", "plain_text", "private_files", "public_revision", "refusals", "slugs",
    "spreadsheets", "sqlite_locks", "sqlite_turns", "tables", "templating", "tokens", "validators",
}  # fmt: skip
ROOF = {"__init__", "__main__", "app", "cli", "supervisor", "web_server"}


def place(module: Path) -> str:
    return str(module.relative_to(HOUSE.parent))


@cache
def tree(module: Path) -> ast.Module:
    """Read a module, once for all laws."""
    return ast.parse(module.read_text())


@cache
def nodes(module: Path) -> list[ast.AST]:
    """List all that stands in a module, once for all laws."""
    return list(ast.walk(tree(module)))


def calls(module: Path) -> Iterator[tuple[str, ast.Call]]:
    """Give every call of a module with the dotted name of what is called."""
    for node in nodes(module):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def is_door(module: Path) -> bool:
    room = module.relative_to(HOUSE).parts[0]
    return (
        module.parent == HOUSE or module.name in DOORS or room in DESKS or module.stem == "worker"
    )


def layers_of(room: str) -> list[set[str]]:
    """Give what stands in a room, from the top: its files, and its second nouns between them."""
    nouns = SECOND_NOUNS.get(room, {})
    floors = [floor for name in ORDER for floor in [*nouns.get(name, "").split(" > "), name]]
    return [set(floor.split()) for floor in floors if floor]


def test_law_1_an_import_goes_down_the_plan_inside_a_room() -> None:
    graph = grimp.build_graph("campaign", cache_dir=None)
    # A second noun's doors and verbs stand where the plan says; its tables are beneath them all.
    for module in sorted(graph.modules):
        for imported in graph.find_modules_directly_imported_by(module):
            if imported.endswith(".models") and not imported.startswith(f"{module}."):
                graph.remove_import(importer=module, imported=imported)
    wrong = [
        f"{chain.importer} -> {chain.imported}"
        for room in CRAFTS
        for chain in graph.find_illegal_dependencies_for_layers(
            layers=layers_of(room), containers={f"campaign.{room.replace('/', '.')}"}
        )
    ]

    assert wrong == [], "law 1: down the plan inside a room"


def test_law_1_every_second_noun_has_its_place_in_the_plan() -> None:
    nouns = {room for room in CRAFTS if "/" in room}
    placed = {
        f"{room}/{name}"
        for room in SECOND_NOUNS
        for floor in layers_of(room)
        for name in floor - PLAN
    }
    there = {place(module.parent) for module in MODULES} | {place(module) for module in MODULES}

    assert nouns - placed == set(), "law 1: say where it stands, in SECOND_NOUNS"
    assert [
        name for name in placed if not {f"campaign/{name}", f"campaign/{name}.py"} & there
    ] == []


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
        for node in nodes(module):
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


# The ground through which everybody may be told of a setting: what language, which zone, whose key,
# whether a colleague approves.
WAYS_TO_SETTINGS = {"approval", "clients", "languages", "tables", "templating", "tokens"}


def test_law_4_only_doors_look_at_the_settings() -> None:
    wrong = {
        place(module)
        for module in MODULES
        if not is_door(module) or module.parent == HOUSE
        if module.stem not in ROOF | WAYS_TO_SETTINGS or module.parent != HOUSE
        for node in nodes(module)
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "current_app.config"
    }

    assert but_for(not_yet.SETTINGS, wrong) == [], "law 4: everyone but doors is told"


def test_law_4_only_the_jobs_know_when_to_stop() -> None:
    kept = [
        f"{place(module)}:{call.lineno}"
        for module in MODULES
        if module.name != "jobs.py"
        for name, call in calls(module)
        if name in {"threading.Event", "multiprocessing.Event"}
    ]
    copied = [
        f"{place(module)}:{node.lineno}"
        for module in MODULES
        for node in nodes(module)
        if isinstance(node, ast.ImportFrom)
        and node.module == "campaign.jobs"
        and "stopping" in {alias.name for alias in node.names}
    ]

    assert kept == [], "the flag that stops a worker lives in jobs"
    assert copied == [], "a worker sets the flag of its own, which an imported name would not see"


def test_law_2_no_room_compares_a_role_by_a_bare_string() -> None:
    roles = {role.value for role in Role}
    wrong = {
        place(module)
        for module in MODULES
        if module.parts[len(HOUSE.parts)] != "organisers"
        for node in nodes(module)
        if isinstance(node, ast.Compare | ast.MatchValue)
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and part.value in roles
    }
    compared = re.compile(rf"""(?:[!=]=|\bin) *[\[({{]*["'](?:{"|".join(roles)})["']""")
    wrong |= {
        str(page.relative_to(HOUSE.parent))
        for page in TEMPLATES.rglob("*")
        if page.is_file() and compared.search(page.read_text())
    }

    assert but_for(not_yet.ROLES, wrong) == [], "law 2: what a role may is asked of organisers"


def test_law_5_nobody_but_the_delivery_speaks_to_a_mail_server() -> None:
    wrong = [
        f"{place(module)}:{node.lineno}"
        for module in MODULES
        if module.parent.name != "delivery"
        for node in nodes(module)
        if (isinstance(node, ast.ImportFrom) and node.module in {"smtplib", "flask_mail"})
        or (
            isinstance(node, ast.Import)
            and {alias.name for alias in node.names} & {"smtplib", "flask_mail"}
        )
    ]

    assert wrong == [], "law 5: a mail is a row"


def test_law_5_every_mail_is_of_a_kind_that_its_room_registered() -> None:
    """The types hold the rest: a mail's kind is a `Kind`, and `kind()` alone makes one."""
    registered = {
        call.args[0].value: place(module)
        for module in MODULES
        for name, call in calls(module)
        if name == "kind" and isinstance(call.args[0], ast.Constant)
    }
    made = [
        f"{place(module)}:{call.lineno}"
        for module in MODULES
        if place(module) != "campaign/outbox/kinds.py"
        for name, call in calls(module)
        if name in {"Kind", "kinds.Kind"}
    ]
    elsewhere = [
        f"{place(module)}:{node.lineno} {node.value!r}"
        for module in MODULES
        for node in nodes(module)
        if isinstance(node, ast.Constant)
        # One word alone is also a word of other things.
        and "-" in str(node.value)
        and registered.get(node.value, place(module)) != place(module)
    ]

    assert registered.keys() <= set(known())
    assert {Path(module).name for module in registered.values()} == {"mails.py"}
    assert made == [], "law 5: a kind of mail is made by `kind`"
    assert elsewhere == [], "law 5: a kind of mail is named where its room registers it"


# What any room may have, for the same thing.
OF_ANY_ROOM = {"fields", "findable", "mailing", "segments", "starter", "worker"}


def test_a_name_stands_once_in_the_house() -> None:
    """Who looks for a thing by its name finds one file, and not the same word in another room."""
    names = Counter(
        module.stem
        for module in MODULES
        if module.stem not in PLAN | OF_ANY_ROOM | {"__main__", "app"}
    )

    assert [name for name, number in names.items() if number > 1] == [], "say which of the two"


# Times that are not for a campaign to choose: of a craft, or of the nature of the thing.
NO_POLICY = {
    "campaign/events/cards.py": "what the card's own words call a month",
    "campaign/events/queries.py": "how far apart the clocks of the world are",
    "campaign/pages/verbs.py": "the smallest step of a clock",
    "campaign/newsletter/automations/queries.py": "what may be unsaved while a sweep looks",
    "campaign/inbound/cli.py": "what sysexits.h says",
    "campaign/office/queries.py": "a week has seven days",
}
# A number whose name says for how long, or in how long a time.
OF_A_TIME = re.compile(r"_(A_DAY|AN_HOUR|A_MONTH|IN_\d+_DAYS|DAYS|HOURS)$")
# One number or some. Where all look for questions, deeds and doors, nobody looks for numbers; those
# of a craft stay with it, and the widths of columns with their tables.
NUMBERS = re.compile(r"[\d.]+( \*+ [\d.]+)*|\([\d., *]+\)")
WITHOUT_NUMBERS = PLAN - {"policy", "models"}


def constants(module: Path) -> Iterator[tuple[str, str]]:
    """Give the names a module sets once and for all, each with what it is set to."""
    for node in tree(module).body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield ast.unparse(target), ast.unparse(node.value)
        elif isinstance(node, ast.AnnAssign) and node.value:
            yield ast.unparse(node.target), ast.unparse(node.value)


def test_what_a_campaign_may_want_otherwise_stands_in_the_policy_of_its_room() -> None:
    timed = {
        (place(module), name)
        for module in MODULES
        if module.parent != HOUSE and module.name != "policy.py"
        for name, value in constants(module)
        if value.startswith("timedelta(")
        or re.search(r"\[timedelta\(", value)
        or (OF_A_TIME.search(name) and re.match(r"[\d.]", value))
        or (
            module.stem in WITHOUT_NUMBERS
            and not name.lstrip("(").startswith("_")
            and NUMBERS.fullmatch(value)
        )
    }

    assert sorted(one for one in timed if one[0] not in NO_POLICY) == [], "into policy.py"
    assert NO_POLICY.keys() - {module for module, _name in timed} == set(), "no longer needed"


def test_a_room_has_one_policy_which_stands_under_all_the_rest() -> None:
    policies = [module for module in MODULES if module.name == "policy.py"]
    nested = [place(module) for module in policies if module.parent.parent != HOUSE]
    knowing = [
        f"{place(module)}: {name}"
        for module in policies
        for node in nodes(module)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [ast.unparse(node)]
        if "campaign" in name
    ]

    assert policies
    assert nested == [], "a second noun's numbers stand in the policy of its room"
    assert knowing == [], "a policy knows nothing but numbers"


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
    said = ast.get_docstring(tree(module)) or ""

    first = said.split("\n\n")[0]
    assert first.endswith("."), "every module opens with one sentence that says what it is"


MOST_LINES, MOST_WITHOUT_A_REASON, MOST_OF_A_FUNCTION, MOST_OF_A_ROOM = 400, 300, 60, 3000
# How a module of more than three hundred lines says why it is not two.
REASON = "Long, for"


def lines(module: Path) -> int:
    return len(module.read_text().splitlines())


def test_no_file_is_large_and_a_long_one_says_why() -> None:
    large = {place(module) for module in MODULES if lines(module) > MOST_LINES}
    long = {
        place(module)
        for module in MODULES
        if lines(module) > MOST_WITHOUT_A_REASON
        and REASON not in (ast.get_docstring(tree(module)) or "")
    }

    assert but_for(not_yet.LARGE_FILES, large) == [], f"no file over {MOST_LINES} lines"
    assert but_for(not_yet.LONG_FILES, long) == [], (
        f"a file over {MOST_WITHOUT_A_REASON} lines says why in its docstring: “{REASON} …”"
    )


def test_no_function_is_long() -> None:
    long = {
        f"{place(module)}::{node.name}"
        for module in MODULES
        for node in nodes(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= MOST_OF_A_FUNCTION
    }

    assert but_for(not_yet.LONG_FUNCTIONS, long) == [], (
        f"no function over {MOST_OF_A_FUNCTION} lines: one thought, one function"
    )


def test_no_room_is_a_house() -> None:
    """A second noun with models of its own is counted for itself."""
    size: Counter[str] = Counter()
    for module in MODULES:
        room = module.parent
        while room.parent not in {HOUSE, HOUSE.parent} and not (room / "models.py").exists():
            room = room.parent
        if room != HOUSE:
            size[place(room)] += lines(module)

    large = {room for room, number in size.items() if number > MOST_OF_A_ROOM}
    assert but_for(not_yet.LARGE_ROOMS, large) == [], f"no room over {MOST_OF_A_ROOM} lines"


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
