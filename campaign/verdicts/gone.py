"""Words that say that this very user is unknown or gone, or that no way leads there."""

from campaign.verdicts.phrases import USER, any_of

_GAP = r"[^.!;\n]{0,60}?"
# Also as those write it whose English is not their first.
_NOT_THERE = r"do(?:e?s)?(?: ?n['o]?t| not?) exists?"

# That this very user is unknown or gone.
GONE = any_of(
    rf"\b{USER}(?:\(s\)|s)?\b{_GAP}\b(?:unknown|unkown|not (?:be )?(?:found|known|listed|"
    rf"recogni[sz]ed|valid|active|activated|registered|a (?:known|valid)|exist(?:s|ing)?|"
    rf"in (?:the |our )?directory|present|defined)|{_NOT_THERE}|unrecogni[sz]ed|"
    rf"non-?exist(?:e|a)nt|(?:is|was|are|has been|been|:|-)? ?(?:invalid|inactive|disabled|"
    rf"deactivated|discontinued|closed|deleted|removed|terminated|obsolete|expired)|no longer)",
    rf"\b(?:no such|no|unknown|unkown|invalid|incorrect|non-?existent|inactive|disabled|"
    rf"deactivated|bad|wrong|not a (?:valid|known)|isn't a (?:valid|known)|not our|undefined) "
    rf"(?:local |destination |e-?mail |mail |virtual |such |known |final |valid |domain )?"
    rf"{USER}s?\b(?! (?:space|size|capacity))",
    r"\bno (?:mailbox|account|user|one)\b[^.\n]{0,30}\b(?:by|with|of) (?:that|this) (?:name|"
    r"address)",
    r"does(?: not|n't|nt) have an?\b[^.\n]{0,40}\baccount",
    r"(?:account|mailbox|user|address)[^.\n]{0,40}has been (?:disabled|deactivated|closed|deleted|"
    r"removed|discontinued)",
    r"\b(?:mailbox|account|user)\b[^.\n]{0,30}\b(?:blocked|disabled|closed) (?:due to|because of|"
    r"for) (?:\w{1,20} )?inactivity",
    # The list of those who are there, not of those who are not wanted.
    r"\bnot (?:in|on) (?:the |my |our |this )?(?:valid ?)?(?:recipient|user|rcpt ?to|mailbox|"
    r"route)s? ?list\b",
    r"\bno such (?:person|name|recipient|mail|id)\b",
    r"\bno mailbox\b",
    r"\bno (?:valid )?recipients?\b(?! (?:limit|space))",
    r"\bunknown or illegal (?:user|alias)",
    r"\bwho\?",
    r"unknown local.?part",
    r"\bnot (?:a |an )?(?:known|valid|recogni[sz]ed|existing) (?:user|recipient|mailbox|account|"
    r"address|e-?mail)",
    r"no longer (?:valid|works?|employed|with|available|active|exists?|in use|on (?:this )?server|"
    r"accept\w* (?:mail|messages))",
    r"\b(?:left|departed from) (?:the|this|our) (?:company|organi[sz]ation)",
    r"recipnotfound",
    r"recipientnotfound",
    r"nosuchuser",
    r"not listed in (?:public )?(?:name|domino)",
    r"not (?:listed )?in (?:the )?(?:domino|public name|address book)",
    r"mailbox (?:… )?(?:is )?(?:currently )?unavailable",
    r"unavailable (?:mail )?(?:user|mailbox|account)",
    rf"\b{_NOT_THERE} (?:that |this |the |such )?(?:user|mailbox|account)",
    r"\bnot (?:a |an )?(?:user|member|customer|account|mailbox) (?:of|on|at) (?:this|our|the )?"
    r"(?: ?(?:server|system|host|domain))",
    r"mailbox not (?:found|available)",
    r"unable to (?:find|locate) (?:the )?(?:alias|user|recipient|mailbox|account)",
    r"mailbox (?:is )?not available (?:on|at|in) (?:this|the|our) (?:system|server|domain)",
    r"(?:does not|doesn't) handle (?:e-?)?mails? for (?:that|this) user",
    r"\b(?:address|mailbox) (?:does not|doesn't) receive (?:any )?(?:e-?)?mails?\b"
    r"(?! (?:from|of|with|that))",
    r"(?:cannot|can't|could not|couldn't) (?:find|locate|resolve) (?:the |this |that )?(?:user|"
    r"recipient|mailbox|account)",
    r"\b(?:dd|554) (?:this )?user doesn't",
    r"addressee unknown",
    r"unknown addressee",
    r"unknown mailbox",
    r"mailbox for … does not exist",
    r"(?:mailbox|user|account|address)[^.\n]{0,30}\bhas moved",
    r"(?:user|account|address|mailbox)\b[^.\n]{0,60}\b(?:couldn't|could not|cannot|can't|wasn't|"
    r"isn't|can not) be (?:found|located|resolved)",
    r"\b(?:wasn't|was not|isn't) found\b",
    r"invalid (?:final delivery user|user ?id)",
    # French
    r"(?:utilisateur|destinataire|adresse|compte|boite|bal|mailbox|"
    r"usager)\b[^.\n]{0,50}(?:inconnue?|inexistante?|invalide|n'existe (?:pas|plus)|desactivee?|"
    r"fermee?|supprimee?|introuvable)",
    r"aucun (?:utilisateur|compte)",
    r"(?:utilisateur|destinataire) non (?:trouve|valide)",
    # German
    r"(?:empfanger|benutzer|adresse|adressat|postfach|konto|mailbox|account|"
    r"nutzer)\w{0,12}\b[^.\n]{0,50}(?:unbekannt|existiert nicht|nicht (?:gefunden|vorhanden|"
    r"bekannt|existent|mehr)|ungultig|deaktiviert|geloscht)",
    r"unbekannter? (?:empfanger|benutzer|nutzer|adresse|adressat)",
    r"kein(?:e|en)? (?:solche[rsn]? |gultige[rsn]? )?(?:benutzer|empfanger|postfach|mailbox|"
    r"adresse)",
    # Spanish and Portuguese
    r"(?:usuario|destinatario|buzon|cuenta|direccion|casilla|"
    r"correo)\b[^.\n]{0,50}(?:desconocid[oa]|ha expirado|no (?:existe|encontrad[oa]|valid[oa])|"
    r"inexistente|invalid[oa]|desactivad[oa]|cancelad[oa]|expirad[oa])",
    r"no existe (?:el |la |este |esta |ese |esa |ningun )?(?:usuario|cuenta|buzon|direccion|"
    r"destin)",
    r"(?:usuario|destinatario|caixa|conta|endereco|utilizador)\b[^.\n]{0,50}(?:desconhecid[oa]|"
    r"nao (?:existe|encontrad[oa])|inexistente|invalid[oa]|desativad[oa]|desabilitad[oa]|"
    r"cancelad[oa])",
    # Italian
    r"(?:utente|destinatario|casella|indirizzo|account)\b[^.\n]{0,50}(?:sconosciut[oa]|"
    r"inesistente|non (?:esiste|trovat[oa]|valid[oa])|disabilitat[oa]|disattivat[oa])",
    # Dutch
    r"(?:gebruiker|ontvanger|postvak|mailbox|adres|account|"
    r"geadresseerde)\b[^.\n]{0,50}(?:onbekend|bestaat niet|niet (?:gevonden|bekend)|ongeldig)",
    r"onbekende? (?:gebruiker|ontvanger|adres)",
    # Scandinavian and Finnish
    r"(?:okand|ukendt|ukjent) (?:anvandare|mottagare|bruger|modtager|bruker|mottaker|adress)",
    r"(?:anvandaren?|mottagaren?|brevladan?|adressen?|bruger(?:en)?|modtageren?|bruker(?:en)?|"
    r"mottakeren?|postkassen?)\b[^.\n]{0,40}(?:finns (?:inte|ej)|okand|findes ikke|finnes ikke|"
    r"eksisterer ikke|ukendt|ukjent)",
    r"tuntematon (?:kayttaja|vastaanottaja|osoite)",
    r"(?:kayttajaa|osoitetta|postilaatikkoa) ei (?:ole|loy)",
    # Polish, Czech and Slovak
    r"nieznany (?:uzytkownik|adresat|odbiorca)",
    r"(?:uzytkownik|adresat|odbiorca|konto|skrzynka|adres)\w*\b[^.\n]{0,40}(?:nie istnieje|"
    r"nieznan[ya]|nie znaleziono)",
    r"nie ma takiego (?:uzytkownika|konta|adres)",
    r"(?:uzivatel|schranka|adresat|prijemce|pouzivatel|adresa)\b[^.\n]{0,40}(?:neexistuje|"
    r"neznam[ya]|nenalezen)",
    r"neznamy (?:uzivatel|prijemce|adresat)",
    # Hungarian, Romanian, Turkish, Greek
    r"ismeretlen (?:felhasznalo|cimzett)",
    r"(?:felhasznalo|cimzett|postafiok|cim)\b[^.\n]{0,40}nem letezik",
    r"(?:utilizator|destinatar|adresa|cont)\w*\b[^.\n]{0,40}(?:necunoscut|inexistent|nu exista)",
    r"(?:kullanici|alici|hesap|adres|posta kutusu)\w*\b[^.\n]{0,40}(?:bulunamadi|mevcut degil|"
    r"yok\b)",
    r"bilinmeyen (?:kullanici|alici)",
    r"(?:χρηστης|παραληπτης|λογαριασμος)[^.\n]{0,40}δεν (?:υπαρχει|βρεθηκε)",
    r"αγνωστος (?:χρηστης|παραληπτης)",
    # Russian and Ukrainian
    r"(?:пользовател\w{0,2}|получател\w{0,2}|адресат\w?|ящик\w?|адрес\w?|аккаунт|"
    r"користувач\w?)\b[^.\n]{0,50}(?:не (?:найден|существует|зарегистрирован|знайдено|існує)|"
    r"неизвест\w{1,3}|недействител\w{1,4}|удален|отсутствует)",
    r"нет такого (?:пользователя|адрес|ящик|получателя)",
    r"неизвестн(?:ый|ого) (?:пользовател|получател|адрес)",
    # Japanese
    r"(?:ユーザー?|宛先|あて先|メールアドレス|アドレス|受信者|メールボックス|アカウント|"
    r"ディレクトリ)[^。\n]{0,30}(?:存在しません|存在しない|存在せず|見つかりません|見つからない|"
    r"不明|無効|ありません)",
    r"存在しない(?:ユーザー?|メールアドレス|アドレス|宛先)",
    r"宛先不明",
    r"ユーザー?不明",
    # Chinese
    r"(?:用户|用戶|收件人|收件者|收信人|地址|帐号|帳號|账号|账户|信箱|邮箱|郵箱|"
    r"使用者)[^。\n]{0,20}(?:不存在|未找到|找不到|无效|無效|被禁用|已停用|已注销)",
    r"(?:无此|無此|没有此|沒有此|没有这个|不存在的)(?:用户|用戶|收件人|收件者|帐号|帳號|账号|邮箱|"
    r"使用者)",
    r"查无此人",
    # Korean
    r"존재하지 ?않는 ?(?:사용자|수신자|메일|주소|계정|아이디)",
    r"(?:사용자|수신자|계정|메일 ?주소)[^.\n]{0,20}(?:존재하지 ?않|찾을 수 없|없습니다)",
)

# No way leads to such an address: mostly it does not exist.
NO_WAY = any_of(
    r"unrout(?:e)?able (?:mail )?(?:address|domain)",
    r"no route to (?:domain|address)",
    r"(?:host|domain|name)s?\b[^.\n]{0,40}(?:unknown|not found|does(?: not|n't) exist|"
    r"lookup failed)",
    r"(?:non-?existent|unknown|invalid|no such|bad) (?:host|domain|destination host|hosts?)",
    r"couldn't find (?:any|a) (?:host|mail exchanger)",
    r"domain is not reachable",
    r"illegal host",
    r"name or service not known",
    r"no valid mx",
    r"\bnxdomain\b",
    r"address resolution of [^ ]{1,9} failed",
    r"nonexistentdomain",
    r"no mx",
    r"mx (?:record|host)s?\b[^.\n]{0,40}non-?exist",
    r"no smtp service",
    r"null ?mx",
    r"does not accept mail",
)
