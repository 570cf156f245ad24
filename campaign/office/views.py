"""The office's front door: the guard, the desk, and the rooms' doors nested behind it."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from campaign import clock
from campaign.clients import is_behind_an_unknown_proxy
from campaign.events.event_mails.office import bp as event_mails
from campaign.events.office import bp as events
from campaign.forms import ButtonForm
from campaign.imports.office import bp as imports
from campaign.inbound.office import bp as inbound
from campaign.languages import lazy_gettext as _l
from campaign.letters.office import bp as letters
from campaign.mailings.office import bp as mailings
from campaign.mailings.planning.office import bp as mailings_planning
from campaign.newsletter.automations.texts.office import bp as newsletter_automations
from campaign.newsletter.check_page.office import bp as newsletter_check_page
from campaign.newsletter.drafts.office import bp as newsletter_drafts
from campaign.newsletter.embeds.office import bp as newsletter_embed
from campaign.newsletter.images.office import bp as newsletter_images
from campaign.newsletter.office import bp as newsletter
from campaign.newsletter.previews.office import bp as newsletter_previews
from campaign.newsletter.seeds.office import bp as newsletter_seeds
from campaign.newsletter.versions.office import bp as newsletter_versions
from campaign.office import queries
from campaign.office.forms import Sampler, mistaken
from campaign.office.policy import LARGEST_FROM_STRANGERS
from campaign.organisers import verbs
from campaign.organisers.office import bp as organisers
from campaign.organisers.views import not_from_our_page, not_signed_in, signed_in
from campaign.outbox.hard_bounces.office import bp as outbox_hard_bounces
from campaign.outbox.office import bp as outbox
from campaign.outbox.suppressions.office import bp as outbox_suppressions
from campaign.people.office import bp as people
from campaign.refusals import Refusal
from campaign.segments.office import bp as segments
from campaign.summits.office import bp as summits
from campaign.tables import office_time

bp = Blueprint("office", __name__, url_prefix="/office")

# Nested at import: a blueprint nested while the application is made would stand outside the guard.
ROOMS: tuple[tuple[Blueprint, Any], ...] = (
    (events, _l("Events")),
    (newsletter, _l("Newsletter")),
    (people, _l("People")),
    (letters, _l("Letters")),
    (summits, _l("Summits and posts")),
    (outbox, _l("Outbox")),
    (inbound, _l("Inbox")),
    (organisers, _l("Organisers")),
)
events.register_blueprint(event_mails)
newsletter.register_blueprint(newsletter_images)
newsletter.register_blueprint(newsletter_seeds)
newsletter.register_blueprint(newsletter_check_page)
newsletter.register_blueprint(newsletter_drafts)
newsletter.register_blueprint(newsletter_previews)
newsletter.register_blueprint(newsletter_versions)
newsletter.register_blueprint(newsletter_automations)
newsletter.register_blueprint(newsletter_embed)
outbox.register_blueprint(outbox_hard_bounces)
outbox.register_blueprint(outbox_suppressions)
mailings.register_blueprint(mailings_planning)
for _room, _label in ROOMS:
    bp.register_blueprint(_room)
# Their pages hang under those of people; and under those of what is sent to many (`g.room`).
_UNDER = {f"office.{imports.name}": people, f"office.{segments.name}": people}
bp.register_blueprint(imports)
bp.register_blueprint(segments)
bp.register_blueprint(mailings)

_READING = {"GET", "HEAD"}
LARGEST_ID = 2**31 - 1


class OnlyReads(Refusal):
    status = 403
    sentence = _l("Your account may look at everything and change nothing. Ask an administrator.")


@bp.url_value_preprocessor
def large_bodies_come_from_organisers(endpoint: str | None, values: Any) -> None:
    """Read no large body from a stranger: looking for the form's token comes before the guard."""
    # Sent in pieces, it may be of any length.
    in_pieces = "Transfer-Encoding" in request.headers
    is_large = in_pieces or (request.content_length or 0) > LARGEST_FROM_STRANGERS
    if request.method not in _READING and is_large and signed_in() is None:
        abort(redirect(url_for("organisers.ask"), 303))


@bp.before_request
def guard() -> Any:
    """Let organisers in and nobody else; let only those change things who may."""
    organiser = signed_in()
    reads = request.method in _READING
    if organiser is None:
        if not reads:
            return not_signed_in()
        wanted = request.full_path if request.query_string else request.path
        return redirect(url_for("organisers.ask", next=wanted), 303)
    g.organiser = organiser
    _refuse_what_no_row_can_be()
    if not reads:
        if not organiser.may_change:
            raise OnlyReads
        # Saved with the deed that follows, if one does.
        verbs.see(organiser, now=clock.now())
    return None


def _refuse_what_no_row_can_be() -> None:
    # The databases cannot even ask for it, and would answer with a fault of ours.
    numbers = [value for value in (request.view_args or {}).values() if isinstance(value, int)]
    if any(number > LARGEST_ID for number in numbers):
        abort(404)


@bp.context_processor
def _frame() -> dict[str, Callable[..., Any]]:
    return {
        "office_navigation": _navigation,
        "office_time": office_time,
        "sign_out_form": ButtonForm,
    }


def _navigation() -> list[tuple[Any, str, bool]]:
    at_the_desk = request.endpoint == "office.desk"
    places: list[tuple[Any, str, bool]] = [(_l("Desk"), url_for("office.desk"), at_the_desk)]
    for room, label in ROOMS:
        if room is organisers and not g.organiser.is_administrator:
            continue
        here = f"office.{room.name}"
        is_under = g.get("room") == room.name or _UNDER.get(request.blueprint or "") is room
        is_here = is_under or here in request.blueprints
        places.append((label, url_for(f"{here}.index"), is_here))
    return places


@bp.get("/")
def desk() -> str:
    """Show how the campaign stands: this week beside the last, what comes, what needs a look."""
    found = queries.desk(has_unknown_proxy=is_behind_an_unknown_proxy(), now=clock.now())
    return render_template("office/desk.html", desk=found)


@bp.get("/design")
def design() -> str:
    """Show every part of the design in every state, light beside dark."""
    forms = {name: (Sampler(prefix=name), mistaken(f"{name}-wrong")) for name in ("light", "dark")}
    return render_template("office/design.html", forms=forms, now=clock.now())


@bp.errorhandler(CSRFError)
def _without_token(error: CSRFError) -> Any:
    # Raised before the guard has looked.
    return not_from_our_page(error) if signed_in() else not_signed_in()


@bp.errorhandler(Refusal)
def _refused(refusal: Refusal) -> Any:
    return _error(refusal.status, refusal.sentence)


# status -> (title, what to do)
_WORDS: dict[int, tuple[Any, Any]] = {
    403: (_l("That is not allowed"), _l("Ask an administrator, or go back to the desk.")),
    404: (_l("There is no page here"), _l("It may have been deleted. Begin again from the desk.")),
    409: (_l("That did not work"), ""),
    413: (_l("That is too large"), _l("Send less text or a smaller file.")),
    422: (_l("Something needs to be corrected"), ""),
}
_UNREAD = (_l("We could not read that"), _l("Go back, look at what you sent and try once more."))


@bp.errorhandler(HTTPException)
def _http(error: HTTPException) -> Any:
    if error.response is not None or (error.code or 500) < 400 or error.code == 500:
        return error
    return _error(error.code or 400)


def _error(status: int, sentence: Any = "") -> Any:
    title, advice = _WORDS.get(status, _UNREAD)
    # What is refused before the guard has looked may have come from anybody.
    g.organiser = g.get("organiser") or signed_in()
    frame = "office" if g.organiser else "organisers"
    page = render_template(f"{frame}/error.html", title=title, advice=sentence or advice)
    return page, status


# Where pages stood before, in organisers' bookmarks; what follows stays as it is.
_MOVED = {
    "/people/imports": "/imports",
    "/people/segments": "/segments",
    "/newsletter/automatic": "/newsletter/automations",
    "/newsletter/elsewhere": "/newsletter/embed",
    "/newsletter/sendings": "/mailings",
}


def _lead_on(before: str, now: str) -> None:
    def moved(rest: str = "") -> Any:
        query = f"?{request.query_string.decode()}" if request.query_string else ""
        return redirect(f"{bp.url_prefix}{now}{rest and '/'}{rest}{query}", 301)

    name = f"moved{before.replace('/', '_')}"
    bp.add_url_rule(before, name, moved)
    bp.add_url_rule(f"{before}/<path:rest>", name, moved)


for _before, _now in _MOVED.items():
    _lead_on(_before, _now)
