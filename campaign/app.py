"""The roof: makes the application out of the house. It sees every room; no room sees it."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, request, session
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from campaign import clients, config, db, jobs, languages, logs, public_revision, templating
from campaign.counts import duties as counts_duties
from campaign.counts.cli import cli as count_commands
from campaign.delivery import duties as delivery_duties
from campaign.delivery import mail_server
from campaign.delivery.views import bp as mailbox
from campaign.events import cards as event_cards
from campaign.events import findable as event_findable
from campaign.events.changes import duties as changes_duties
from campaign.events.event_mails import mailing as event_mail_mailing
from campaign.events.sign_ups import duties as sign_ups_duties
from campaign.events.sign_ups import segments as sign_ups_segments
from campaign.events.sign_ups.views import bp as sign_ups
from campaign.events.views import bp as events
from campaign.front import errors, page_cache
from campaign.front import http as front_http
from campaign.front.views import bp as front
from campaign.imports import duties as imports_duties

# With `import` in it, which is a room above.
from campaign.imports.cli import cli as people_commands
from campaign.imports.policy import LARGEST_FILE
from campaign.inbound import duties as inbound_duties
from campaign.inbound.cli import cli as inbound_command
from campaign.letters import duties as letters_duties
from campaign.letters import segments as letters_segments
from campaign.letters.tallies.views import bp as letter_tallies
from campaign.letters.views import bp as letters
from campaign.mailings import duties as mailings_duties
from campaign.mailings import fields as mailing_fields
from campaign.newsletter import findable as issue_findable
from campaign.newsletter import mailing as issue_mailing
from campaign.newsletter.automations import duties as automations_duties
from campaign.newsletter.images.views import bp as images
from campaign.newsletter.policy import LARGEST_PICTURE
from campaign.newsletter.views import bp as newsletter
from campaign.office.views import bp as office
from campaign.organisers import duties as organisers_duties
from campaign.organisers.cli import cli as organiser_commands
from campaign.organisers.views import TOKEN as SESSION_TOKEN
from campaign.organisers.views import bp as organisers
from campaign.outbox import duties as outbox_duties
from campaign.outbox import masking
from campaign.outbox.cli import cli as outbox_commands
from campaign.pages import findable as page_findable
from campaign.pages.cli import cli as page_commands
from campaign.pages.views import bp as pages
from campaign.people import duties as people_duties
from campaign.people.cli import forget as forget_command
from campaign.search import duties as search_duties
from campaign.search import following
from campaign.search.cli import cli as search_commands
from campaign.segments import conditions as people_conditions
from campaign.summits.cli import cli as post_commands
from campaign.summits.views import bp as summits

# Law 6: whatever a stranger may reach. Everything else stands behind the office's guard.
STRANGERS = (
    front,
    events,
    sign_ups,
    letters,
    letter_tallies,
    newsletter,
    images,
    summits,
    mailbox,
    pages,
)
PUBLIC = frozenset(blueprint.name for blueprint in STRANGERS)
# Before the guard, but with a session: how organisers come in. Never cached, never exempt.
DOORSTEP = frozenset({organisers.name})
LARGEST_BODY = 1_000_000
# Doors that take files: how large a body each reads, by its endpoint.
LARGER_BODIES = {
    "office.newsletter.images.upload": LARGEST_PICTURE + LARGEST_BODY,
    "office.imports.upload": LARGEST_FILE + LARGEST_BODY,
}
# What another site may cause here: one only shows what was typed; of the other, which webmail's
# "unsubscribe" presses (RFC 8058), the address is the proof, whoever sends it.
FROM_OTHER_SITES = frozenset({"newsletter.show_snippet", "newsletter.do_leave"})

# What operators may say to a room; `campaign.cli` adds what concerns the whole house.
COMMANDS = (
    count_commands,
    forget_command,
    inbound_command,
    organiser_commands,
    outbox_commands,
    page_commands,
    people_commands,
    post_commands,
    search_commands,
)

# What the rooms owe the clock; importing them puts them on the timetable.
DUTIES = (
    counts_duties,
    changes_duties,
    sign_ups_duties,
    inbound_duties,
    letters_duties,
    organisers_duties,
    delivery_duties,
    outbox_duties,
    people_duties,
    imports_duties,
    mailings_duties,
    automations_duties,
    search_duties,
)

# What segments may ask of people; importing it offers it.
CONDITIONS = (people_conditions, sign_ups_segments, letters_segments)

# What may be sent to many; importing it registers it.
CONTENTS = (issue_mailing, event_mail_mailing)

# What the search finds; importing it registers it, and lets the index follow what changes.
FINDABLE = (page_findable, event_findable, issue_findable, following)

# What the rooms offer to who writes to many; importing them puts it on the list of fields.
FIELDS = (mailing_fields, event_cards)


def body_limit(app: Flask, environ: Mapping[str, Any]) -> int:
    """Tell how many bytes the body of a request may have.

    Files are taken in from organisers only: a stranger's would fill the disk before anybody had
    looked whose they are. What the cookie says is signed; that the session is open still is for
    the guard to find.
    """
    with app.request_context(dict(environ)):
        larger = LARGER_BODIES.get(request.endpoint or "", LARGEST_BODY)
        return larger if SESSION_TOKEN in session else LARGEST_BODY


def create_app(settings: Mapping[str, Any] | None = None) -> Flask:
    """Make the application. Raises `config.WrongSetting` when a setting is not right."""
    app = Flask(
        __name__,
        template_folder=str(config.ROOT / "templates"),
        static_folder=str(config.ROOT / "static"),
    )
    app.config.from_mapping(config.load(settings))
    app.config.update(
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=app.config["BASE_URL"].startswith("https:"),
        WTF_CSRF_TIME_LIMIT=None,
    )
    logs.init()
    db.init_app(app)
    public_revision.init_app(app)
    jobs.init_app(app)
    languages.init_app(app)
    templating.init_app(app)
    mail_server.init_app(app)
    masking.init_app(app)

    front_http.init_app(
        app, public=PUBLIC, larger_bodies=LARGER_BODIES, from_other_sites=FROM_OTHER_SITES
    )
    errors.init_app(app)
    clients.init_app(app)
    csrf = CSRFProtect(app)
    for blueprint in STRANGERS:
        csrf.exempt(blueprint)
        app.register_blueprint(blueprint)
    app.register_blueprint(organisers)
    app.register_blueprint(office)

    for command in COMMANDS:
        app.cli.add_command(command)

    if app.config["TRUSTED_PROXIES"]:
        hops = app.config["TRUSTED_PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    page_cache.init_app(
        app, megabytes=app.config["PAGE_CACHE"], proxies=app.config["TRUSTED_PROXIES"]
    )
    return app
