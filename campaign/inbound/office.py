"""The inbox for organisers: what waits for a person, and what was made of the rest."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from markupsafe import Markup

from campaign import clock, tables
from campaign.db import db
from campaign.forms import ButtonForm
from campaign.inbound import opening, queries, reading, verbs
from campaign.inbound.forms import AddressForm
from campaign.inbound.models import InboundMail, Kind, Made, Settlement
from campaign.inbound.opening import Shown
from campaign.languages import _
from campaign.languages import lazy_gettext as _l
from campaign.outbox.masking import masked
from campaign.tables import Column

bp = Blueprint("inbound", __name__, url_prefix="/inbound")

KINDS: dict[str, Any] = {
    Kind.UNREAD: _l("not read"),
    Kind.BOUNCE: _l("came back"),
    Kind.NOTICE: _l("notice of a mail server"),
    Kind.COMPLAINT: _l("complaint"),
    Kind.UNSUBSCRIBE: _l("wants to leave"),
    Kind.CALENDAR: _l("calendar’s answer"),
    Kind.AUTOMATIC: _l("automatic answer"),
    Kind.PERSONAL: _l("from a person"),
}

MADE: dict[str, Any] = {
    Made.NOTHING_YET: _l("It has just come in and is read within minutes."),
    Made.SUPPRESSED: _l("The address is no more: nothing is sent there again."),
    Made.COUNTED: _l(
        "It did not arrive this time. After five such mails over two weeks the address is given up."
    ),
    Made.MAYBE_GONE: _l(
        "The other side lets nobody write to this address: mostly it does not exist. After three "
        "such mails over a week the address is given up."
    ),
    Made.HELD_BACK: _l(
        "The address is said to be no more, as are too many others at once: somebody must look "
        "at them together first, in the outbox."
    ),
    Made.SUPPRESSED_AT_LAST: _l(
        "For weeks nothing has arrived: nothing is sent to the address again."
    ),
    Made.NOT_HELD_AGAINST: _l(
        "The other side did not want this mail, or no more for now. The address is sound and stays."
    ),
    Made.NOTED: _l("Noted; there is nothing to do."),
    Made.AUTH_FAILURE: _l(
        "A receiver could not verify that a mail in our name is ours. Whoever runs the server "
        "should look at SPF, DKIM and DMARC, unless somebody forged it. No reader is to blame."
    ),
    Made.COMPLAINT: _l("Somebody called our mail abuse: nothing is sent to them again."),
    Made.LEFT: _l("They have left the list."),
    Made.GAVE_UP: _l("Their calendar declined: they gave up their place."),
    Made.ASKED: _l(
        "A calendar declined from another address than theirs. They were asked by mail, and "
        "nothing is changed."
    ),
    Made.AUTOMATIC: _l("A machine wrote it; it is never answered."),
    Made.TOO_LATE: _l("The mail that came back is erased already: nothing was done."),
    Made.TO_BE_READ: _l("To be read by a person."),
    Made.UNPROVEN: _l(
        "It says that a mail of ours came back or was unwanted, and does not prove which. Nobody "
        "is taken off any list by that."
    ),
    Made.FORGED: _l(
        "It went to an address with a mark that we have never given out. Nothing was done."
    ),
    Made.UNCLEAR: _l("It does not say clearly what it is about. Nothing was done."),
    Made.UNREADABLE: _l("It is so tangled that no program reads it. Look with care."),
    Made.TOO_LARGE: _l("It is too large to be kept here. It lies in the mailbox still."),
}

SETTLEMENTS: dict[str, Any] = {
    Settlement.NOTHING: _l("Nothing was to be done."),
    Settlement.GONE: _l("The address exists no longer: nothing is sent there again."),
    Settlement.LEFT: _l("They were taken off the list."),
    Settlement.EXPIRED: _l("Nobody looked at it for 180 days, so it was erased."),
}


def _link(mail: InboundMail) -> Markup:
    href = url_for("office.inbound.mail", id=mail.id)
    label = masked(mail.subject) or (_("(erased)") if mail.erased_at else _("(no subject)"))
    return Markup('<a href="{}">{}</a>').format(href, label)


MAILS = [
    Column("subject", _l("Subject"), lambda row: masked(row.subject), cell=_link),
    Column("sender", _l("From"), lambda row: row.sender),
    Column("kind", _l("What it is"), lambda row: row.kind, cell=lambda row: KINDS[row.kind]),
    Column("words", _l("What it says"), lambda row: masked(row.words)),
    Column("received_at", _l("Came in"), lambda row: row.received_at),
]
ALL = [
    *MAILS,
    Column("made", _l("What was made of it"), lambda row: row.made, cell=lambda row: _made(row)),
    Column("settled_at", _l("Settled"), lambda row: row.settled_at),
]


def _made(mail: InboundMail) -> Any:
    return SETTLEMENTS.get(mail.settled_as) or MADE[mail.made]


@bp.get("")
def index() -> Any:
    """List what waits for a person."""
    query = queries.waiting(request.args.get("q", ""))
    if request.args.get("format") == "csv":
        return tables.download(query, MAILS, name="inbox")
    return render_template(
        "inbound/office/index.html",
        table=tables.page(query, MAILS, arguments=request.args, path=request.path),
    )


@bp.get("/all")
def everything() -> Any:
    """List all that came in, with what was made of it."""
    kind = request.args.get("kind", "")
    query = queries.all_mails(
        request.args.get("q", ""), kind=kind, everywhere=tables.is_everywhere(request.args)
    )
    if request.args.get("format") == "csv":
        return tables.download(query, ALL, name="mail-in")
    return render_template(
        "inbound/office/everything.html",
        table=tables.page(
            query,
            ALL,
            arguments=request.args,
            path=request.path,
            is_narrowed=tables.finds_some(queries.all_mails(), request.args, "q", "kind"),
        ),
        kinds=KINDS,
        kind=kind,
    )


@bp.get("/<int:id>")
def mail(id: int) -> Any:
    """Show one mail as plain text, and what may be done about it."""
    found = queries.mail(id) or abort(404)
    return _mail_page(found, ButtonForm(), AddressForm(formdata=None, email=_about(found)))


def _about(mail: InboundMail) -> str:
    """Guess the address a mail is about: of whom it says that they are gone, or its sender's."""
    found = reading.read(queries.bytes_of(mail), envelope_sender=mail.envelope_sender)
    named = [address for failure in found.failures[:1] for address in failure.addresses]
    return named[0] if named else found.sender


def _mail_page(mail: InboundMail, aside: ButtonForm, form: AddressForm) -> str:
    return render_template(
        "inbound/office/mail.html",
        mail=mail,
        kind=KINDS[mail.kind],
        made=MADE[mail.made],
        settlement=SETTLEMENTS.get(mail.settled_as, ""),
        shown=_shown(mail),
        aside=aside,
        form=form,
    )


def _shown(mail: InboundMail) -> Shown:
    """Give a mail as it is read here: links of ours that it quotes are their owner's alone."""
    shown = opening.show(queries.bytes_of(mail))
    return replace(shown, text=masked(shown.text), attachments=[*map(masked, shown.attachments)])


@bp.post("/<int:id>/nothing")
def lay_aside(id: int) -> Any:
    """Note that there is nothing to do about a mail."""
    found = queries.mail(id) or abort(404)
    form = ButtonForm()
    if not form.validate():
        page = _mail_page(found, form, AddressForm(formdata=None, email=_about(found)))
        return page, form.refusal_status()
    verbs.lay_aside(found, by=g.organiser.id, now=clock.now())
    return _done(_("Settled: there was nothing to do."))


@bp.post("/<int:id>/address")
def about_address(id: int) -> Any:
    """Give up the address that a mail is about, or take its owner off the list."""
    found = queries.mail(id) or abort(404)
    form = AddressForm()
    if not form.validate():
        return _mail_page(found, ButtonForm(formdata=None), form), form.refusal_status()
    said = {"address": form.email.data, "by": g.organiser.id, "now": clock.now()}
    if request.form.get("settlement") == Settlement.GONE:
        verbs.give_up(found, **said)
        return _done(_("Settled: nothing is sent to this address again."))
    try:
        verbs.take_off_list(found, **said)
    except verbs.NobodyThere as refusal:
        form.email.errors = [refusal.sentence]
        return _mail_page(found, ButtonForm(formdata=None), form), refusal.status
    return _done(_("Settled: they are off the list."))


def _done(sentence: str) -> Any:
    db.session.commit()
    flash(sentence, "done")
    return redirect(url_for("office.inbound.index"), 303)
