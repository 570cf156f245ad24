"""Doors for those who send their letter themselves: the finished letter, and "I have sent it"."""

from typing import Any

from flask import Blueprint, abort, redirect, render_template, url_for

from campaign import clock, tokens
from campaign.clients import client_address, network_of
from campaign.db import db
from campaign.forms import FORM_LIFETIME
from campaign.letters import composing
from campaign.letters.models import Template, Way
from campaign.letters.policy import LONGEST_MAILTO
from campaign.letters.tallies import verbs
from campaign.letters.tallies.forms import SentForm
from campaign.summits.models import Post
from campaign.summits.posts_csv import COUNTRIES
from campaign.summits.queries import next_summit

bp = Blueprint("letter_tallies", __name__, url_prefix="/write")

# What the token of a finished letter is for: by it "I have sent it" counts once.
SENT = "letter:sent"


@bp.post("/<country>/sent")
def count_sent(country: str) -> Any:
    """Count a letter that a supporter says to have sent."""
    country_code = country.upper()
    if country_code not in COUNTRIES:
        abort(404)
    form = SentForm()
    way = next((way for way in Way if way is not Way.SEND and way == form.way.data), None)
    if way is None or not form.letter.raw_data:
        abort(400)
    # Signed and timed, it is the page's token: one that was open while we were updated counts too.
    letter, post_id = tokens.read_timed(
        form.letter.data or "", f"{SENT}:{country_code}", within=FORM_LIFETIME
    )
    now = clock.now()
    summit = next_summit(now=now)
    verbs.count_self_sent(
        way,
        country=country_code,
        occasion=summit.slug if summit else "",
        letter=letter,
        post_id=post_id,
        network=network_of(client_address()),
        now=now,
    )
    db.session.commit()
    return redirect(url_for("letter_tallies.thank_you"), 303)


@bp.get("/thank-you")
def thank_you() -> str:
    """Thank somebody who has sent a letter themselves."""
    return render_template("letters/thank_you.html")


def finished_page(
    country_code: str, way: Way, *, post: Post | None, subject: str, body: str, template: Template
) -> str:
    """Give a letter back that the supporter sends, with the button by which they say so."""
    whole = short = ""
    if post is not None and post.email:
        whole = composing.mailto(post.email, subject=subject, body=body)
        short = composing.mailto_without_text(post.email, subject=subject)
    return render_template(
        "letters/finished.html",
        country=country_code,
        by_mail=way is Way.MAILTO,
        by_form=way is Way.FORM,
        post=post,
        subject=subject,
        body=body,
        letter_language=template.language,
        mailto=whole if len(whole) <= LONGEST_MAILTO else short,
        is_whole=len(whole) <= LONGEST_MAILTO,
        form=SentForm(
            formdata=None,
            data={
                "way": way.value,
                "letter": tokens.sign_timed(
                    f"{SENT}:{country_code}", [tokens.random_token(), post.id if post else 0]
                ),
            },
        ),
    )
