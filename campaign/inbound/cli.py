"""The operators' command for mail that comes in: a server, or one mail at a time."""

import asyncio
import errno
import os
import sys

import click
import structlog
from flask.cli import ScriptInfo

from campaign.inbound import lmtp, worker
from campaign.inbound.addressing import plain_sender, recipient_in, sender_in
from campaign.inbound.opening import open_mail
from campaign.inbound.policy import LARGEST_MAIL, USUAL_PORT
from campaign.inbound.verbs import TooLarge
from campaign.refusals import Refusal

log = structlog.get_logger()

# To a mail server that pipes a mail to us: keep it and try again (sysexits.h). After any other
# status but 0 it sends the mail back.
EX_TEMPFAIL = 75


class PortTaken(Refusal):
    sentence = (
        "Another program is listening on port {port}: stop it, or choose another with INBOUND_PORT."
    )


@click.command("inbound")
@click.option("--stdin", is_flag=True, help="Take in one mail from standard input.")
@click.option("--to", default="", help="With --stdin: the envelope's recipient.")
@click.option("--from", "sender", default=None, help="With --stdin: the envelope's sender.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address on which the server listens."
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help=f"Port on which it listens; INBOUND_PORT, or else {USUAL_PORT}.",
)
@click.pass_context
def cli(
    context: click.Context, stdin: bool, to: str, sender: str | None, host: str, port: int | None
) -> None:
    """Take in what comes back: bounces, complaints, mails to leave, answers of calendars.

    Without --stdin it is an LMTP server, to which a mail server hands mail. With it, it takes one
    mail; status 75 says that the mail could not be stored now and must be kept.

    Example: campaign inbound

    Example: campaign inbound --stdin --to "$RECIPIENT"
    """
    script = context.ensure_object(ScriptInfo)
    if stdin:
        _take_one(script, to=to, sender=sender)
        return
    app = script.load_app()
    chosen = port or app.config["INBOUND_PORT"] or USUAL_PORT
    try:
        asyncio.run(lmtp.serve(app, host=host, port=chosen))
    except OSError as trouble:
        if trouble.errno != errno.EADDRINUSE:
            raise
        raise PortTaken(PortTaken.sentence.format(port=chosen)) from None


def _take_one(script: ScriptInfo, *, to: str, sender: str | None) -> None:
    raw = sys.stdin.buffer.read(LARGEST_MAIL + 1)
    if len(raw) > LARGEST_MAIL:
        # Read to its end, or who writes it would think that we had died.
        while sys.stdin.buffer.read(1024 * 1024):
            pass
        raise TooLarge
    try:
        head = open_mail(raw)
        noted = os.environ.get("ORIGINAL_RECIPIENT") or os.environ.get("RECIPIENT", "")
        said = os.environ.get("SENDER") if sender is None else sender
        with script.load_app().app_context():
            worker.take_in(
                raw,
                recipient=to or noted or recipient_in(head),
                envelope_sender=sender_in(head) if said is None else plain_sender(said),
            )
    except Exception as trouble:  # the edge of a process: whatever it is, the mail is not lost
        log.warning("inbound.not_stored", trouble=type(trouble).__name__)
        click.echo("4.3.0 The mail could not be stored now; keep it and try again.", err=True)
        sys.exit(EX_TEMPFAIL)
