"""Reading a mail: what it is, whether a machine or a person wrote it. Never raises, never acts."""

import re
from dataclasses import dataclass
from email.message import Message

from campaign.inbound import reports
from campaign.inbound.answers import Answer, answer_in
from campaign.inbound.opening import LOOKED_AT, address_in, header, is_entangled, open_mail
from campaign.inbound.reports import Complaint, Failure

_SUBJECTS = re.compile(
    r"(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office|"
    r"abwesenheit|abwesend|automatische (?:antwort|reactie)|automatisch antwoord|"
    r"(?:réponse|reponse) automatique|absence du bureau|respuesta autom|fuera de la oficina|"
    r"risposta automatica|resposta autom|automatiskt svar|automatsvar|autosvar)",
    re.IGNORECASE,
)
_MACHINES = {"mailer-daemon", "postmaster"}


@dataclass(frozen=True)
class Reading:
    """What a mail is found to be."""

    sender: str
    subject: str
    # Of a delivery report, one for each recipient; with `is_report` and none, it is unreadable.
    failures: tuple[Failure, ...] = ()
    is_report: bool = False
    complaint: Complaint | None = None
    answer: Answer | None = None
    # The tokens, if they are ours, of the mails that it answers.
    refers_to: tuple[str, ...] = ()
    # Its headers say that no person wrote it (RFC 3834 section 5).
    is_automatic: bool = False
    # Only its subject says so.
    seems_automatic: bool = False
    is_entangled: bool = False


def read(raw: bytes, *, envelope_sender: str | None) -> Reading:
    """Tell what a mail is. `envelope_sender` is "" for the null sender, None where not known."""
    message = open_mail(raw)
    sender, subject = address_in(message, "From"), header(message, "Subject")
    if is_entangled(raw[:LOOKED_AT]):
        return Reading(sender, subject, is_entangled=True)
    complaint = reports.complaint(message)
    failures = [] if complaint else reports.failures(message)
    is_report = bool(failures) or _says_report(message)
    if not complaint and not failures and _may_be_bounce(message, sender, envelope_sender):
        failures = reports.guessed_failures(raw)
    return Reading(
        sender=sender,
        subject=subject,
        failures=tuple(failures),
        is_report=is_report or bool(failures),
        complaint=complaint,
        answer=answer_in(message),
        refers_to=reports.referred_to(message),
        is_automatic=_is_automatic(message, envelope_sender),
        seems_automatic=_SUBJECTS.match(subject) is not None,
    )


def _says_report(message: Message) -> bool:
    return (
        message.get_content_type() == "multipart/report"
        and "delivery-status" in header(message, "Content-Type", most=500).lower()
    )


def _may_be_bounce(message: Message, sender: str, envelope_sender: str | None) -> bool:
    return (
        envelope_sender == ""
        or sender.partition("@")[0] in _MACHINES
        or "X-Failed-Recipients" in message
    )


def _is_automatic(message: Message, envelope_sender: str | None) -> bool:
    """Tell whether headers say that a machine wrote it, so that nobody answers it."""
    submitted = header(message, "Auto-Submitted").lower()
    return (
        envelope_sender == ""
        or (submitted != "" and submitted.split(";")[0].strip() != "no")
        or header(message, "Precedence").lower() in {"bulk", "list", "junk", "auto_reply"}
        or any(name in message for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply-From"))
        or "List-Id" in message
    )
