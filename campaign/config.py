"""Settings: their names, types, defaults and checks, read once when the application starts.

Long, for every setting of the campaign stands here, once, with the words that say what it is for.
"""

import logging
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from xml.etree import ElementTree
from zoneinfo import available_timezones

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from campaign import colours

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "CAMPAIGN_"
LARGEST_MARK = 6_000
# What a drawing may not hold: a document type, other documents, what runs, what the CSP refuses.
_NOT_DRAWN = re.compile(
    r"<!(?!--)|<(?:script|style|foreignObject|image|use|a)\b|\s(?:on\w+|style|(?:\w+:)?href)\s*=",
    re.IGNORECASE,
)

log = logging.getLogger(__name__)


class WrongSetting(Exception):
    """A setting that stops the start; the message names it and says what it should be."""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("should be text")
    return value.strip()


def _whole(value: Any) -> int:
    try:
        return int(value) if not isinstance(value, bool) else int("no")
    except (TypeError, ValueError):
        raise ValueError("should be a whole number") from None


def _count(value: Any) -> int:
    number = _whole(value)
    if number < 0:
        raise ValueError("should not be below 0")
    return number


def _at_least_one(value: Any) -> int:
    number = _whole(value)
    if number < 1:
        raise ValueError("should be 1 or more")
    return number


def _port(value: Any) -> int:
    number = _whole(value)
    if not 1 <= number <= 65535:
        raise ValueError("should be between 1 and 65535")
    return number


def _port_if_any(value: Any) -> int:
    return 0 if _whole(value) == 0 else _port(value)


def _rate(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError("should be a number of messages a second") from None
    if not 0 <= number < float("inf"):
        raise ValueError("should be a number from 0 upwards")
    return number


def _switch(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in {"1", "true", "yes", "on"}:
        return True
    if word in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError("should be true or false")


def _secret(value: Any) -> str:
    secret = _text(value)
    if secret and len(secret) < 32:
        raise ValueError("should be at least 32 characters")
    return secret


def _base_url(value: Any) -> str:
    try:
        url = urlsplit(_text(value))
        is_whole = url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or url.query or url.fragment:
        raise ValueError("should be an address such as https://campaign.example")
    return f"{url.scheme}://{url.netloc}{url.path.rstrip('/')}"


def _database_url(value: Any) -> str:
    url = _text(value)
    if url and not url.startswith(("sqlite:///", "postgresql://", "postgres://")):
        raise ValueError("should begin with sqlite:/// or postgresql://")
    return _readable(url)


def _readable(url: str) -> str:
    try:
        if url:
            make_url(url)
    except (ArgumentError, ValueError):
        # Without its words: they would repeat the password.
        raise ValueError("should be like postgresql://user@host:5432/name") from None
    return url


def _domain(value: Any) -> str:
    domain = _text(value).lower()
    if domain and not re.fullmatch(r"[a-z0-9.-]{1,253}", domain):
        raise ValueError("should be a domain such as campaign.example")
    return domain


def _address(value: Any) -> str:
    address = _text(value)
    if address and not re.fullmatch(r"[^@\s<>,;:\"]+@[a-z0-9.-]+", address, re.IGNORECASE):
        raise ValueError("should be one e-mail address")
    return address


def _host(value: Any) -> str:
    host = _text(value)
    if host and not re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?", host):
        raise ValueError("should be a host such as imap.provider.example, or a host and a port")
    return host


def _zone(value: Any) -> str:
    zone = _text(value)
    if zone not in available_timezones():
        raise ValueError("should be a time zone such as Europe/London")
    return zone


def _languages(value: Any) -> list[str]:
    codes = value if isinstance(value, list) else re.split(r"[\s,]+", _text(value))
    codes = [str(code).strip() for code in codes if str(code).strip()]
    if not codes or not all(re.fullmatch(r"[a-z]{2,3}(_[A-Za-z]+)*", code) for code in codes):
        raise ValueError("should be language codes such as en,de,fr")
    return codes


def _words(value: Any) -> list[str]:
    words = value if isinstance(value, list) else _text(value).split(",")
    words = [" ".join(str(word).split()) for word in words]
    words = [word for word in words if word]
    if any(len(word) > 40 for word in words):
        raise ValueError("should be words of at most 40 characters, with commas between them")
    return list(dict.fromkeys(words))


def _addresses(value: Any) -> list[str]:
    written = value if isinstance(value, list) else re.split(r"[\s,]+", _text(value))
    return list(dict.fromkeys(_address(each).lower() for each in written if each))


class Setting(NamedTuple):
    """One setting: its default, how its value is read and checked, and what it is for."""

    default: Any
    read: Callable[[Any], Any]
    meaning: str


SETTINGS: dict[str, Setting] = {
    "SECRET_KEY": Setting("", _secret, "signs tokens and sessions; 32 characters or more"),
    "BASE_URL": Setting("http://127.0.0.1:8000", _base_url, "the public address, used in mails"),
    "NAME": Setting("Pause Frontier AI", _text, "the campaign's name"),
    "MARK": Setting("", _text, "the campaign's mark, an SVG file in the instance folder"),
    "SIGNAL_COLOUR": Setting("", colours.signal, "the campaign's colour, as #rrggbb"),
    "INSTANCE": Setting(str(ROOT / "instance"), _text, "folder of settings, SQLite and mailbox"),
    "DATABASE_URL": Setting("", _database_url, "empty: SQLite in the instance folder"),
    "QUEUE_URL": Setting("", _database_url, "where tasks wait; empty: beside the database"),
    "MAIL_SERVER": Setting("", _text, "the relay; empty: mail is written to instance/mailbox"),
    "MAIL_PORT": Setting(25, _port, "the relay's port"),
    "MAIL_USERNAME": Setting("", _text, "login at the relay"),
    "MAIL_PASSWORD": Setting("", _text, "login at the relay"),
    "MAIL_USE_TLS": Setting(False, _switch, "STARTTLS after connecting"),
    "MAIL_USE_SSL": Setting(False, _switch, "TLS from the first byte"),
    "MAIL_CA_FILE": Setting("", _text, "trust this certificate authority for the relay (PEM)"),
    "MAIL_DOMAIN": Setting("", _domain, "domain of our own addresses; empty: BASE_URL's host"),
    "MAIL_SENDER": Setting("", _address, "the From address; empty: hello@MAIL_DOMAIN"),
    "MAIL_RATE": Setting(0.0, _rate, "messages a second over all workers, 0 = no limit"),
    "MAIL_DOMAIN_RATE": Setting(
        0.0, _rate, "messages a second to any one recipient domain, 0 = no limit"
    ),
    "INBOUND_PORT": Setting(0, _port_if_any, "port of the LMTP server under `serve`; 0: none"),
    "INBOUND_IMAP_SERVER": Setting("", _host, "mailbox to fetch from, over TLS; empty: none"),
    "INBOUND_IMAP_USERNAME": Setting("", _text, "login at the mailbox"),
    "INBOUND_IMAP_PASSWORD": Setting("", _text, "login at the mailbox"),
    "INBOUND_IMAP_FOLDER": Setting("INBOX", _text, "folder of the mailbox"),
    "CLIENT_CAP": Setting(
        300, _count, "mails one connection may cause strangers an hour, 0 = no limit"
    ),
    "LANGUAGES": Setting(["en"], _languages, "languages offered, the first is the default"),
    "TOPICS": Setting([], _words, "topics of the newsletter that a subscriber may leave out"),
    "NEWSLETTER_SEEDS": Setting([], _addresses, "addresses that always get a test of an issue"),
    "NEWSLETTER_APPROVAL": Setting(False, _switch, "a colleague approves what goes to many"),
    "TIMEZONE": Setting("UTC", _zone, "zone in which the office reads its times"),
    "TRUSTED_PROXIES": Setting(0, _count, "how many reverse proxies stand before the server"),
    "PAGE_CACHE": Setting(32, _count, "megabytes of ready pages a web process keeps, 0 = none"),
    "WEB_WORKERS": Setting(0, _count, "web server processes, 0 = one a core, of two to eight"),
    "MAIL_THREADS": Setting(2, _at_least_one, "senders of one worker"),
    "MAIL_CONNECTIONS": Setting(5, _at_least_one, "connections of one sender to the relay"),
    "TESTING": Setting(False, _switch, "set by the test suite only"),
}


def load(given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Read every setting for the application: defaults, file, environment, then `given`.

    Returns checked values by name. Raises `WrongSetting` with one sentence naming the setting.
    """
    given = dict(given or {})
    environment = {
        name.removeprefix(PREFIX): value
        for name, value in os.environ.items()
        if name.startswith(PREFIX)
    }
    instance = given.get("INSTANCE") or environment.get("INSTANCE") or SETTINGS["INSTANCE"].default
    file = Path(instance) / "settings.toml"
    values: dict[str, Any] = {name: setting.default for name, setting in SETTINGS.items()}
    for source, entries in (
        (str(file), _from_file(file)),
        ("the environment", environment),
        ("create_app", given),
    ):
        for name, value in entries.items():
            if name not in SETTINGS:
                if source == "the environment":
                    # Other programs may use the prefix; a stray name is no reason not to start.
                    log.warning("%s%s is not a setting and is ignored", PREFIX, name)
                    continue
                raise WrongSetting(f"{name} in {source} is not a setting of this program.")
            try:
                values[name] = SETTINGS[name].read(value)
            except ValueError as trouble:
                raise WrongSetting(f"{name} in {source} {trouble}.") from None
    return _complete(values)


def _from_file(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            return {name.upper(): value for name, value in tomllib.load(stream).items()}
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as trouble:
        raise WrongSetting(f"{file} is not valid TOML: {trouble}.") from None
    except OSError as trouble:
        raise WrongSetting(f"{file} cannot be read: {trouble.strerror}.") from None


def _complete(values: dict[str, Any]) -> dict[str, Any]:
    if not values["SECRET_KEY"]:
        raise WrongSetting(
            "SECRET_KEY is not set: put a random one of 32 characters or more in "
            f"{PREFIX}SECRET_KEY or in settings.toml (`make run` makes one for you)."
        )
    if values["MAIL_USE_TLS"] and values["MAIL_USE_SSL"]:
        raise WrongSetting("MAIL_USE_TLS and MAIL_USE_SSL cannot both be true: choose one.")
    if values["MAIL_CA_FILE"] and not Path(values["MAIL_CA_FILE"]).is_file():
        raise WrongSetting("MAIL_CA_FILE does not name a file.")
    values["INSTANCE"] = str(Path(values["INSTANCE"]).resolve())
    _check_mark(values["MARK"], Path(values["INSTANCE"]))
    host = urlsplit(values["BASE_URL"]).hostname or "localhost"
    # An address needs a domain: a campaign tried out on 127.0.0.1 writes from a reserved one.
    own = host if re.search(r"[a-z]", host) and "." in host else "campaign.example"
    values["MAIL_DOMAIN"] = values["MAIL_DOMAIN"] or own
    values["MAIL_SENDER"] = values["MAIL_SENDER"] or f"hello@{values['MAIL_DOMAIN']}"
    beside = f"sqlite:///{values['INSTANCE']}/campaign.sqlite"
    values["DATABASE_URL"] = _sqlalchemy_url(values["DATABASE_URL"] or beside)
    return values


def _check_mark(name: str, instance: Path) -> None:
    # It is drawn into every page, so it may hold a drawing and nothing else.
    if not name:
        return
    try:
        svg = (instance / name).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise WrongSetting(f"MARK does not name an SVG file in {instance}.") from None
    if len(svg) > LARGEST_MARK:
        raise WrongSetting(f"MARK names a file of more than {LARGEST_MARK} characters.")
    if _NOT_DRAWN.search(svg):
        raise WrongSetting("MARK names a drawing with scripts, styles, links or entities in it.")
    try:
        has_window = "viewBox" in ElementTree.fromstring(svg).attrib  # noqa: S314
    except ElementTree.ParseError:
        has_window = False
    if not has_window:
        raise WrongSetting("MARK names a file that is not an SVG drawing with a viewBox.")


def _sqlalchemy_url(url: str) -> str:
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)
