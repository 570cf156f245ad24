"""The craft of a mailing's state: in a word, in a sentence, and why it does not go on."""

from collections.abc import Sequence
from datetime import timedelta

from campaign.languages import _
from campaign.languages import lazy_gettext as _l
from campaign.mailings.models import Mailing, MailingState
from campaign.outbox.hard_bounces.queries import withheld_of
from campaign.outbox.masking import masked
from campaign.outbox.models import Batch
from campaign.tables import office_time

NAMES = {
    MailingState.PLANNED: _l("planned"),
    MailingState.CALLED_OFF: _l("called off"),
    MailingState.RUNNING: _l("on its way"),
    MailingState.PAUSED: _l("paused"),
    MailingState.AB_TEST: _l("A/B test"),
    MailingState.STOPPED: _l("stopped"),
    MailingState.FINISHED: _l("finished"),
}


def sentence(mailing: Mailing, state: MailingState) -> str:
    """Say in a sentence how a mailing stands."""
    begun = office_time(mailing.queued_at or mailing.starts_at)
    ended = office_time(mailing.called_off_at) if mailing.called_off_at else ""
    sentences = {
        MailingState.PLANNED: _("It begins %(time)s.", time=begun),
        MailingState.CALLED_OFF: _("It was called off %(time)s, before it began.", time=ended),
        MailingState.RUNNING: _("It has been on its way since %(time)s.", time=begun),
        MailingState.PAUSED: _("It is paused. Nothing of it is sent until somebody resumes it."),
        MailingState.AB_TEST: _(
            "Two subjects are being compared since %(time)s. The rest still waits.", time=begun
        ),
        MailingState.STOPPED: _("It was stopped for good %(time)s.", time=ended),
        MailingState.FINISHED: _("It is finished. It began %(time)s.", time=begun),
    }
    return str(sentences[state])


def because(mailing: Mailing, batches: Sequence[Batch], *, version: int, waits: bool) -> str:
    """Say why it does not go on, or will not, where that is known.

    `version` is the content's as it is now; `waits` tells that a colleague has to approve.
    """
    if mailing.is_planned and version != mailing.version:
        return str(
            _(
                "It was changed after this was planned, so it will not go out like this. Call it "
                "off and plan it anew."
            )
        )
    if mailing.is_planned and waits:
        return str(_("It does not begin until a colleague has approved the second subject."))
    paused = [batch for batch in batches if batch.paused_at and batch.paused_because]
    if mailing.called_off_because or not paused:
        return mailing.called_off_because
    why = masked(paused[0].paused_because)
    if withheld_of([batch.id for batch in paused]):
        return str(
            _(
                "So many readers were said to be gone all at once that nothing more is sent until "
                "somebody has looked: the desk leads there. %(why)s",
                why=why,
            )
        )
    return str(
        _("The relay refused so many one after another that it stands still: %(why)s", why=why)
    )


def of_ab_test(mailing: Mailing) -> str:
    """Say whether one of two subjects was chosen, or when it will be."""
    if mailing.ab_test_decided_at is not None:
        return str(_("The choice was made %(time)s.", time=office_time(mailing.ab_test_decided_at)))
    if not mailing.is_undecided or mailing.queued_at is None:
        return str(_("No choice was made: it was stopped before."))
    due = office_time(mailing.queued_at + timedelta(hours=mailing.ab_test_hours))
    return str(_("The better one goes to the rest %(time)s, or when you choose.", time=due))
