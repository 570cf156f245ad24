"""The supervisor keeps web and worker running, and leaves nothing behind."""

import os
import signal
from collections.abc import Iterator

import pytest

from tests.drills.private import Private, expect_within, private, wait_until
from tests.drills.supervising import WITHIN, post_one, serving


@pytest.fixture
def campaign() -> Iterator[Private]:
    with private(MAIL_WORKERS=1) as one:
        yield one


def test_what_crashes_is_started_again_and_a_signal_ends_it_all(campaign: Private) -> None:
    with serving(campaign) as supervisor:
        (web,) = campaign.children(supervisor, "web")
        (worker,) = campaign.children(supervisor, "worker")

        os.kill(web, signal.SIGKILL)
        os.kill(worker, signal.SIGKILL)
        post_one(campaign, "ada@example.org")

        expect_within(
            WITHIN,
            lambda: campaign.children(supervisor, "web") not in ([], [web]),
            what="another web process",
        )
        expect_within(WITHIN, campaign.answers, what="the site answers again")
        expect_within(
            WITHIN,
            lambda: list(campaign.folder.glob("mailbox/*.eml")),
            what="another worker sends the mail",
        )

        os.kill(supervisor, signal.SIGINT)

        expect_within(WITHIN, lambda: not campaign.processes(), what="all is over")
    assert not campaign.answers()


def test_whoever_kills_the_supervisor_leaves_no_orphan(campaign: Private) -> None:
    with serving(campaign) as supervisor:
        os.kill(supervisor, signal.SIGKILL)

        expect_within(WITHIN, lambda: not campaign.processes(), what="no orphan is left")
    assert not campaign.answers()


def test_serving_tells_with_its_status_that_it_ended_as_asked(campaign: Private) -> None:
    process = campaign.start("serve", "--port", str(campaign.port))
    wait_until(campaign.answers, within=60, what="campaign serve answers")

    process.send_signal(signal.SIGTERM)

    assert process.wait(60) == 0


def test_as_many_workers_run_as_are_set() -> None:
    with private(MAIL_WORKERS=3) as campaign, serving(campaign) as supervisor:
        expect_within(
            WITHIN,
            lambda: len(campaign.children(supervisor, "worker")) == 3,
            what="three workers",
        )

        os.kill(supervisor, signal.SIGINT)

        expect_within(WITHIN, lambda: not campaign.processes(), what="all is over")
        assert not campaign.children(supervisor, "worker")
