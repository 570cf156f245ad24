"""Words for what may pass: limits, full mailboxes, ways that were closed for a while."""

from campaign.verdicts.phrases import USER, any_of

# A limit of theirs for an hour or a day, or how fast mail comes.
LIMITED = any_of(
    r"frequency (?:limit|exceed)",
    r"\brate\b[^.\n]{0,30}\b(?:limit|exceed|control|prevent|too|high)",
    r"rate-?limit",
    r"ratelimit",
    r"throttl",
    r"\b(?:at|sending) (?:a|too high a) rate\b",
    r"too (?:fast|frequent|quickly)",
    r"sending rate",
    r"too many\b(?! (?:messages|mails) (?:on|in) (?:the|this|your|its) (?:server|"
    r"mailbox))[^.\n]{0,60}\b(?:hour|minute|day|second|today|period|time|session|connection|"
    r"message|mail|email|recipient|concurrent|request)",
    r"\b(?:hourly|daily)\b[^.\n]{0,40}\b(?:limit|quota|maximum|allow)",
    r"(?:limit|quota|maximum)\b[^.\n]{0,40}\b(?:per|an|each|this|one|last|"
    r"in \d+) ?(?:the )?(?:hour|day|minute|24)",
    r"(?:messages?|mails?|recipients?|emails?)\b[^.\n]{0,40}\b(?:per|each|an|"
    r"this) (?:the )?(?:hour|day|minute|24)",
    r"(?:limit|quota) (?:for|of) (?:the|this|to)? ?(?:hour|day)",
    r"(?:exceed|reach)\w*\b[^.\n]{0,40}\b(?:maximum number of|limit for message recipients|"
    r"number of (?:messages|mails|recipients|connections)|messag\w+ (?:rate|limit)|sending limit|"
    r"recipient limit)",
    r"trop de (?:messages|mails|courriels|connexions|destinataires|requetes)",
    r"zu viele (?!mails auf)(?:nachrichten|mails|e-mails|verbindungen|empfanger|anfragen)",
    r"demasiad[oa]s (?:mensajes|correos|conexiones|destinatarios)",
    r"tropp[ie] (?:messaggi|mail|email|connessioni|destinatari)",
    r"muit[oa]s (?:mensagens|conexoes|destinatarios|emails)",
    r"te veel (?:berichten|verbindingen|ontvangers)",
    r"zbyt (?:wiele|duzo) (?:wiadomosci|polaczen|odbiorcow)",
    r"слишком (?:много|часто)",
    r"превышен\w* (?:лимит|частот|количеств)",
    r"频率",
    r"頻率",
    r"过于频繁",
    r"太频繁",
    r"頻度",
    r"送信数",
    r"通数制限",
    r"送信制限",
)

# A mailbox that is full.
FULL = any_of(
    rf"\b{USER}\b[^.\n]{{0,50}}\b(?:full\b|over ?quota|over (?:its|the|their) (?:quota|limit)|"
    rf"exceeded|too (?:full|large to)|out of (?:space|storage)|over storage|quota|at its limit|"
    rf"overflow)",
    r"(?:too many|zu ?viele) (?:messages|mails|nachrichten) (?:on|in|auf|im)\b",
    r"mailbox (?:exceeds|has exceeded)",
    r"over ?quota",
    r"over disk quota",
    r"quota (?:is )?(?:exceed|full|violat|reached|limit)\w*",
    r"exceed\w*[^.\n]{0,40}\b(?:quota|storage|space|disk|mailbox size|mailbox limit)",
    r"overdrawn",
    r"(?:insufficient|not enough|no|lack of|out of) (?:\w{1,20} )?(?:storage|disk|space|room)\b",
    r"no space left",
    r"storage (?:is )?full",
    r"disk (?:is )?full",
    r"(?:storage|disk) (?:allocation|limit|quota|space)",
    # What a server says whose user's file may grow no further.
    r"error writing message: file too large",
    r"mfull",
    r"mailbox (?:is )?full",
    r"full mailbox",
    r"mailfolder is full",
    r"mail ?quota",
    r"\bquota\b",
    r"(?:boite|messagerie|bal|mailbox)\b[^.\n]{0,50}(?:plein|satur)",
    r"quota (?:est )?(?:depass|atteint)",
    r"depass\w*[^.\n]{0,20}quota",
    r"espace (?:de stockage|disque)[^.\n]{0,20}(?:insuffisant|plein|depass)",
    r"(?:postfach|mailbox|speicher)\w*\b[^.\n]{0,40}\b(?:voll|uberfullt|erschopft|uberschritten)",
    r"(?:quota|kontingent|speicherplatz)\b[^.\n]{0,30}(?:uberschritten|erschopft|uberzogen)",
    r"(?:buzon|casilla|cuenta|caixa|casella)\b[^.\n]{0,40}\b(?:llen[oa]|chei[oa]|lotad[oa]|"
    r"pien[oa])",
    r"cu?ota[^.\n]{0,20}(?:exced|super|ultrapass)",
    r"excedi[od][^.\n]{0,20}cu?ota",
    r"quota superata",
    r"(?:mailbox|postvak|postbus)\b[^.\n]{0,20}\bvol\b",
    r"quota overschreden",
    r"(?:skrzynka|schranka)\b[^.\n]{0,40}(?:peln|przepelnion|pln)",
    r"przekroczon\w*[^.\n]{0,30}(?:pojemnosc|limit|quota)",
    r"(?:brevlada|postkasse|innboks)\w*\b[^.\n]{0,20}\b(?:full|fyldt|fuld)",
    r"megtelt",
    r"kotasi",
    r"kutusu dolu",
    r"переполнен",
    r"квот[аыу]",
    r"нет места",
    r"недостаточно места",
    r"容量",
    r"いっぱい",
    r"一杯",
    r"満杯",
    r"空き領域",
    r"已满",
    r"已滿",
    r"空间不足",
    r"空間不足",
    r"配额",
    r"配額",
    r"용량",
    r"가득",
)

# It was on its way for too long, or the way was closed.
LATE = any_of(
    r"queued? too long",
    r"too long in the queue",
    r"in the queue (?:for )?(?:too|more)",
    r"(?:within|after|for|past|last) [\d.]+ ?(?:day|hour|minute)s?\b",
    r"\b(?:delivery|message|retry|queue) (?:time )?(?:timeout|expired|lifetime)",
    r"retry (?:timeout|time) ",
    r"expired\b[^.\n]{0,20}\b(?:queue|time)",
    r"time-?d? ?-?out\b",
    r"has been undelivered",
    # Not what is refused because of a list: that is about us.
    r"connection (?:was |is )?(?:refused(?! (?:due to|because of|for) |[.,:;] [^.\n]{1,40} (?:is"
    r"|was|has) (?:(?:black|block)?listed|a (?:bad|poor)))|timed|reset|died|lost|closed|dropped|"
    r"terminated|failed)",
    r"(?:could not|couldn't|cannot|can't|unable to|wasn't able to|not|failed to) (?:connect|"
    r"establish|initiate|contact)",
    r"(?:not|n't) (?:responding|respond|reachable)",
    r"unreachable",
    r"no answer from host",
)

# It may pass.
PASSING = any_of(
    r"temporar(?:y|ily)",
    r"\bsuspend",
    r"\bcurrently (?:disabled|inactive|unavailable|not available|blocked|locked)",
    r"(?:mailbox|account|user|recipient|box)\b[^.\n]{0,20}\b(?:locked|frozen|on hold)",
    # Whose, it does not say.
    r"^(?:5\d\d )?mail address (?:is )?invalid\.?$",
    # One of the two, and it says not which.
    r"(?:unavailable|not found|unknown|does not exist)\b[^.\n]{0,20} or (?:access |relay )?(?:is )?"
    r"denied",
    r"try (?:again|later)",
    r"(?:again|retry) later",
    r"grey-?list",
    r"gray-?list",
    r"deferred",
    r"time(?:d)?[- ]?out",
    r"(?:connection|lost|died|reset|dropped|closed)\b[^.\n]{0,20}\bconnection",
    r"connection (?:refused|timed|reset|died|lost|closed|dropped)",
    r"network (?:is )?unreachable",
    r"no route to host",
    r"undelivered for",
    r"queue(?:d)? too long",
    r"\b(?:overload|busy|maintenance|server error|internal error|local error|system error|"
    r"resources|out of memory|i/o error|configuration error|misconfigur)",
    r"temporairement",
    r"reessayer",
    r"plus tard",
    r"vorubergehend",
    r"spater",
    r"temporalmente",
    r"mas tarde",
    r"temporaneamente",
    r"piu tardi",
    r"temporariamente",
    r"mais tarde",
    r"tijdelijk",
    r"later opnieuw",
    r"tymczasow",
    r"docasne",
    r"временно",
    r"позже",
    r"一時的",
    r"暂时",
    r"暫時",
    r"稍后",
    r"稍後",
    r"일시적",
)
