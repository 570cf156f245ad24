"""Doors of the pictures for organisers: upload, take into a text, delete."""

from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from campaign import clock, tables
from campaign.db import db
from campaign.forms import ButtonForm
from campaign.languages import _
from campaign.languages import lazy_gettext as _l
from campaign.newsletter.images import pictures, queries, verbs
from campaign.newsletter.images.forms import ImageForm
from campaign.newsletter.images.models import Image
from campaign.newsletter.policy import LARGEST_PICTURE
from campaign.organisers.views import signed_in
from campaign.tables import Column

bp = Blueprint("images", __name__, url_prefix="/images")


def path_of(image: Image) -> str:
    """Give the address of a picture without the site's own, as a text holds it."""
    return url_for("images.picture", name=image.name)


def markdown_of(image: Image) -> str:
    """Give what puts a picture into a text."""
    return pictures.markdown(image.description, path_of(image))


def _shown(image: Image) -> Markup:
    href = url_for("office.newsletter.images.image", id=image.id)
    return Markup(
        '<a href="{}"><img class="thumb" src="{}" alt="{}" width="{}" height="{}" loading="lazy">'
        "</a>"
    ).format(href, path_of(image), image.description, image.width, image.height)


IMAGES = [
    Column("picture", _l("Picture"), lambda row: row.name, cell=_shown),
    Column("description", _l("What it shows"), lambda row: row.description),
    Column("markdown", _l("To paste into a text"), markdown_of, cell=lambda row: Markup(
        "<code>{}</code>"
    ).format(markdown_of(row))),
    Column("size", _l("Pixels"), lambda row: f"{row.width} × {row.height}"),
    Column("uploaded_at", _l("Uploaded"), lambda row: row.uploaded_at),
]  # fmt: skip


@bp.get("")
def index() -> Any:
    """List the pictures, newest first, beneath the form that adds one."""
    query = queries.search(request.args.get("q", ""))
    if request.args.get("format") == "csv":
        return tables.download(query, IMAGES, name="pictures")
    return _list(ImageForm())


def _list(form: ImageForm) -> str:
    query = queries.search(request.args.get("q", ""))
    return render_template(
        "newsletter/office/images.html",
        form=form,
        table=tables.page(query, IMAGES, arguments=request.args, path=request.path),
    )


@bp.post("")
def upload() -> Any:
    """Take in a picture."""
    sent: MultiDict[str, Any] = MultiDict(request.form)
    # One field is a file; what is sent for the others stays text.
    sent.setlist("picture", request.files.getlist("picture"))
    form = ImageForm(sent)
    if not form.validate():
        return _list(form), form.refusal_status()
    # One byte more than may be, so that what is too large is known by its length.
    raw = form.picture.data.read(LARGEST_PICTURE + 1)
    try:
        image = verbs.keep(
            raw, description=form.description.data, by=g.organiser.id, now=clock.now()
        )
    except pictures.Unusable as refusal:
        return _mend(form, refusal)
    db.session.commit()
    flash(_("The picture is kept. Paste its line into the text of an issue."), "done")
    return redirect(url_for("office.newsletter.images.image", id=image.id), 303)


def _mend(form: ImageForm, refusal: pictures.Unusable) -> tuple[str, int]:
    """Show the form again with the refusal beside its field."""
    form.picture.errors = [*form.picture.errors, refusal.sentence]
    return _list(form), refusal.status


@bp.errorhandler(RequestEntityTooLarge)
def too_large(error: RequestEntityTooLarge) -> Any:
    """Say beside the field that the file is too large, of which nothing was read."""
    # Raised before the guard has looked.
    organiser = signed_in()
    if organiser is None:
        return redirect(url_for("organisers.ask"), 303)
    g.organiser = organiser
    return _mend(ImageForm(formdata=None), pictures.TooLarge())


@bp.get("/<int:id>")
def image(id: int) -> Any:
    """Show a picture, the line to paste, and where it is used."""
    return _image(_found(id), ButtonForm())


def _found(id: int) -> Image:
    found: Image = db.session.get(Image, id) or abort(404)
    return found


def _image(found: Image, form: ButtonForm) -> str:
    return render_template(
        "newsletter/office/image.html",
        image=found,
        path=path_of(found),
        markdown=markdown_of(found),
        issues=queries.issues_with(found),
        form=form,
    )


@bp.post("/<int:id>/delete")
def delete(id: int) -> Any:
    """Delete a picture that stands in no issue."""
    found = _found(id)
    form = ButtonForm()
    if not form.validate():
        return _image(found, form), form.refusal_status()
    try:
        verbs.delete(found)
    except verbs.IsUsed as refusal:
        form.form_errors.append(refusal.sentence)
        return _image(found, form), refusal.status
    db.session.commit()
    flash(_("The picture is deleted."), "done")
    return redirect(url_for("office.newsletter.images.index"), 303)
