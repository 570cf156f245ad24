"""Doors of sign-ups for visitors: an event's page with its form, and one's own sign-up."""

from typing import Any

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for

from campaign import clock, tokens
from campaign.attribution.views import keep_source, source
from campaign.clients import client_address
from campaign.db import db
from campaign.events.details import calendar_links, details, zone_name
from campaign.events.models import Event
from campaign.events.policy import RESERVATION
from campaign.events.queries import event_by_slug, lock_to_sign_up
from campaign.events.sign_ups import mails, verbs
from campaign.events.sign_ups.asks.queries import ask_by_id
from campaign.events.sign_ups.forms import ComingForm, SignUpForm, consent_wording
from campaign.events.sign_ups.models import SignUp, SignUpAsk
from campaign.events.sign_ups.queries import free_seats, seats_taken, sign_up_by_token
from campaign.forms import PublicButton
from campaign.languages import current_language
from campaign.outbox.caps.verbs import count_client
from campaign.refusals import Refusal
from campaign.templating import public_url

bp = Blueprint("sign_ups", __name__, url_prefix="/events")
# Whoever came by a link with a plain code keeps it on the way to the form.
keep_source(bp, "sign_up")


def event_page(event: Event, form: SignUpForm) -> str:
    """Show an event, and the form to sign up for it."""
    free = free_seats(event, now=clock.now())
    is_over, is_full = event.is_over(clock.now()), free == 0
    is_open = not (is_over or event.is_called_off or is_full)
    return render_template(
        "events/event.html",
        **details(event),
        taken=seats_taken([event.id])[event.id],
        free=free,
        is_over=is_over,
        is_full=is_full,
        # Who was refused keeps what they typed.
        shows_form=is_open or bool(form.errors),
        form=form,
    )


@bp.post("/<slug>/sign-up")
def sign_up(slug: str) -> Any:
    """Sign somebody up for an event."""
    form = SignUpForm()
    if not form.validate():
        return event_page(_event(slug), form), form.refusal_status()
    now, client, said = clock.now(), client_address(), form.said()
    try:
        count_client(client, most=current_app.config["CLIENT_CAP"], now=now)
        event = lock_to_sign_up(slug) or abort(404)
        verbs.sign_up(
            event,
            **said,
            news=consent_wording() if form.news.data else "",
            language=current_language(),
            source=source(),
            client=client,
            now=now,
        )
    except Refusal as refusal:
        if isinstance(refusal, verbs.Full):
            verbs.sign_up_when_full(_event(slug), **said, language=current_language(), now=now)
            db.session.commit()
        # Before the page is rendered: while an event is locked, all who sign up wait.
        db.session.rollback()
        form.form_errors.append(refusal.sentence)
        return event_page(_event(slug), form), refusal.status
    db.session.commit()
    return redirect(url_for("sign_ups.signed_up", slug=slug), 303)


@bp.get("/<slug>/signed-up")
def signed_up(slug: str) -> str:
    """Say that the invitation is on its way, to whoever signed up."""
    event = _event(slug)
    return render_template(
        "events/signed_up.html",
        event=event,
        zone_name=zone_name(event),
        links=calendar_links(event),
        address=public_url("events.event", slug=slug),
        hours=int(RESERVATION.total_seconds()) // 3600,
    )


def _event(slug: str) -> Event:
    return event_by_slug(slug) or abort(404)


@bp.get("/coming/<token>")
def confirm_coming(token: str) -> str:
    """Show what a form asked for, with the button that makes it true."""
    ask, sign_up = _asked_for(token)
    form = ComingForm(
        formdata=None, data={"name": sign_up.person.name or ask.name, "guests": ask.guests}
    )
    return _coming_page(ask, sign_up, form, token)


def _asked_for(token: str) -> tuple[SignUpAsk, SignUp]:
    ask = ask_by_id(tokens.read(token, mails.COMING)) or abort(404)
    return ask, ask.sign_up or abort(404)


def _coming_page(ask: SignUpAsk, sign_up: SignUp, form: ComingForm, token: str) -> str:
    event = sign_up.event
    return render_template(
        "events/confirm_coming.html",
        ask=ask,
        sign_up=sign_up,
        event=event,
        form=form,
        token=token,
        is_open=not event.is_called_off and not event.is_over(clock.now()),
        withdraw=mails.withdraw_token(sign_up),
    )


@bp.post("/coming/<token>")
def do_coming(token: str) -> Any:
    """Note that somebody comes, as they themselves say."""
    ask, sign_up = _asked_for(token)
    form = ComingForm()
    if not form.validate():
        return _coming_page(ask, sign_up, form, token), form.refusal_status()
    try:
        verbs.confirm(
            sign_up,
            ask,
            name=form.name.data,
            guests=form.guests.data,
            wants_news=request.form.get("news") == "yes",
            now=clock.now(),
        )
    except Refusal as refusal:
        # As in `sign_up`: nobody waits for the page.
        db.session.rollback()
        form.form_errors.append(refusal.sentence)
        ask, sign_up = _asked_for(token)
        return _coming_page(ask, sign_up, form, token), refusal.status
    db.session.commit()
    return redirect(url_for("sign_ups.welcome", token=token), 303)


@bp.get("/coming/<token>/done")
def welcome(token: str) -> str:
    """Say to somebody who comes that they are counted on."""
    ask, sign_up = _asked_for(token)
    return render_template(
        "events/welcome.html",
        ask=ask,
        sign_up=sign_up,
        event=sign_up.event,
        zone_name=zone_name(sign_up.event),
        token=token,
        withdraw=mails.withdraw_token(sign_up),
    )


WITHDRAW = PublicButton("events/confirm_withdraw.html", purpose="events.withdraw")


@bp.get("/withdraw/<token>")
def confirm_withdraw(token: str) -> str:
    """Show the button that withdraws a sign-up; or, once it was pressed, that it is done."""
    return WITHDRAW.page(**_withdrawing(token))


def _withdrawing(token: str) -> dict[str, Any]:
    sign_up = _to_withdraw(token)
    event = sign_up.event
    return {
        "event": event,
        "sign_up": sign_up,
        "token": token,
        "is_ahead": not event.is_called_off and not event.is_over(clock.now()),
    }


@bp.post("/withdraw/<token>")
def do_withdraw(token: str) -> Any:
    """Withdraw a sign-up."""
    if refused := WITHDRAW.refused(**_withdrawing(token)):
        return refused
    verbs.withdraw(_to_withdraw(token), now=clock.now())
    db.session.commit()
    return redirect(url_for("sign_ups.confirm_withdraw", token=token), 303)


def _to_withdraw(token: str) -> SignUp:
    return sign_up_by_token(tokens.read(token, mails.WITHDRAW)) or abort(404)
