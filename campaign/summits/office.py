"""Summits and the directory of posts, for organisers."""

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from wtforms import ValidationError

from campaign import clock, tables
from campaign.db import db
from campaign.forms import ButtonForm
from campaign.languages import _, country_name
from campaign.languages import lazy_gettext as _l
from campaign.summits import posts_csv, queries, verbs
from campaign.summits.forms import ContactForm
from campaign.summits.models import Post, PostStatus, Summit
from campaign.tables import Column

bp = Blueprint("summits", __name__, url_prefix="/summits")

STATUSES: dict[str, Any] = {
    PostStatus.WRITABLE: _l("can be written to"),
    PostStatus.CLOSED: _l("cannot be written to"),
    PostStatus.STOPPED: _l("asked to be left out"),
    PostStatus.BOUNCED: _l("address is dead"),
}


def _summit_link(summit: Summit) -> Markup:
    href = url_for("summits.summit", slug=summit.slug)
    return Markup('<a href="{}">{}</a>').format(href, summit.name)


SUMMITS = [
    Column("name", _l("Summit"), lambda row: row.name, cell=_summit_link),
    Column("place", _l("Place"), lambda row: row.location),
    Column("year", _l("Year"), lambda row: row.year),
    Column("first_day", _l("First day"), lambda row: row.first_day),
    Column("last_day", _l("Last day"), lambda row: row.last_day),
]


def _post_link(post: Post) -> Markup:
    href = url_for("office.summits.post", id=post.id)
    return Markup('<a href="{}">{}</a>').format(href, post.title)


def _country(post: Post) -> str:
    return country_name(post.country)


def _status(post: Post) -> str:
    today = clock.now().date()
    status = post.status_on(today)
    if status is PostStatus.WRITABLE and post.is_stale(today):
        return str(_("can be written to; look at its source again"))
    return str(STATUSES[status])


POSTS = [
    Column("post", _l("Post"), lambda row: row.title, cell=_post_link),
    Column("country", _l("Country"), lambda row: row.country, cell=_country),
    Column("email", _l("E-mail address"), lambda row: row.email),
    Column("seen_on", _l("Seen on"), lambda row: row.seen_on),
    Column("status", _l("Letters"), _status),
]


@bp.get("")
def index() -> Any:
    """List the summits."""
    query = queries.search_summits(request.args.get("q", ""))
    if request.args.get("format") == "csv":
        return tables.download(query, SUMMITS, name="summits")
    return render_template(
        "summits/office/index.html",
        table=tables.page(query, SUMMITS, arguments=request.args, path=request.path),
    )


@bp.get("/posts")
def posts() -> Any:
    """List the posts, and whether they can be written to."""
    status = request.args.get("status", "")
    if request.args.get("format") == "csv":
        # The file of the directory itself, so that it can be changed and imported again.
        return Response(
            posts_csv.write(queries.posts_rows()),
            mimetype="text/csv",
            headers={"Content-Disposition": 'attachment; filename="posts.csv"'},
        )
    query = queries.search_posts(request.args.get("q", ""), status=status, today=clock.now().date())
    return render_template(
        "summits/office/posts.html",
        table=tables.page(query, POSTS, arguments=request.args, path=request.path),
        statuses=STATUSES,
        status=status,
    )


@bp.get("/posts/<int:id>")
def post(id: int) -> Any:
    """Show one post, its holders, and how it is reached."""
    found = queries.post_by_id(id) or abort(404)
    return _post_page(found, ContactForm(obj=found), ButtonForm())


@bp.post("/posts/<int:id>")
def set_contact(id: int) -> Any:
    """Change how a post is reached."""
    found = queries.post_by_id(id) or abort(404)
    form = ContactForm()
    today = clock.now().date()
    if not form.validate(extra_validators={"seen_on": [_not_after(today)]}):
        return _post_page(found, form, ButtonForm(formdata=None)), form.refusal_status()
    verbs.set_contact(
        found,
        email=form.email.data,
        contact_form=form.contact_form.data,
        source=form.source.data,
        seen_on=form.seen_on.data,
    )
    db.session.commit()
    flash(_("The contact is saved."), "done")
    return redirect(url_for("office.summits.post", id=id), 303)


@bp.post("/posts/<int:id>/stop")
def stop(id: int) -> Any:
    """Stop letters to a post."""
    found = queries.post_by_id(id) or abort(404)
    form = ButtonForm()
    if not form.validate():
        page = _post_page(found, ContactForm(formdata=None, obj=found), form)
        return page, form.refusal_status()
    verbs.stop(found, now=clock.now())
    db.session.commit()
    flash(_("Nobody writes to this post any more."), "done")
    return redirect(url_for("office.summits.post", id=id), 303)


@bp.post("/posts/<int:id>/allow")
def allow(id: int) -> Any:
    """Allow letters to a post again."""
    found = queries.post_by_id(id) or abort(404)
    form = ButtonForm()
    if not form.validate():
        page = _post_page(found, ContactForm(formdata=None, obj=found), form)
        return page, form.refusal_status()
    verbs.allow(found)
    db.session.commit()
    flash(_("This post can be written to again, if its contact is fresh."), "done")
    return redirect(url_for("office.summits.post", id=id), 303)


def _not_after(today: Any) -> Any:
    def check(form: Any, field: Any) -> None:
        if field.data and field.data > today:
            raise ValidationError(_l("This day lies in the future."))

    return check


def _post_page(post: Post, form: ContactForm, switch: ButtonForm) -> str:
    return render_template(
        "summits/office/post.html",
        post=post,
        country=country_name(post.country),
        status=_status(post),
        form=form,
        switch=switch,
    )
