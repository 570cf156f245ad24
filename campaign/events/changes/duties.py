"""What changes of plans owe the clock: those who signed up are notified."""

from datetime import timedelta

from campaign import clock, jobs
from campaign.events.changes import queries, verbs
from campaign.jobs import duty


@duty("events.notify", every=timedelta(minutes=1))
def notify() -> None:
    """Write of each changed event to those who are not yet notified. Also woken by each change."""
    for event in queries.with_unsent_changes(now=clock.now()):
        jobs.in_pieces(verbs.notify, event)
