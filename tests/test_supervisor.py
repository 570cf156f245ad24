"""The supervisor keeps web and worker running, and leaves nothing behind."""

import os
import signal
from collections.abc import Iterator

import pytest

from tests.drills.private import Private, contention, private, wait_until
from tests.drills.supervising import WITHIN, post_one, serving


@pytest.fixture(scope="module")
def within() -> float:
    """Give the seconds that are promised, stretched as far as others keep this machine busy."""
    return WITHIN * contention()


@pytest.fixture
def campaign() -> Iterator[Private]:
    with private() as one:
        yield one


def test_what_falls_is_started_again_and_a_signal_ends_it_all(
    campaign: Private, within: float
) -> None:
    with serving(campaign) as supervisor:
        (web,) = campaign.children(supervisor, "web")
        (worker,) = campaign.children(supervisor, "worker")

        os.kill(web, signal.SIGKILL)
        os.kill(worker, signal.SIGKILL)
        post_one(campaign, "ada@example.org")

        wait_until(
            lambda: campaign.children(supervisor, "web") not in ([], [web]),
            within=within,
            what="another web process",
        )
        wait_until(campaign.answers, within=within, what="the site answers again")
        wait_until(
            lambda: list(campaign.folder.glob("mailbox/*.eml")),
            within=within,
            what="another worker sends the mail",
        )

        os.kill(supervisor, signal.SIGINT)

        wait_until(lambda: not campaign.processes(), within=within, what="all is over")
    assert not campaign.answers()


def test_whoever_kills_the_supervisor_leaves_no_orphan(campaign: Private, within: float) -> None:
    with serving(campaign) as supervisor:
        os.kill(supervisor, signal.SIGKILL)

        wait_until(lambda: not campaign.processes(), within=within, what="no orphan is left")
    assert not campaign.answers()


def test_serving_tells_with_its_status_that_it_ended_as_asked(campaign: Private) -> None:
    process = campaign.start("serve", "--port", str(campaign.port))
    wait_until(campaign.answers, within=60, what="campaign serve answers")

    process.send_signal(signal.SIGTERM)

    assert process.wait(60) == 0
