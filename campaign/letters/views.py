"""Doors of the letters for visitors."""

from datetime import date
from typing import Any

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for

from campaign import clock, tokens
from campaign.attribution.views import keep_source, source
from campaign.clients import client_address
from campaign.db import db
from campaign.forms import PublicButton
from campaign.languages import current_language
from campaign.languages import lazy_gettext as _l
from campaign.letters import composing, mails, queries, verbs
from campaign.letters.forms import LetterForm
from campaign.letters.models import Letter, Template, Way
from campaign.letters.tallies.views import finished_page
from campaign.outbox.caps.verbs import TooManyFromHere, count_client
from campaign.summits.models import Post, Summit
from campaign.summits.posts_csv import COUNTRIES, listed_countries
from campaign.summits.queries import countries_to_write_to, next_summit, posts_of

bp = Blueprint("letters", __name__, url_prefix="/write")
# Whoever came by a link with a plain code keeps it on the way to the form.
keep_source(bp, "write", "country", "finish")

# What each way is called on its button, the main one first.
LABELS = {
    Way.SEND: _l("Send it for me"),
    Way.MAILTO: _l("Use my own mail program"),
    Way.FORM: _l("Use the office's contact form"),
    Way.COPY: _l("Copy it and send it myself"),
}

HINTS = {
    Way.SEND: _l(
        "First we send you a mail with a link. The letter goes when you press the button there."
    ),
    Way.MAILTO: _l("You send it yourself, so you need not give us your name or your address."),
    Way.FORM: _l("You paste the letter into the form on the office's own site."),
    Way.COPY: _l("You get the finished letter to copy or to print. We keep nothing of it."),
}


@bp.get("")
def write() -> Any:
    """Let a supporter choose a country."""
    chosen = request.args.get("country", "").upper()
    if chosen in COUNTRIES:
        return redirect(url_for("letters.country", country=chosen.lower()), 303)
    now = clock.now()
    known = countries_to_write_to(now=now)
    listed = listed_countries()
    summit = next_summit(now=now)
    is_unknown = "country" in request.args
    page = render_template(
        "letters/write.html",
        is_unknown=is_unknown,
        source=source(),
        days_left=_days_left(summit, today=now.date()),
        summit=summit,
        countries=[pair for pair in listed if pair[0] in known],
        others=[pair for pair in listed if pair[0] not in known],
    )
    return page, 422 if is_unknown else 200


@bp.get("/<country>")
def country(country: str) -> Any:
    """Show the letter to a country's post, ready for the supporter's own words."""
    country_code = _country_code(country)
    if country != country_code.lower():
        return redirect(
            url_for("letters.country", country=country_code.lower(), post=request.args.get("post")),
            301,
        )
    posts = _posts_to_write_to(country_code)
    post = _chosen(posts, request.args.get("post", "")) or (posts[0] if posts else None)
    summit = next_summit(now=clock.now())
    template = _template(post)
    holder = post.holder_on(clock.now().date()) if post else None
    draft = composing.draft(
        template, post=post, holder=holder, summit=summit, placeholders=composing.placeholders()
    )
    form = _form(
        posts,
        _ways(post),
        data={"subject": draft.subject, "body": draft.body, "post": str(post.id) if post else ""},
    )
    return _letter_page(
        country_code, form, posts=posts, post=post, summit=summit, template=template
    )


@bp.post("/<country>")
def finish(country: str) -> Any:
    """Take the letter: keep it until it is confirmed, or give it back ready to be sent."""
    country_code = _country_code(country)
    posts = _posts_to_write_to(country_code)
    post = _asked_for(country_code, posts, request.form.get("post", ""))
    ways = _ways(post)
    # A browser without a pressed button, or with one that went since, means the main way.
    way = next((way for way in ways if way == request.form.get("way")), ways[0])
    now = clock.now()
    summit = next_summit(now=now)
    template = _template(post)
    form = _form(posts, ways, way)
    if not form.validate():
        page = _letter_page(
            country_code, form, posts=posts, post=post, summit=summit, template=template
        )
        return page, form.refusal_status()
    body = composing.finish(
        form.body.data,
        own_words=form.own_words.data,
        name=form.name.data,
        placeholders=composing.placeholders(),
        closing=composing.closing_of(template),
    )
    if way is not Way.SEND or post is None:
        return finished_page(
            country_code, way, post=post, subject=form.subject.data, body=body, template=template
        )
    try:
        count_client(client_address(), most=current_app.config["CLIENT_CAP"], now=now)
    except TooManyFromHere as refusal:
        form.form_errors.append(refusal.sentence)
        page = _letter_page(
            country_code, form, posts=posts, post=post, summit=summit, template=template
        )
        return page, refusal.status
    verbs.write(
        post,
        summit=summit,
        email=form.email.data,
        name=form.name.data,
        subject=form.subject.data,
        body=body,
        own_words=form.own_words.data,
        letter_language=template.language,
        language=current_language(),
        source=source(),
        now=now,
    )
    db.session.commit()
    return redirect(url_for("letters.check_your_mail"), 303)


@bp.get("/check-your-mail")
def check_your_mail() -> str:
    """Say what happens next; the same whether the address was known or not."""
    return render_template("letters/check_your_mail.html")


SEND = PublicButton("letters/confirm_send.html", purpose="letters.send")


@bp.get("/confirm/<token>")
def confirm_send(token: str) -> str:
    """Show the letter as it will leave, with the button that sends it; or that it has left."""
    return SEND.page(letter=_to_confirm(token), token=token)


@bp.post("/confirm/<token>")
def do_send(token: str) -> Any:
    """Send the letter."""
    letter = _to_confirm(token)
    if refused := SEND.refused(letter=letter, token=token):
        return refused
    verbs.confirm(letter, campaign=current_app.config["NAME"], now=clock.now())
    db.session.commit()
    return redirect(url_for("letters.confirm_send", token=token), 303)


DISOWN = PublicButton("letters/confirm_disown.html", purpose="letters.disown")


@bp.get("/not-me/<token>")
def confirm_disown(token: str) -> str:
    """Show the button that drops a letter somebody else wrote."""
    return DISOWN.page(letter=_to_disown(token), token=token)


@bp.post("/not-me/<token>")
def do_disown(token: str) -> Any:
    """Drop the letter."""
    letter = _to_disown(token)
    if refused := DISOWN.refused(letter=letter, token=token):
        return refused
    verbs.disown(letter, now=clock.now())
    db.session.commit()
    return redirect(url_for("letters.confirm_disown", token=token), 303)


def _country_code(country: str) -> str:
    country_code = country.upper()
    if country_code not in COUNTRIES:
        abort(404)
    return country_code


def _posts_to_write_to(country_code: str) -> list[Post]:
    today = clock.now().date()
    return [
        post
        for post in posts_of(country_code)
        if post.is_writable(today) or post.has_open_form(today)
    ]


def _chosen(posts: list[Post], id: str) -> Post | None:
    return next((post for post in posts if str(post.id) == id), None)


def _asked_for(country_code: str, posts: list[Post], id: str) -> Post | None:
    """Find the post a form was for. Raises `NotWritable` for one that was closed since."""
    post = _chosen(posts, id)
    if post is None and _chosen(posts_of(country_code), id):
        raise verbs.NotWritable
    return post or (posts[0] if posts else None)


def _template(post: Post | None) -> Template:
    found = queries.template_for(post.language if post else queries.FALLBACK_LANGUAGE)
    return found or composing.empty_template()


def _ways(post: Post | None) -> list[Way]:
    if post is None:
        return [Way.COPY]
    today = clock.now().date()
    by_mail = [Way.SEND, Way.MAILTO] if post.is_writable(today) else []
    by_form = [Way.FORM] if post.has_open_form(today) else []
    return [*by_mail, *by_form, Way.COPY]


def _form(posts: list[Post], ways: list[Way], way: Way | None = None, **options: Any) -> LetterForm:
    ids = [str(post.id) for post in posts]
    return LetterForm(ways=ways, way=way or ways[0], posts=ids, **options)


def _letter_page(
    country_code: str,
    form: LetterForm,
    *,
    posts: list[Post],
    post: Post | None,
    summit: Summit | None,
    template: Template,
) -> str:
    today = clock.now().date()
    ways = _ways(post)
    for field in (form.subject, form.body):
        # In the office's language, whatever that of the page.
        field.render_kw = {**(field.render_kw or {}), "lang": template.language, "dir": "auto"}
    return render_template(
        "letters/country.html",
        form=form,
        country=country_code,
        posts=posts,
        post=post,
        former=[] if posts else posts_of(country_code),
        holder=post.holder_on(today) if post else None,
        summit=summit,
        days_left=_days_left(summit, today=today),
        letter_language=template.language,
        placeholders=composing.placeholders(),
        ways=[(way.value, LABELS[way], HINTS[way]) for way in ways],
        is_sent_by_us=Way.SEND in ways,
    )


def _days_left(summit: Summit | None, *, today: date) -> int | None:
    # In days alone: the hour at which it begins, where it is held, nobody has announced.
    if summit is None or summit.first_day is None:
        return None
    return (summit.first_day - today).days


def _to_confirm(token: str) -> Letter:
    found = queries.letter_by_token(tokens.read(token, mails.CONFIRM))
    if found is None or found.has_expired(clock.now()):
        raise verbs.LetterGone
    return found


def _to_disown(token: str) -> Letter:
    found = queries.letter_by_key(tokens.read(token, mails.NOT_ME))
    if found is None:
        raise verbs.LetterGone
    return found
