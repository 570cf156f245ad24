"""What mail servers of many programs and languages write, by what it means for the recipient.

Each pattern looks at text as `folded` gives it, so it is written without capitals; accents in it
are folded as the text is. Gaps are bounded: no text is dear to look through.
"""

import re
import unicodedata

# Letters that Unicode does not take apart.
_WHOLE = str.maketrans("łøđıæ’‘`´", "lodia''''")


def folded(text: str) -> str:
    """Give text in small letters and without accents."""
    apart = unicodedata.normalize("NFKD", text.lower())
    bare = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return unicodedata.normalize("NFC", bare).translate(_WHOLE)


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(folded(one) for one in patterns))


_USER = (
    r"(?:user|recipient|rcpt|mail ?box|mail ?drop|account|address(?:ee)?|alias|inbox|mail-?id|"
    r"subscriber|customer|person|user ?name|local ?part|destination|e-?mail|logon name)"
)
_GAP = r"[^.!;\n]{0,60}?"

# That this very user is unknown or gone.
GONE = _any(
    rf"\b{_USER}(?:\(s\)|s)?\b{_GAP}\b(?:unknown|unkown|not (?:be )?(?:found|known|listed|recogni[sz]ed|"
    r"valid|active|registered|a (?:known|valid)|exist(?:s|ing)?|in (?:the |our )?directory|"
    r"(?:currently )?available|present|defined)|does(?: not|n't|nt) exist|do(?: not|n't) exist|"
    r"non-?exist(?:e|a)nt|"
    r"(?:is|was|are|has been|been|:|-)? ?(?:invalid|inactive|disabled|deactivated|discontinued|"
    r"closed|deleted|removed|terminated|obsolete|expired|unavailable)|no longer)",
    rf"\b(?:no such|no|unknown|unkown|invalid|incorrect|non-?existent|inactive|disabled|bad|not a "
    rf"(?:valid|known)|isn't a (?:valid|known)|not our|undefined) (?:local |destination |e-?mail |"
    rf"mail |virtual |such |known |final |valid )?{_USER}s?\b(?! (?:space|size|capacity))",
    r"\bno (?:mailbox|account|user|one)\b[^.\n]{0,30}\b(?:by|with|of) (?:that|this) (?:name|address)",
    r"does(?: not|n't|nt) have an?\b[^.\n]{0,40}\baccount",
    r"(?:account|mailbox|user|address)[^.\n]{0,40}has been (?:disabled|deactivated|closed|"
    r"deleted|removed|discontinued)",
    r"\bno such (?:person|name|recipient|mail|id)\b|\bno mailbox\b|\bno (?:valid )?recipients?\b"
    r"(?! (?:limit|space))|\bunknown or illegal (?:user|alias)|\bwho\?|unknown local.?part",
    r"\bnot (?:a |an )?(?:known|valid|recogni[sz]ed|existing) (?:user|recipient|mailbox|account|"
    r"address|e-?mail)",
    r"no longer (?:valid|works?|employed|with|available|active|exists?|in use|on (?:this )?server|"
    r"accept\w* (?:mail|messages))",
    r"\b(?:left|departed from) (?:the|this|our) (?:company|organi[sz]ation)",
    r"recipnotfound|recipientnotfound|nosuchuser|not listed in (?:public )?(?:name|domino)|"
    r"not (?:listed )?in (?:the )?(?:domino|public name|address book)",
    r"mailbox (?:currently )?unavailable|mailbox not (?:found|available)",
    r"unable to (?:find|locate) (?:the )?(?:user|recipient|mailbox|account)|(?:cannot|can't|could "
    r"not|couldn't) (?:find|locate|resolve) (?:the |this |that )?(?:user|recipient|mailbox|account)",
    r"\b(?:dd|554) (?:this )?user doesn't|addressee unknown|unknown addressee|"
    r"unknown mailbox|mailbox for … does not exist|(?:mailbox|user|account|address)[^.\n]{0,30}\bhas moved|"
    r"(?:user|account|address|mailbox)\b[^.\n]{0,60}\b(?:couldn't|could not|cannot|can't|wasn't|isn't|can not) be "
    r"(?:found|located|resolved)|\b(?:wasn't|was not|isn't) found\b|invalid final delivery userid|"
    r"invalid (?:final delivery )?user ?id",
    # French
    r"(?:utilisateur|destinataire|adresse|compte|boite|bal|mailbox|usager)\b[^.\n]{0,50}(?:inconnue?|"
    r"inexistante?|invalide|n'existe (?:pas|plus)|desactivee?|fermee?|supprimee?|introuvable)",
    r"aucun (?:utilisateur|compte)|(?:utilisateur|destinataire) non (?:trouve|valide)",
    # German
    r"(?:empfanger|benutzer|adresse|adressat|postfach|konto|mailbox|account|nutzer)\w{0,12}\b"
    r"[^.\n]{0,50}(?:unbekannt|existiert nicht|nicht (?:gefunden|vorhanden|bekannt|existent|mehr)|"
    r"ungultig|deaktiviert|geloscht)",
    r"unbekannter? (?:empfanger|benutzer|nutzer|adresse|adressat)|"
    r"kein(?:e|en)? (?:solche[rsn]? |gultige[rsn]? )?(?:benutzer|empfanger|postfach|mailbox|adresse)",
    # Spanish and Portuguese
    r"(?:usuario|destinatario|buzon|cuenta|direccion|casilla|correo)\b[^.\n]{0,50}(?:desconocid[oa]|ha expirado|"
    r"no (?:existe|encontrad[oa]|valid[oa])|inexistente|invalid[oa]|desactivad[oa]|cancelad[oa]|expirad[oa])",
    r"no existe (?:el |la |este |esta |ese |esa |ningun )?(?:usuario|cuenta|buzon|direccion|destin)",
    r"(?:usuario|destinatario|caixa|conta|endereco|utilizador)\b[^.\n]{0,50}(?:desconhecid[oa]|"
    r"nao (?:existe|encontrad[oa])|inexistente|invalid[oa]|desativad[oa]|desabilitad[oa]|cancelad[oa])",
    # Italian
    r"(?:utente|destinatario|casella|indirizzo|account)\b[^.\n]{0,50}(?:sconosciut[oa]|inesistente|"
    r"non (?:esiste|trovat[oa]|valid[oa])|disabilitat[oa]|disattivat[oa])",
    # Dutch
    r"(?:gebruiker|ontvanger|postvak|mailbox|adres|account|geadresseerde)\b[^.\n]{0,50}(?:onbekend|"
    r"bestaat niet|niet (?:gevonden|bekend)|ongeldig)|onbekende? (?:gebruiker|ontvanger|adres)",
    # Scandinavian and Finnish
    r"(?:okand|ukendt|ukjent) (?:anvandare|mottagare|bruger|modtager|bruker|mottaker|adress)|"
    r"(?:anvandaren?|mottagaren?|brevladan?|adressen?|bruger(?:en)?|modtageren?|bruker(?:en)?|"
    r"mottakeren?|postkassen?)\b[^.\n]{0,40}(?:finns (?:inte|ej)|okand|findes ikke|finnes ikke|"
    r"eksisterer ikke|ukendt|ukjent)",
    r"tuntematon (?:kayttaja|vastaanottaja|osoite)|(?:kayttajaa|osoitetta|postilaatikkoa) ei (?:ole|loy)",
    # Polish, Czech and Slovak
    r"nieznany (?:uzytkownik|adresat|odbiorca)|(?:uzytkownik|adresat|odbiorca|konto|skrzynka|adres)\w*"
    r"\b[^.\n]{0,40}(?:nie istnieje|nieznan[ya]|nie znaleziono)|nie ma takiego (?:uzytkownika|konta|adres)",
    r"(?:uzivatel|schranka|adresat|prijemce|pouzivatel|adresa)\b[^.\n]{0,40}(?:neexistuje|neznam[ya]|"
    r"nenalezen)|neznamy (?:uzivatel|prijemce|adresat)",
    # Hungarian, Romanian, Turkish, Greek
    r"ismeretlen (?:felhasznalo|cimzett)|(?:felhasznalo|cimzett|postafiok|cim)\b[^.\n]{0,40}nem letezik",
    r"(?:utilizator|destinatar|adresa|cont)\w*\b[^.\n]{0,40}(?:necunoscut|inexistent|nu exista)",
    r"(?:kullanici|alici|hesap|adres|posta kutusu)\w*\b[^.\n]{0,40}(?:bulunamadi|mevcut degil|yok\b)|"
    r"bilinmeyen (?:kullanici|alici)",
    r"(?:χρηστης|παραληπτης|λογαριασμος)[^.\n]{0,40}δεν (?:υπαρχει|βρεθηκε)|αγνωστος (?:χρηστης|παραληπτης)",
    # Russian and Ukrainian
    r"(?:пользовател\w{0,2}|получател\w{0,2}|адресат\w?|ящик\w?|адрес\w?|аккаунт|користувач\w?)\b"
    r"[^.\n]{0,50}(?:не (?:найден|существует|зарегистрирован|знайдено|існує)|неизвест\w{1,3}|"
    r"недействител\w{1,4}|удален|отсутствует)",
    r"нет такого (?:пользователя|адрес|ящик|получателя)|неизвестн(?:ый|ого) (?:пользовател|получател|адрес)",
    # Japanese
    r"(?:ユーザー?|宛先|あて先|メールアドレス|アドレス|受信者|メールボックス|アカウント|ディレクトリ)[^。\n]{0,30}"
    r"(?:存在しません|存在しない|存在せず|見つかりません|見つからない|不明|無効|ありません)",
    r"存在しない(?:ユーザー?|メールアドレス|アドレス|宛先)|宛先不明|ユーザー?不明",
    # Chinese
    r"(?:用户|用戶|收件人|收件者|收信人|地址|帐号|帳號|账号|账户|信箱|邮箱|郵箱|使用者)[^。\n]{0,20}"
    r"(?:不存在|未找到|找不到|无效|無效|被禁用|已停用|已注销)",
    r"(?:无此|無此|没有此|沒有此|没有这个|不存在的)(?:用户|用戶|收件人|收件者|帐号|帳號|账号|邮箱|使用者)|查无此人",
    # Korean
    r"존재하지 ?않는 ?(?:사용자|수신자|메일|주소|계정|아이디)|(?:사용자|수신자|계정|메일 ?주소)[^.\n]{0,20}"
    r"(?:존재하지 ?않|찾을 수 없|없습니다)",
)

# No way leads to such an address: mostly it does not exist.
NO_WAY = _any(
    r"unrout(?:e)?able (?:mail )?(?:address|domain)|no route to (?:domain|address)",
    r"(?:host|domain|name)s?\b[^.\n]{0,40}(?:unknown|not found|does(?: not|n't) exist|lookup failed)",
    r"(?:non-?existent|unknown|invalid|no such|bad) (?:host|domain|destination host|hosts?)",
    r"couldn't find (?:any|a) (?:host|mail exchanger)|domain is not reachable|illegal host|name or service not known|no valid mx|"
    r"nonexistentdomain|no mx|mx (?:record|host)s?\b[^.\n]{0,40}non-?exist",
    r"mail loops? back to myself|no smtp service|null ?mx|does not accept mail",
)

# A limit of theirs for an hour or a day, or how fast mail comes.
LIMITED = _any(
    r"frequency (?:limit|exceed)|\brate\b[^.\n]{0,30}\b(?:limit|exceed|control|prevent|too|high)|rate-?limit|ratelimit|throttl",
    r"\b(?:at|sending) (?:a|too high a) rate\b|too (?:fast|frequent|quickly)|sending rate",
    r"too many\b(?! (?:messages|mails) (?:on|in) (?:the|this|your|its) (?:server|mailbox))[^.\n]{0,60}\b(?:hour|minute|day|second|today|period|time|session|connection|"
    r"message|mail|email|recipient|concurrent|request)",
    r"\b(?:hourly|daily)\b[^.\n]{0,40}\b(?:limit|quota|maximum|allow)|(?:limit|quota|maximum|messages?|"
    r"mails?|recipients?|emails?)\b[^.\n]{0,40}\b(?:per|an|each|this|one|last|in \d+) ?(?:the )?"
    r"(?:hour|day|minute|24)|(?:limit|quota) (?:for|of) (?:the|this|to)? ?(?:hour|day)",
    r"(?:exceed|reach)\w*\b[^.\n]{0,40}\b(?:maximum number of|limit for message recipients|number of "
    r"(?:messages|mails|recipients|connections)|messag\w+ (?:rate|limit)|sending limit|recipient limit)",
    r"trop de (?:messages|mails|courriels|connexions|destinataires|requetes)",
    r"zu viele (?!mails auf)(?:nachrichten|mails|e-mails|verbindungen|empfanger|anfragen)",
    r"demasiad[oa]s (?:mensajes|correos|conexiones|destinatarios)|tropp[ie] (?:messaggi|mail|email|"
    r"connessioni|destinatari)|muit[oa]s (?:mensagens|conexoes|destinatarios|emails)",
    r"te veel (?:berichten|verbindingen|ontvangers)|zbyt (?:wiele|duzo) (?:wiadomosci|polaczen|odbiorcow)",
    r"слишком (?:много|часто)|превышен\w* (?:лимит|частот|количеств)",
    r"频率|頻率|过于频繁|太频繁|頻度|送信数|通数制限|送信制限",
)

# A quota or limit of ours, at the relay.
OUR_QUOTA = _any(
    r"(?:sender|sending|outgoing|outbound|your(?: account'?s?)?(?: (?:daily|hourly|sending|mail))?|"
    r"relay|credit|plan|monthly)\b[^.\n]{0,30}\b(?:quota|credits?|allowance)\b",
    r"(?:quota|credits?)\b[^.\n]{0,30}\b(?:for|of) (?:the |this |your )?(?:sender|sending|account used)",
)

# A mailbox that is full.
FULL = _any(
    rf"\b{_USER}\b[^.\n]{{0,50}}\b(?:full\b|over ?quota|over (?:its|the|their) (?:quota|limit)|exceeded|"
    r"too (?:full|large to)|out of (?:space|storage)|over storage|quota|at its limit|overflow)",
    r"(?:too many|zu ?viele) (?:messages|mails|nachrichten) (?:on|in|auf|im)\b|mailbox (?:exceeds|has exceeded)|over ?quota|over disk quota|quota (?:is )?(?:exceed|full|violat|reached|limit)\w*|"
    r"exceed\w*[^.\n]{0,40}\b(?:quota|storage|space|disk|mailbox size|mailbox limit)|overdrawn",
    r"(?:insufficient|not enough|no|lack of|out of) (?:\w{1,20} )?(?:storage|disk|space|room)\b|"
    r"no space left|storage (?:is )?full|disk (?:is )?full|(?:storage|disk) (?:allocation|limit|quota|space)"
    r"|mfull|mailbox (?:is )?full|full mailbox|mailfolder is full|mail ?quota|\bquota\b",
    r"(?:boite|messagerie|bal|mailbox)\b[^.\n]{0,50}(?:plein|satur)|quota (?:est )?(?:depass|atteint)|"
    r"depass\w*[^.\n]{0,20}quota|espace (?:de stockage|disque)[^.\n]{0,20}(?:insuffisant|plein|depass)",
    r"(?:postfach|mailbox|speicher)\w*\b[^.\n]{0,40}\b(?:voll|uberfullt|erschopft|uberschritten)|"
    r"(?:quota|kontingent|speicherplatz)\b[^.\n]{0,30}(?:uberschritten|erschopft|uberzogen)",
    r"(?:buzon|casilla|cuenta|caixa|casella)\b[^.\n]{0,40}\b(?:llen[oa]|chei[oa]|lotad[oa]|pien[oa])|"
    r"cu?ota[^.\n]{0,20}(?:exced|super|ultrapass)|excedi[od][^.\n]{0,20}cu?ota|quota superata",
    r"(?:mailbox|postvak|postbus)\b[^.\n]{0,20}\bvol\b|quota overschreden",
    r"(?:skrzynka|schranka)\b[^.\n]{0,40}(?:peln|przepelnion|pln)|przekroczon\w*[^.\n]{0,30}(?:pojemnosc|limit|"
    r"quota)|(?:brevlada|postkasse|innboks)\w*\b[^.\n]{0,20}\b(?:full|fyldt|fuld)|megtelt|kotasi|kutusu dolu",
    r"переполнен|квот[аыу]|нет места|недостаточно места",
    r"容量|いっぱい|一杯|満杯|空き領域|已满|已滿|空间不足|空間不足|配额|配額|용량|가득",
)

# It was on its way for too long, or the way was closed.
LATE = _any(
    r"queued? too long|too long in the queue|in the queue (?:for )?(?:too|more)|(?:within|after|for|past|last) "
    r"[\d.]+ ?(?:day|hour|minute)s?\b|\b(?:delivery|message|retry|queue) (?:time )?(?:timeout|expired|lifetime)|"
    r"retry (?:timeout|time) |expired\b[^.\n]{0,20}\b(?:queue|time)|time-?d? ?-?out\b|has been undelivered",
    r"connection (?:was |is )?(?:refused|timed|reset|died|lost|closed|dropped|terminated|failed)|"
    r"(?:could not|couldn't|cannot|can't|unable to|wasn't able to|not|failed to) (?:connect|establish|initiate|contact)|"
    r"(?:not|n't) (?:responding|respond|reachable)|unreachable|no answer from host",
)

# About us: the sender, our servers, our domain, what we wrote, or who may send there.
ABOUT_US = _any(
    r"\bsenders?\b|\bsender's|\boriginator\b|(?:mail|envelope|return|reverse|from)[- ]?(?:from|path|sender) "
    r"(?:address|domain|rejected|refused|not|is|must|host)|in reply to (?:the )?mail from|\bfrom address\b|"
    r"(?:unauthori[sz]ed|untrusted|not (?:authori[sz]ed|permitted|allowed) to (?:send|relay|use|submit))",
    r"call-?(?:out|back)\b(?![^.\n]{0,40}recipient)|verif(?:y|ication)\b[^.\n]{0,30}\b(?:fail|sender|from)|"
    r"could not (?:be )?verif",
    r"black-?list|block-?list|black hole|deny-?list|black ?listed|\b(?:rbl|dnsbl|dnswl|surbl|uribl|sbl|xbl|pbl|"
    r"cbl|zen|spamhaus|spamcop|sorbs|barracuda|senderscore|proofpoint|cloudmark|mailspike|uceprotect)\b|"
    r"(?<!not )\blisted (?:in|on|at|by)\b|reputation|\binvalid ip\b",
    r"\bspf\b|\bdkim\b|\bdmarc\b|\barc\b fail|domainkey|\bbatv\b|backscatter|\bdomain of\b|"
    r"sender policy|authenticat|\bsmtp auth|\bauth (?:required|first)|must (?:log ?in|auth)|pop before|"
    r"requires? (?:authentication|tls|encryption)|starttls|credential|not logged in|\blogin\b",
    r"\bpolic(?:y|ies)\b|\brules?\b(?! out)|\bprohibited|\bforbidden|(?:message|mail|due to|prohibited|"
    r"inappropriate|unacceptable|its) content\b|\bcontent[- ](?:reject|filter|not|block|polic|is|was|restrict)|"
    r"\battachments?\b[^.\n]{0,30}\b(?:block|reject|not|type|prohib|virus|too|remov|larg)|"
    r"\bvirus|malware|phish|infected|executable|\bsuspicious|unsolicited|\bspam|\bbulk\b|\bubl?e\b|\bjunk\b|"
    r"\baup\b|abuse|\bscore\b|\bham\b|filtered|\bfilter\b|\bmessage (?:was |has been |is )?(?:content |"
    r"(?:rejected|refused|blocked|denied) (?:by|due|because|as|for))",
    r"relay(?:ing)?\b[^.\n]{0,30}\b(?:not|denied|prohibit|refus|access|forbid|disallow|unauthor)|"
    r"(?:not|n't|cannot|unable to|no|denied|refuse[sd]? to|open)\b[^.\n]{0,20}\brelay(?:ing|ed)?\b(?! recipient)|"
    r"relay access|not in my list of allowed|rcpthosts|not a gateway|not (?:a )?local (?:host|domain)|we do not "
    r"(?:handle|accept) mail for",
    r"\bdns\b|\bptr\b|reverse (?:dns|lookup|mapping|resolution)|\brdns\b|\bhelo\b|\behlo\b|\bhostname\b|a record|"
    r"\bmx\b[^.\n]{0,20}\b(?:sender|invalid|your)|fcrdns|name ?server for your",
    r"\byour (?:ip|host|server|mail ?server|domain|network|mta|isp|provider|country|organi[sz]ation)\b",
    r"\byour (?:e-?mail )?(?:address|account) (?:is|was|has|does|isn't|not)\b",
    r"\byour (?:message|e-?mail|mail) (?:has been |was |is |were )?(?:automatically )?(?:blocked|considered|identified|"
    r"classified|detected|flagged|looks|appears|contains?|violat|too|scored|marked|quarantin|filtered)",
    r"\b(?:client|sending|connecting|source) (?:ip|host|server|mta|mail server)\b[^.\n]{0,40}\b(?:block|"
    r"reject|refus|deni|not (?:allow|permit|accept)|bad|ban|list)|\bip\b[^.\n]{0,40}\b(?:block|black|list|ban|"
    r"reject|refus|deni|address (?:is|has)|not)|banned|blocked by|has been blocked|is blocked|you are (?:not|blocked)",
    r"(?:message|mail|attachment|header)s?\b[^.\n]{0,30}\b(?:too (?:large|big|long)|size|exceeds)|\bsize\b[^.\n]{0,30}"
    r"\b(?:exceed|limit|large|maximum|fixed)|exceeds?\b[^.\n]{0,20}\bsize|too large|too big|maximum (?:message )?size|"
    r"line too long|too many hops|\bloop(?:s|ing)?\b|malformed|\bmime\b|rfc ?[25]\d\d\d|non-?ascii|\b8-?bit|smtputf8|"
    r"invalid header|missing (?:header|date|from|message-id)|(?:only|not) (?:accept\w* )?(?:mail )?from (?:members|"
    r"internal|authenticated|anyone)|only members|members[- ]only|moderat|notauthorized|restrict|not authori[sz]ed|"
    r"permission|\bprivileges?",
    r"\blimit(?:s|ed|ation)?\b|\bhour(?:s|ly)?\b|\bdaily\b",
    # French
    r"expediteur|emetteur|envoyeur|liste noire|adresse ip|courrier indesirable|pourriel|bloque|blackliste|politique|"
    r"enregistrement (?:dns|mx|ptr)|authentifi",
    # German
    r"absender|schwarze liste|ip-?adresse|richtlinie|unerwunscht|blockiert|authentifizier|virus|gesperrt wegen",
    # Spanish, Portuguese, Italian
    r"remitente|remetente|mittente|lista (?:negra|nera)|politica|bloquead[oa]|bloccat[oa]|no deseado|autenti[cf]|"
    r"indirizzo ip|direccion ip|endereco ip",
    # Dutch, Scandinavian, Polish, Czech
    r"afzender|zwarte lijst|\bbeleid\b|geblokkeerd|avsandar|afsender|avsender|nadawc|czarn\w{1,3} list|polityk|"
    r"odesilatel|odosielatel|cerne listin|zablokowan",
    # Hungarian, Turkish, Romanian
    r"felado|gonderen|gonderici|kara liste|expeditorul|lista neagra",
    # Russian and Ukrainian
    r"отправител|відправник|черн\w{2} спис|спам|политик|заблокирован|аутентификаци|авторизаци",
    # Japanese, Chinese, Korean
    r"送信者|差出人|送信元|迷惑メール|ブラックリスト|受信拒否|ドメイン指定|发件人|發件人|发信人|寄件|黑名单|黑名單|"
    r"垃圾|反垃圾|策略|发件|认证|拒收|발신자|보낸 ?사람|스팸|차단",
)

# It may pass.
PASSING = _any(
    r"temporar(?:y|ily)|\bsuspend|\bcurrently (?:disabled|inactive|unavailable|not available|blocked|locked)|"
    r"(?:mailbox|account|user|recipient|box)\b[^.\n]{0,20}\b(?:locked|frozen|on hold)|try (?:again|later)|(?:again|retry) later|grey-?list|gray-?list|deferred|time(?:d)?[- ]?out|"
    r"(?:connection|lost|died|reset|dropped|closed)\b[^.\n]{0,20}\bconnection|connection (?:refused|timed|reset|died|lost|closed|dropped)|"
    r"network (?:is )?unreachable|no route to host|undelivered for|queue(?:d)? too long|"
    r"\b(?:overload|busy|maintenance|server error|internal error|local error|system error|"
    r"resources|out of memory|i/o error|configuration error|misconfigur)",
    r"temporairement|reessayer|plus tard|vorubergehend|spater|temporalmente|mas tarde|temporaneamente|piu tardi|"
    r"temporariamente|mais tarde|tijdelijk|later opnieuw|tymczasow|docasne|временно|позже|一時的|暂时|暫時|稍后|稍後|일시적",
)
