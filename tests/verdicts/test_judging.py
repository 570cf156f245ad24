"""Verdicts: only words that say that this very user is gone are held against a person."""

import itertools
import time

import pytest

from campaign.verdicts.judging import Verdict, judge

ABOUT_US_OR_PASSING = [
    ("5.2.1", "550 5.2.1 The user is receiving mail at a rate that prevents delivery", "limited"),
    ("5.2.1", "550 5.2.1 Your IP is blacklisted", "refused"),
    ("5.1.0", "550 5.1.0 sender rejected, see our AUP", "refused"),
    ("5.1.0", "550 5.1.0 invalid sender", "refused"),
    ("5.1.0", "550 5.1.0 Adresse d'expéditeur invalide", "refused"),
    ("5.1.0", "550 5.1.0 Absender unbekannt", "refused"),
    ("5.1.0", "550 5.1.0 Remitente desconocido: usuario no existe", "refused"),
    ("5.1.1", "552 5.1.1 mailbox full", "soft"),
    ("5.1.1", "552 5.1.1 user over quota", "soft"),
    ("5.1.1", "552 5.1.1 Boîte aux lettres pleine", "soft"),
    ("5.1.1", "550 host mx.example said: 552 5.1.1 the recipient's mailbox is full", "soft"),
    ("5.1.1", "550 5.1.1 too many recipients this hour", "limited"),
    ("5.1.1", "550 5.7.1 IP blacklisted by recipient", "refused"),
    ("5.1.1", "host relay.example said: 550 5.1.1 no; host b said: 550 5.7.1 blocked", "refused"),
    ("5.1.90", "550 5.1.90 reached the daily limit for message recipients", "limited"),
    ("5.1.90", "", "limited"),
    ("5.2.121", "550 5.2.121 The recipient gets too many from you", "limited"),
    ("5.2.122", "", "limited"),
    ("5.0.0", "550 mailbox unavailable; invalid DNS MX or A record", "refused"),
    ("5.0.0", "550 sender verify failed: no such user here", "refused"),
    ("5.0.0", "550-Callback for <bounces+1m@campaign.example> failed: user unknown", "refused"),
    ("5.0.0", "550 we do not like your PTR record", "refused"),
    ("5.1.1", "552 5.1.1 message size exceeded", "refused"),
    ("5.1.1", "550 5.1.1 unauthorized sender, backscatter protection", "refused"),
    ("5.2.1", "550 5.2.1 mailbox temporarily disabled", "soft"),
    ("5.1.1", "550 relay not permitted", "refused"),
    ("5.1.1", "550 5.1.1 authentication required", "refused"),
    ("5.1.1", "550 5.1.1 <b@campaign.example>: Sender address rejected: User unknown", "refused"),
    ("5.1.1", "550 5.1.1 refused by bl.spamcop.net", "refused"),
    ("5.1.3", "553 see http://www.spamhaus.example/query/bl?ip=192.0.2.1", "refused"),
    ("5.1.7", "550 5.1.7 invalid address", "refused"),
    ("5.1.8", "553 5.1.8 domain does not exist", "refused"),
    ("5.1.1", "450 4.2.0 greylisted, unknown user so far", "soft"),
    ("5.0.0", "450 user unknown", "soft"),
    ("5.1.1", "550 5.1.1 This account is currently suspended", "soft"),
    ("5.1.1", "550 5.1.1 account locked for over two weeks", "soft"),
    ("5.2.1", "550 5.2.1 mailbox cannot be reached", "soft"),
    ("5.1.0", "550 #5.1.0 Address rejected", "soft"),
    ("5.0.0", "5.1.0 - Unknown address error 550-'5.7.1 <us@campaign.example> no'", "refused"),
    ("5.0.0", "530 you must authenticate first", "refused"),
    ("5.1.1", "550 message sending for this account is disabled", "refused"),
    ("5.1.1", "550 5.1.1 outgoing mail is disabled for user ada", "refused"),
    ("5.1.1", "550 account disabled: sending disabled", "refused"),
    ("5.1.1", "550 5.1.1 send from this account is invalid", "refused"),
    ("5.1.1", "550 5.1.1 this user only accepts mail from known correspondents", "refused"),
    ("5.0.0", "550 Mailbox unavailable or access denied", "soft"),
    ("5.0.0", "550 user unknown or access is denied", "soft"),
    ("", "550 no", "soft"),
    ("5.7.1", "", "refused"),
    ("5.7.1", "554 5.7.1 <ada@example.org>: Recipient address rejected: Access denied", "refused"),
    ("", "552 5.2.2 full", "soft"),
    ("5.0.0", "550 has been in the queue too long: connection timed out", "soft"),
    # Who refuses to speak with us at all.
    ("5.0.0", "554 Connection refused. 192.0.2.1 is listed on a list of ours", "refused"),
    (
        "5.0.0",
        "554 XY1. Connection refused, 192.0.2.1 has a poor standing; bad reputation",
        "refused",
    ),
    ("4.4.1", "connect to mx.example.org[192.0.2.1]:25: Connection refused", "soft"),
    ("", "554 mx.example.org 192.0.2.1 was found on two DNSBLs", "refused"),
    ("", "550 Sorry, no access for this host", "refused"),
    ("", "550 connection refused due to abuse", "refused"),
    ("", "554 Your mail server is currently blocked", "refused"),
    ("5.1.1", "550 5.1.1 this user is not accepting mail with pictures", "refused"),
    ("", "554 message held for approval", "refused"),
    ("", "550 unacceptable tag", "refused"),
    ("", "550 the message does not comply with a standard", "refused"),
    ("", "550 your ip is in prison", "refused"),
    ("", "550 Blocked", "refused"),
    ("5.1.1", "550 5.1.1 blocked.", "refused"),
    # Who lets a gateway decide, and gives no reason.
    ("5.0.0", "550 Administrative prohibition - see https://mail.example/why#550", "refused"),
    ("5.1.1", "550 5.1.1 Envelope blocked by an entry of the user", "refused"),
    ("", "550 we reject spoofed mail", "refused"),
    ("", "554 Message not allowed: its headers are not RFC-compliant", "refused"),
    # A file of theirs that may grow no further, and not a mail of ours that is too large.
    (
        "5.2.0",
        "cannot append message to destination file /var/mail/ada: error writing message: File too"
        " large",
        "soft",
    ),
    ("5.0.0", "552 File too large", "refused"),
    # Whose address, it does not say.
    ("", "554 Mail address invalid.", "soft"),
    # Not what a lookup of the recipient's domain found.
    ("5.0.0", "550 DNS error: lookup of your domain failed, user unknown", "refused"),
    ("", "DNS Error: DNS type 'mx' lookup of example.org responded with code SERVFAIL", "refused"),
    # The list of those who are not wanted.
    ("", "550 the recipient is in my badrcptto list (#5.7.1)", "refused"),
    ("5.7.1", "550 5.7.1 sender not in recipient list", "refused"),
    ("5.0.0", "550 your account has been blocked for inactivity", "refused"),
    ("5.2.1", "550 5.2.1 this mailbox has been blocked for spam", "refused"),
    ("5.0.0", "550 mailbox is locked due to inactivity", "soft"),
]


@pytest.mark.parametrize(("status", "words", "verdict"), ABOUT_US_OR_PASSING)
def test_what_is_about_us_a_rate_or_a_full_mailbox_gives_nobody_up(
    status: str, words: str, verdict: str
) -> None:
    assert judge(words, status=status) == verdict


GONE = [
    "550 5.1.1 <ada@example.org>: Recipient address rejected: User unknown in virtual alias table",
    "550 5.1.1 The email account that you tried to reach does not exist.",
    "550-5.2.1 The email account that you tried to reach is disabled.",
    "554 delivery error: dd This user doesn't have a provider.example account (ada@x.example) [0]",
    "554 delivery error: Sorry. This account has been disabled or discontinued [#102].",
    "550 5.7.1 No such user!",
    "550 sorry, no mailbox here by that name. (#5.7.17)",
    '550 "ada@example.org" is not a known user',
    "550 5.5.0 Requested action not taken: mailbox unavailable",
    "550 Invalid recipient",
    "550 5.2.0 Unknown user ada@example.org",
    "550 Recipient does not exist on this system",
    "550 BAD_RECIPIENT - see https://mail.example/why",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found by SMTP address lookup",
    "User ada (ada@example.org) not listed in Domino Directory",
    "The recipient name is not recognized",
    "550 5.1.6 recipient no longer on server",
    "551 not our customer; this user no longer exists",
    "550-said here: <<< 550 No account by that name here",
    "550 5.1.1 Addressee unknown, relay=[192.0.2.1]",
    "550 user doesn't exist, size=100",
    "550 Utilisateur inconnu",
    "550 5.1.1 Adresse d'au moins un destinataire invalide",
    "550 L'adresse de messagerie n'existe pas",
    "550 Empfänger unbekannt",
    "550 Das Postfach existiert nicht",
    "550 Kein solcher Benutzer",
    "550 Usuario desconocido",
    "550 La cuenta no existe",
    "550 No existe el usuario",
    "550 Usuário inválido ou inexistente",
    "550 Destinatário não encontrado",
    "550 Utente sconosciuto",
    "550 La casella non esiste",
    "550 Onbekende gebruiker",
    "550 Ontvanger bestaat niet",
    "550 Okänd mottagare",
    "550 Brugeren findes ikke",
    "550 Nieznany użytkownik",
    "550 Odbiorca nie istnieje",
    "550 Uživatel neexistuje",
    "550 Ismeretlen címzett",
    "550 Utilizator necunoscut",
    "550 Kullanıcı bulunamadı",
    "550 Άγνωστος χρήστης",
    "550 Пользователь не найден",
    "550 Нет такого пользователя",
    "550 Неизвестный получатель",
    "550 ユーザーが見つかりません",
    "550 宛先不明",
    "550 存在しないメールアドレスです",
    "550 用户不存在",
    "550 收件人不存在",
    "550 查无此人",
    # Written in haste, or in a language learnt late.
    "554 RCPT (ada@example.org) dosn't exist",
    "550 The email account that you tried to reach does no exists",
    "550 user dont exist",
    "550 local server don't exists that user",
    "551 5.0.0 recipient unrecognised",
    "550 #2175041 unavailable mail user",
    "550 not user of this server",
    "550 User not a member of domain: <ada@example.org>",
    "551 <ada@example.org> is a deactivated mailbox",
    "550 User account not activated",
    "540 Error: Wrong recipients",
    "559 Invalid rcptto",
    # The address stands right behind, or in the middle of it.
    "550 2f1c655f User not found:ada@example.org",
    "550 ada@example.org:user not exist",
    "550 mailbox ada@example.org unavailable",
    "550 mailbox for ada@example.org does not exist",
    # One provider's advice to others.
    "550 user unknown. Please visit https://help.example/ and review RFC 5321 specifications",
    "550 존재하지 않는 사용자입니다",
    # Whose name is a word that would be a veto.
    "550 User <abuse> unknown",
    'unknown user: "spam"',
    "550 no such mailbox: 'policy'",
    '550 Recipient "sender" does not exist',
    # The list of those who are there.
    "554 5.7.1 <ada@example.org>: Recipient address rejected: Not in recipient list",
    "553 sorry, ada@example.org is not in my validrcptto list (#5.7.1)",
    "550 recipient not in route list",
    "550 Unable to find alias user",
    "550 Invalid final delivery user",
    "550 invalid domain mailbox user",
    "550 The mailbox is not available on this system",
    "550 this server doesn't handle mail for that user",
    "550 This address does not receive mail.",
    "550 mailaddress is administratively disabled",
    "550 Rule imposed mailbox access for ada@example.org refused: user invalid",
    "550 5.2.1 This mailbox has been blocked due to inactivity",
    "550 account is closed for long inactivity",
]


@pytest.mark.parametrize("words", GONE)
def test_words_that_say_that_the_user_is_unknown_or_gone_are_believed(words: str) -> None:
    assert judge(words, status="5.0.0") is Verdict.GONE
    assert judge(words, code=550) is Verdict.GONE


VETOES = [
    "sender verify failed", "callback failed", "blacklisted by us", "on our blocklist", "SPF fail",
    "no DKIM", "DMARC policy", "relay not permitted", "no DNS record", "PTR missing",
    "your IP is bad", "rate limited", "too many messages this hour", "daily limit", "over quota",
    "mailbox full", "message size", "spam", "authentication required", "temporarily disabled",
    "try again later", "expéditeur refusé", "Absender abgelehnt", "remitente rechazado",
    "mittente rifiutato", "afzender geweigerd", "odrzucony nadawca", "адрес отправителя",
    "送信者が拒否されました", "发件人被拒绝", "Postfach voll", "buzón lleno", "caixa postal cheia",
    "casella piena", "ящик переполнен", "skrzynka pełna", "容量を超えています", "邮箱已满",
]  # fmt: skip


@pytest.mark.parametrize("veto", VETOES)
def test_one_word_against_it_is_enough_wherever_it_stands(veto: str) -> None:
    for gone in ("user unknown", "Empfänger unbekannt", "no such user here", "用户不存在"):
        for words in (f"550 5.1.1 {gone}; {veto}", f"550 5.1.1 {veto}: {gone}"):
            assert judge(words, status="5.1.1", code=550) is not Verdict.GONE, words


PLACES = [
    "full@quota.example", "spam@example.org", "sender@blacklist.example", "rate.limit@example.org",
    "<policy@dns.example>", "mx.spam-filter.example", "https://mail.example/sender/blocked?size=1",
    "relay.daily-limit.example.com", "temporarily@example.org",
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_what_stands_in_an_address_or_a_name_is_no_word_about_it(place: str) -> None:
    if "blocked" not in place:
        assert judge(f"550 5.1.1 {place}: user unknown ({place})") is Verdict.GONE
    for gone in ("no-such-user@example.org", "unknown.user@example.org", "user-unknown.example"):
        assert judge(f"550 5.0.0 {gone} rejected") is Verdict.SOFT


def test_what_a_command_or_the_returned_mail_says_is_not_the_answer() -> None:
    for words in (
        "after MAIL FROM:<bounces+1m@campaign.example> SIZE=4711: then RCPT TO:<ada@example.org>:"
        " 550 user unknown",
        "550 5.1.1 user unknown (in reply to RCPT TO command)",
        "550 user unknown, returned to sender",
        "550 user unknown --- Below this line is a copy of the message. spam sender quota",
        "dns; mx.example 550 user unknown",
        "550 user unknown -- This message has been scanned for viruses and spam by a gate",
        "550 user unknown. This email was scanned for spam. Visit the page below to report this"
        " email as spam: https://blocked.example/?id=1",
        "host mx.example[https://urldefense.example/v2/url?u=spamhaus] said: 550 user unknown",
    ):
        assert judge(words) is Verdict.GONE, words
    assert judge("550 user unknown (in reply to MAIL FROM command)") is Verdict.REFUSED
    scanned = "550 user unknown; this message has been scanned for viruses and is infected"
    assert judge(scanned) is Verdict.REFUSED


@pytest.mark.parametrize(
    ("words", "status", "verdict"),
    [
        ("", "5.1.1", Verdict.GONE),
        ("", "5.1.10", Verdict.GONE),
        ("", "5.1.0", Verdict.SOFT),
        ("", "5.2.1", Verdict.SOFT),
        ("", "4.2.2", Verdict.SOFT),
        ("", "2.1.5", Verdict.NOTED),
        ("", "", Verdict.SOFT),
        ("550 5.1.1", "5.0.0", Verdict.GONE),
        ("550 5.7.1", "5.1.1", Verdict.REFUSED),
        ("550 5.1.1 x, then 550 5.7.1", "5.1.1", Verdict.REFUSED),
        ("550 5.7.1 x, then said: 550 5.1.1", "5.7.1", Verdict.GONE),
        ("550 5.0.0 no", "5.1.1", Verdict.GONE),
        ("550 5.1.1 user unknown", "4.2.2", Verdict.SOFT),
        # A code counts also where a protocol is named before it.
        ("smtp;450 user unknown", "", Verdict.SOFT),
        ("Diagnostic-Code: smtp; 450 no such user here", "", Verdict.SOFT),
        ("smtp; 451 relay not permitted", "", Verdict.SOFT),
        ("smtp;550 user unknown", "", Verdict.GONE),
        # Of a program's version, an address in numbers and the like nothing follows.
        ("550 Exim 4.94.2 on 5.1.1.1 says no", "5.0.0", Verdict.SOFT),
    ],
)
def test_the_code_nearest_the_recipient_counts(words: str, status: str, verdict: Verdict) -> None:
    assert judge(words, status=status) is verdict


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("550 5.4.1 <ada@example.org>: Recipient address rejected: Access denied", "5.4.1"),
        ("550 5.4.1 Recipient address rejected: Access denied. [x.prod.outlook.example]", ""),
        ("Host or domain name not found. Name service error for name=no.example", "5.4.4"),
        ("550 Unrouteable address", "5.0.0"),
        ("DNS Error: Domain name not found", "5.0.0"),
        ("DNS Error: Address resolution of no.example. failed: Domain name not found", ""),
        (
            "DNS Error: DNS type 'mx' lookup of no.example responded with code NXDOMAIN Domain name"
            " not found: no.example",
            "",
        ),
        ("DNS lookup failure: host no.example not found", ""),
    ],
)
def test_what_mostly_means_no_such_address_must_be_said_again(words: str, status: str) -> None:
    assert judge(words, status=status) is Verdict.MAYBE_GONE


HOSTILE = [
    "user " * 200_000, "a." * 500_000, "<a@" * 330_000, "(" * 1_000_000, "rcpt to: " * 110_000,
    "5.1.1." * 160_000, "not not " * 125_000, "user" + "a" * 1_000_000, "http://" * 140_000,
    "\u0300" * 500_000, "ﷺ" * 300_000, "sender " + " " * 1_000_000, "no no mailbox " * 70_000,
    "x." * 1499 + "com", "address " + "x " * 1400, "-" * 1_000_000, "unknown user: <" * 70_000,
    "this message has been scanned for viruses " * 24_000, "connection refused. " * 50_000,
]  # fmt: skip


def test_no_words_are_dear_to_judge() -> None:
    began = time.process_time()

    for words in HOSTILE:
        judge(words)
        judge(words[:3000])

    assert time.process_time() - began < 5


def test_a_cause_far_behind_is_found_and_what_stands_between_is_not_looked_at() -> None:
    assert judge("x" * 100_000 + " 552 5.2.2 mailbox full", status="5.1.1") is Verdict.SOFT


def test_every_veto_holds_in_every_kind_of_line_end_and_case() -> None:
    for veto, end in itertools.product(VETOES[:20], ("\r\n", "\n", " ", "\t")):
        words = f"550-5.1.1 user unknown{end}550 5.1.1 {veto.upper()}"

        assert judge(words) is not Verdict.GONE, words
