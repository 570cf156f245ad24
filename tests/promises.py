"""What is promised to the outside by name, and which of it is not there yet.

Bookmarks, programs and scripts of operators rely on these names. `ABSENT` is what README's
"Not yet" lists: what comes into being must go from it, or `tests/test_promises.py` fails.
"""

from typing import NamedTuple

COMMANDS = """
    run, serve, web, worker, migrate, starter, organiser add, pages import, pages export,
    people import, people export, posts import, posts export, outbox status, outbox retry, inbound,
    events import, events pull, mail test, backup, restore, move, doctor, forget, --version
"""

SETTINGS = """
    SECRET_KEY, BASE_URL, NAME, DATABASE_URL, QUEUE_URL, MAIL_SERVER, MAIL_PORT, MAIL_USERNAME,
    MAIL_PASSWORD, MAIL_USE_TLS, MAIL_USE_SSL, MAIL_DOMAIN, MAIL_SENDER, MAIL_RATE, LANGUAGES,
    TIMEZONE, TRUSTED_PROXIES, MARK, SIGNAL_COLOUR, INSTANCE, TOPICS, WEB_WORKERS, CLIENT_CAP,
    MAIL_DOMAIN_RATE, MAIL_CONNECTIONS, MAIL_THREADS, MAIL_CA_FILE, INBOUND_PORT,
    INBOUND_IMAP_SERVER, NEWSLETTER_SEEDS, NEWSLETTER_APPROVAL, DATA_KEY
"""

# As the URL map writes them.
ADDRESSES = """
    /, /news, /news/feed.xml, /events, /events/<slug>, /events/<slug>.ics, /events.ics,
    /actions/<slug>, /actions/<slug>.ics, /events/<slug>/sign-up, /events/propose, /host/<token>,
    /place/<token>, /newsletter, /newsletter/subscribe, /newsletter/issues/<slug>,
    /newsletter/issues/<slug>/<language>, /newsletter/feed.xml, /newsletter/embed,
    /newsletter/subscribe-from, /newsletter/images/<name>, /preferences/<token>, /write,
    /write/<country>, /sign, /petitions/<slug>, /petitions/<slug>/chain.json,
    /petitions/<slug>/count.json, /summits, /summits/<slug>, /posts/<token>, /me,
    /confirm/<token>, /unsubscribe/<token>, /not-me/<token>, /office/, /search, /sitemap.xml,
    /robots.txt, /llms.txt, /theme.css, /mark.svg, /health/live, /health/ready, /metrics, /mailbox
"""

# Pages of the starter, by their path.
PAGES = "proposal, summit, risks, xrisk, urgency, learn, 2024-may, privacy"


class Absent(NamedTuple):
    """One thing that is promised and not there, in README's words, and what would show that it is.

    Commands, settings and addresses by their names; `code` is a pattern that the house would hold,
    `files` a pattern of files.
    """

    what: str
    commands: str = ""
    settings: str = ""
    addresses: str = ""
    code: str = ""
    files: str = ""


ABSENT = [
    Absent(
        "signatures under the proposal",
        addresses="/sign, /petitions/<slug>, /petitions/<slug>/chain.json, "
        "/petitions/<slug>/count.json",
    ),
    Absent("a page for supporters with all their data", addresses="/me"),
    Absent("a page for each sign-up", addresses="/place/<token>"),
    Absent("events proposed by supporters", addresses="/events/propose, /host/<token>"),
    Absent("events from other calendars", commands="events import, events pull"),
    Absent("events in a series", code=r"args\.get\(\"series\""),
    Absent("waiting lists", code=r"(?i)waiting.?list"),
    Absent("reminders before an event", code=r"kind\(\"(?:event|sign-up)-reminder"),
    Absent("pacing of letters", code=r"LETTERS?_(?:RATE|PACE)|LETTERS_A_DAY"),
    Absent("a page for the offices that get letters", addresses="/posts/<token>"),
    Absent("an API", addresses="/api/v2, /llms.txt"),
    Absent("pages and the letter’s words edited in the browser", files="campaign/pages/office.py"),
    Absent("settings changed in the office", addresses="/office/settings"),
    Absent("back-up and restoring by one command", commands="backup, restore"),
    Absent("the move to PostgreSQL by one command", commands="move"),
    Absent("a version to ask the program for", commands="--version"),
    Absent("a check of settings and relay by one command", commands="doctor, mail test"),
    Absent("sensitive fields encrypted in the database", settings="DATA_KEY"),
    Absent("figures for a monitor", addresses="/metrics"),
    Absent("passkeys", code=r"(?i)passkey|webauthn"),
    Absent("an address for each language", code=r"<(?:any\([^>]*\)|language):language>"),
    Absent(
        "the interface in other languages than English", files="translations/*/LC_MESSAGES/*.mo"
    ),
]


def names(words: str) -> list[str]:
    """List what a text names, with commas between."""
    return [name.strip() for name in words.split(",") if name.strip()]
