"""What delivery owes the clock: to send what is due, and to throw old journals and timings away."""

from datetime import timedelta

from campaign import clock
from campaign.delivery import worker
from campaign.jobs import duty


@duty("outbox.send", every=timedelta(minutes=1))
def send() -> None:
    """Send what is due. Also woken whenever a mail is queued."""
    worker.send_due()


@duty("delivery.tidy", every=timedelta(days=1))
def tidy() -> None:
    """Throw away the journals and timings of which nobody has use any more."""
    worker.tidy(now=clock.now())
