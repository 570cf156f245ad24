"""Reading a mail: what it is, whether a machine or a person wrote it. Never raises, never acts."""

from dataclasses import dataclass
from email.message import Message

from campaign.inbound import automatic, delivery_reports, guesses
from campaign.inbound.calendar_replies import Answer, answer_in
from campaign.inbound.delivery_reports import Complaint, Failure
from campaign.inbound.opening import LOOKED_AT, address_in, header, is_nested, open_mail


@dataclass(frozen=True)
class Reading:
    """What a mail is found to be."""

    sender: str
    subject: str
    # Of a delivery report, one for each recipient; with `is_report` and none, it is unreadable.
    failures: tuple[Failure, ...] = ()
    is_report: bool = False
    complaint: Complaint | None = None
    # What a mail server tells in words, line by line, before the mail that it gives back.
    told: tuple[str, ...] = ()
    answer: Answer | None = None
    # The tokens, if they are ours, of the mails that it answers.
    refers_to: tuple[str, ...] = ()
    # No person wrote it: its headers say so, or nobody is to be answered.
    is_automatic: bool = False
    # Only its subject says so.
    seems_automatic: bool = False
    # It is an answer that a program wrote for somebody, and no mail that came back.
    is_auto_reply: bool = False
    is_nested: bool = False


def read(raw: bytes, *, envelope_sender: str | None) -> Reading:
    """Tell what a mail is. `envelope_sender` is "" for the null sender, None where not known."""
    message = open_mail(raw)
    sender, subject = address_in(message, "From"), header(message, "Subject")
    if is_nested(raw[:LOOKED_AT]):
        return Reading(sender, subject, is_nested=True)
    complaint = delivery_reports.complaint(message)
    failures = [] if complaint else delivery_reports.failures(message)
    is_report = bool(failures) or _says_report(message)
    is_auto_reply = not is_report and _is_auto_reply(message)
    may_be_bounce = envelope_sender == "" or guesses.is_from_mailer(message)
    if not complaint and not failures and may_be_bounce and not is_auto_reply:
        failures = guesses.guessed_failures(raw)
    text = "" if is_auto_reply or complaint else guesses.words_in(message)
    is_returned = is_report or guesses.is_returned(message) or guesses.tells_of_failure(text)
    return Reading(
        sender=sender,
        subject=subject,
        failures=tuple(failures),
        is_report=is_report or bool(failures),
        complaint=complaint,
        told=guesses.told(text) if is_returned else (),
        answer=answer_in(message),
        refers_to=delivery_reports.referred_to(message),
        is_automatic=envelope_sender == "" or automatic.by_headers(message),
        seems_automatic=automatic.seems(message),
        is_auto_reply=is_auto_reply,
    )


def _says_report(message: Message) -> bool:
    return (
        message.get_content_type() == "multipart/report"
        and "delivery-status" in header(message, "Content-Type", most=500).lower()
    )


def _is_auto_reply(message: Message) -> bool:
    """Tell an answer that a program wrote from a bounce, which often bears the same headers."""
    return automatic.by_subject(message) or (
        not guesses.is_returned(message)
        and (automatic.is_receipt(message) or automatic.is_answer(message))
    )
