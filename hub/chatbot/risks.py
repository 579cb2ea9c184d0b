"""Posts to read first: a possible risk to someone's health, or a third person one could find.

Patterns with context, not word lists alone: what is denied, long past, read in a book, said of
work or merely a figure of speech does not count. A strong sign is enough; of weak ones it takes
two of different kinds. Both languages are looked for in every text, since people mix them, and
as telephones write them: without å, ä, ö, apostrophes and capitals. Pure; about a millisecond.

It does not replace a reader. Of posts it had never met it found 26 of 30 that say things plainly
and 21 of 34 that also hint (``tests/chatbot/test_words.py`` tells how that was measured).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from hub.chatbot.lexicon import (
    FAMILY,
    FAMILY_ENDINGS,
    GIVEN,
    KNOWN_TO_ALL,
    NO_FAMILY_NAME,
    STRESSED,
    listed,
)
from hub.chatbot.words import fold


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{p})" for p in patterns))


_SENTENCE = re.compile(r"[^.!?\n]+[.!?\n]*")


def _sentences(text: str) -> list[str]:
    return [s for s in _SENTENCE.findall(text) if s.strip()]


@dataclass(frozen=True)
class Risk:
    """Why a post should be read first: somebody's health, or a third person one could find."""

    kind: Literal["health", "privacy"]


def safety(text: str, known_names: Collection[str] = ()) -> Risk | None:
    """A possible risk to someone's health, or a third person who can be identified, or None.

    ``known_names`` are those in the room, who have chosen to be known by them. It errs towards a
    false alarm: only the facilitator is told, and reading one post too many costs seconds.
    """
    if _health_at_risk(text):
        return Risk("health")
    if _somebody_identifiable(text, known_names):
        return Risk("privacy")
    return None


# Figures of speech, cut out before anything else is looked for.
_IDIOMS = _any(
    r"\b(?:borja|fortsatt|kor|start|carry on|go on|begin|continue|vote|decide)\w* (?:\w+ )?"
    r"(?:utan (?:mig|mej)|without me)\b|\butan (?:mig|mej) (?:pa|i|om|en stund)\b|\bwithout me "
    r"for\b",
    r"\b(?:do|dor|dog|dott|doende) (?:av|for) \w+",
    r"\bdod(?:s\w+|trott)|\btar? dod pa\b|\bi doden\b|\blivradd|\blivet (?:ar|e) inte\b",
    r"\bdet (?:slar|slog|har slagit) (?:mig|mej|en|oss)\b",
    r"\bsla(?:r|s)? (?:ihop|fast|an|vakt|huvudet|till|upp|tva flugor|larm|i taket|rekord)\b",
    r"\bslog (?:ihop|fast|an|vakt|till|upp|larm|i taket|rekord|rot|igenom)\b",
    r"\bdrunkna\w* i\b|\bknappt andas (?:for|av)\b|\bandas ut\b",
    r"\bhjartat (?:stannade|sjonk|hoppade)\b|\bhang(?:a|er|de|t)? (?:med|upp|sig pa|ihop|pa)\b",
    r"\bsta(?:r|tt)? pa (?:bron|tak\w*) till\b|\bskar(?:a|it|er)? sig (?:mot|i finger\w*"
    r"|mellan)\b",
    r"\bdying (?:to|for|of|from) \w+|\bdead(?:line| tired| end| wrong| right| serious)\b",
    r"\bkill(?:ing|s|ed)? (?:for|time|two birds|the (?:mood|idea|project|proposal|pilot))\b",
    r"\b(?:nearly|almost|deadlines? (?:is|are)|is|are|was|were|feet are|back is) kill(?:ing|ed) "
    r"(?:me|us)\b",
    r"\b(?:id|could|would) (?:kill|murder|die) for\b|\bcould murder an?\b|\bover my dead body\b",
    r"\bscared to death\b|\bbored to (?:death|tears)\b|\bdie of (?:shame|embarrassment|boredom)\b",
    r"\bdied (?:laughing|of (?:shame|embarrassment))\b|\bdie (?:laughing|in a ditch|on (?:that"
    r"|this))",
    r"\bhit(?:s|ting)? (?:me|us|him|her|them) (?:that|how|when|what|like)\b|\bhit (?:by|with) \w+",
    r"\bbeats? (?:me|us|him|her) (?:why|how|what)\b|\bbeat the\b|\bbeat (?:them|me|us) to\b",
    r"\bdrown(?:ing|ed)? in\b|\bbreathe? for (?:the |all )?\w+|\bcut(?:ting)? (?:edge|corners"
    r"|back)\b",
    r"\bshoot (?:me|us|him|her) an?\b|\bjump(?:ed|ing)? (?:in|on|the gun|ship|through)\b",
    r"\bhang(?:ing)? (?:on|out|in there|around|about|up)\b|\bknife edge\b|\bpain points?\b",
    r"\bdrag(?:s|ged|ging)? (?:me|us|him|her|them|people) (?:into|along|through|to)\b",
    r"\b(?:ett slag|en kall|en kniv|en small) (?:i|pa) (?:ansiktet|kinden|ryggen|lappen"
    r"|fingrarna)\b",
    r"\ba (?:slap|smack|kick|stab|punch|blow|knife) (?:in|to) the \w+\b|\bdead or alive\b",
    r"\bdod eller levande\b|\bkast(?:a|ade) (?:ut|bort|in handduken)\b|\bpushed (?:back|for|to)\b",
    r"\bend(?:ing)? (?:it|things) (?:at|there|here|on|early|by|with)\b",
)

# Named with a person in the same sentence, these are enough.
_GRAVE = _any(
    # signs of stroke, of too little air, of too much medicine
    r"\bpratar (?:konstigt|otydligt|grotigt)|\bmungipa|\bhanger i ansiktet|\bsnedi? i ansiktet"
    r"|\bgra i ansiktet|\bbla(?:a)? om (?:lapp|munnen)|\bsyrga|\bandnod|\brosslar|\bflamtar"
    r"|\b(?:tagit|tog|svalt) (?:\w+ ){0,3}(?:alvedon|panodil|paracetamol|tabletter|sobril"
    r"|stesolid|"
    r"oxascand|zopiklon|imovane|insulin|iktorivil|litium)|\b(?:dubbel dos|hel karta)\b",
    r"\btalk(?:s|ing) (?:funny|gibberish|nonsense)|\bside of (?:her|his|the) (?:mouth|face)"
    r"|\bgone (?:grey|blue|cold|limp)|\b(?:blue|grey) (?:lips|round the)|\boxygen\b|\bgasping\b"
    r"|\b(?:take|taken|took|swallowed) (?:a )?(?:load|loads|lots|bunch|handful|packet|all|too "
    r"many)"
    r"|\bdouble dose\b|\bwheez",
    # held, tied or hurt by those who should help
    r"\b(?:trycker|brottar|pressar|slapar|drar|knuffar|haller) (?:\w+ )?(?:ner|ned|fast|ivag|ut"
    r"|omkull)"
    r" (?:honom|henne|mig|mej|dem|dom|hen)\b|\bmot (?:hans|hennes|min) vilja\b|\bnyper\b"
    r"|\bluggar\b"
    r"|\b(?:slar|sparkar|drar|rycker|skriker at|spottar pa) (?:dom|dem|de boende|patienterna"
    r"|barnen)\b",
    r"\b(?:push|drag|wrestle|pin|force|shove|throw)(?:s|es|ed|ged|ned|ing)? (?:him|her|me|them) "
    r"(?:to|onto|on|down|out|into|against|over)\b|\bagainst (?:his|her|my) will\b|\bpinch(?:es"
    r"|ed)\b"
    r"|\b(?:pulls|slaps|hits|kicks|shouts at|spits at) the (?:ones|residents|patients|old)",
    # a burden to others, not to be
    r"\b(?:lattare|battre|skonare|gladare|klarar sig) (?:\w+ ){0,2}utan (?:mig|mej)\b|\bslippa "
    r"(?:mig|mej)\b|\bligger (?:alla |er |dom )?till last\b|\bi "
    r"vagen for"
    r"|\b(?:kora|koa) (?:av|in i|ut i|ihjal)\b|\bkor (?:av vagen|in i ett|ihjal)|\bfonstret och "
    r"bara\b",
    r"\b(?:easier|better|happier|lighter|fine|cope) (?:\w+ ){0,2}without me\b|\brid of me\b"
    r"|\bburden (?:to|on)\b|\bdriv(?:e|ing) (?:off|into) (?:the|a)\b"
    r"|\bstep(?:ping)? (?:out )?in front of\b|\bif i wasnt (?:here|around)\b",
    r"\bstrypgrepp|\bstryp(?:er|te|t)\b|\b(?:ligg|tryck)sar\b|\bmisshandl|\bovergrepp"
    r"|\butnyttja(?:d|s|t)"
    r"|\bhjartinfarkt|\bpropp i\b|\bstroke\b|\bblodforgift|\bforvirrad\b|\bokontaktbar"
    r"|\b(?:tvn|tv n|radion|tv:n|grannarna) (?:pratar|talar) (?:med|till)|\bforfoljd"
    r"|\bavlyssna(?:d|s)"
    r"|\b(?:hor|ser) saker som inte\b|\bgift(?:ar|et) i maten\b|\brymt\b|\bavvikit\b"
    r"|\bsjalvska(?:d|v)"
    r"|\b(?:har|fatt tag i|gomt) (?:ett )?(?:vapen|gevar|pistol|rep|rakblad)|\bsprutan "
    r"i\b"
    r"|\b(?:slagen|slagna|fasthallen|neddrogad|neddroga\w*|instangd|inlast|torstig|halvsvalt)\b",
    r"\bthroat\b|\bchok(?:ed|ing)\b|\bstrangl|\b(?:pressure|bed) ?sores?\b|\babus(?:ed|ing|ive)\b"
    r"|\bheart attack\b|\bstroke\b|\bsepsis\b|\b(?:really|very|so) confused\b|\bdelirious\b"
    r"|\b(?:telly|tv|radio) (?:is |was )?(?:talk|speak)ing to\b|\bpoison(?:ed|ing)\b|\bbeing "
    r"followed\b"
    r"|\bseeing things\b|\brun away from the (?:ward|unit|home)|\b(?:got|has|hidden) a (?:gun"
    r"|rope|blade)\b"
    r"|\b(?:beaten|battered|molested|raped|locked in|tied up|starving)\b|\bheld (?:him|her|me) "
    r"down\b",
)

# Said of work, of many or of a story: about the subject, and about nobody.
_NOBODY = _any(
    r"riskbedom|\bprevention|preventi[vo]|\butbildning|\briktlinj|\brutin(?:en|er)?\b|\bstatistik",
    r"\bforskning|\bstudien?\b|\bstudier\b|\bnollvision|\bprocent\b|%|\bforelasning|\bkampanj",
    r"\btraining\b|\bpolicy\b|\bguideline|\bstatistic|\bresearch\b|\bstudies\b|\bzero suicide",
    r"\bawareness\b|\brisk assessments?\b|\bscreening\b|\bper ?cent\b|\brates?\b|\bcampaign",
    r"\b(?:boken|filmen|serien|romanen|pjasen|podden|avsnittet|dikten|dokumentaren)\b",
    r"\b(?:film|movie|novel|book|episode|documentary|character|song|poem|drama|soap)\b",
    r"\b(?:fragar vi|vi fragar|ska vi fraga|man fragar) (?:alla|alltid)|\bwe (?:always )?ask "
    r"every",
    r"\b(?:intervjuerna|enkaten|siffrorna|resultaten|kort \d|interviews|survey|figures|card \d)\b",
    r"\bvanligare an man tror\b|\bmore common than\b|\b(?:de|personer|manniskor|people|those) "
    r"(?:som|who) \w+",
)
_LONG_AGO = _any(
    r"\bfor (?:\w+ ){0,2}(?:ar|decennier) (?:sedan|sen)\b|\b(?:\d0|atti|nitti|sjutti"
    r"|sexti)o?-?talet",
    r"\bsom barn\b|\bnar jag var (?:liten|ung|barn|\w+ ar|\d+)\b|\ben gang i tiden\b",
    r"\byears ago\b|\bwhen i was (?:a kid|a child|little|young|younger|small|\d+)\b|\bas a "
    r"child\b",
    r"\bback in (?:the|19|20)\w*|\bused to\b|\bonce upon\b|\bdecades ago\b",
)
_STILL = _any(
    r"\b(?:fortfarande|igen|annu|nu|idag igen|still|again|now|today still)\b",
)
_DENIED = _any(
    r"\b(?:aldrig|inte|ej|inga|ingen|inget|utan att|slutade|slutat)\b[^,;:]*$",
    r"\b(?:never|not|no|isnt|wasnt|arent|dont|doesnt|didnt|wont|without|nobody)\b[^,;:]*$",
)
_NOT_A_NO = _any(
    r"\b(?:slutar aldrig|aldrig slutar|kan inte sluta|inte sluta|inte bara|inte vet|vet inte)\b",
    r"\b(?:never stops?|cant stop|wont stop|doesnt stop|not only|dont know|not sure|no longer)\b",
)

_WHO = (
    r"(?:jag|ja|han|hon|hen|de|dom|nan|nagon|pappa|mamma|mannen|frun|sonen|brorsan|personalen|"
    r"chefen|(?:min|mitt|hans|hennes) \w+)"
)
_WHOM = (
    r"(?:mig|mej|me|honom|henne|hen|dem|dom|barnen|boende|patienter\w*|mamma|pappa|brorsan|"
    r"(?:min|mitt|mina|sin|sina) \w+)"
)
_THEY = (
    r"(?:he|hes|she|shes|they|dad|mum|mam|who|staff|someone|somebody|nurses?|carers?|"
    r"(?:my|her|his|their|the) \w+)"
)
_THEM = (
    r"(?:me|him|her|them|us|people|patients|residents|kids|mum|mam|dad|nan|"
    r"(?:my|the|his|her|their) \w+)"
)
_PILLS = r"(?:tabletter\w*|piller|pillren|medicin\w*|burken|asken)"
_DRUGS = r"(?:pills|tablets|meds|medication|paracetamol|packet|bottle)"

# What says no by itself: a "not" in these is part of the alarm, not a denial of it.
_HEALTH_NO = _any(
    r"\b(?:orkar|vill|ville|pallar|klarar|onskar|tanker) (?:\w+ ){0,3}(?:inte|int|ej) (?:\w+ "
    r"){0,2}"
    r"(?:leva|finnas|vakna|vara med langre)\b",
    r"\b(?:inte|int|aldrig) (?:leva|vakna|finnas)\b|\bsluta(?:t|r|de)? (?:ata|dricka|andas)\b"
    r"(?! (?:kott|socker|glass|gluten|mjolk|kaffe|vin|ol|alkohol|godis|lunch|frukost|middag|ihop"
    r"|ute))",
    r"\bom (?:jag|ja|hon|han) inte (?:fanns|finns|vore)\b|\bbattre utan (?:mig|mej)\b",
    r"\binte (?:fatt i sig |atit|druckit)\b[^.!?]{0,20}\b(?:dag|dar|dagar|dygn|vecka|veckor)\b",
    r"\bslut(?:at|ar|ade) (?:att )?(?:ta|med) (?:sitt|sin|sina|mitt|min|mina|all) \w+",
    r"\b(?:kan inte|svart att|gar inte att) andas\b|\bfar (?:inte|ingen|knappt) luft\b",
    r"\bvagar inte (?:ga|aka|vara|komma|sova) (?:hem|hemma|dar)\b|\bgar inte att vacka\b",
    r"\b(?:dont|doesnt|didnt|do not|no longer|cant) (?:\w+ ){0,3}(?:want|wanna|wants) "
    r"(?:to )?(?:\w+ )?(?:be here|be alive|live|exist|wake up|go on|carry on)\b",
    r"\b(?:klarar|orkar|star) (?:\w+ )?(?:inte|int|ej) (?:\w+ )?(?:ut )?(?:en|ett|till) (?:\w+ "
    r")?(?:natt|dag|dygn|vecka)",
    r"\binte (?:haft|fatt|tagit) (?:\w+ ){0,2}(?:syrgas\w*|insulin\w*)\b",
    r"\binte fatt (?:\w+ )?(?:mat|vatten|dricka|sin medicin|sitt insulin|insulin|medicin)\b",
    r"\bslutat med (?:all|sin|sina|sitt|min|mina) (?:medicin\w*|tabletter\w*)",
    r"\bcant (?:do|face|get through|take|cope with) another (?:night|day|week)\b",
    r"\b(?:had )?(?:nothing|no food|not a thing) to (?:eat|drink) (?:since|for|all)\b",
    r"\b(?:come|came|coming|gone|going|been) off (?:all )?(?:her|his|my|their|the) (?:meds"
    r"|medication|tablets|lithium|pills)",
    r"\bnot wak(?:e|ing) up\b|\bno (?:point|reason) (?:in |to )?(?:living|live|going on|carrying "
    r"on)",
    r"\b(?:hasnt|havent|hadnt|not) (?:eaten|drunk|had anything)\b[^.!?]{0,25}\b(?:days?|weeks?)\b",
    r"\bstop(?:ped|s)? (?:eating|drinking|breathing)\b(?! (?:meat|sugar|coffee|dairy|alcohol"
    r"|lunch|breakfast|dinner|out|together))",
    r"\bstop(?:ped|s)? taking (?:her|his|my|their|the) \w+",
    r"\bcant breathe\b|\bnot breathing\b|\bwont wake up\b|\bcant wake (?:him|her|them)\b",
    r"\b(?:too )?(?:scared|afraid) to go home\b|\bnot safe (?:at home|with (?:him|her|myself))\b",
)
_HEALTH = _any(
    # to die, by one's own hand
    r"\b(?:vill|ville|onskar|orkar|tanker pa att|redo att)\b (?:\w+ ){0,3}(?:do|dor|slippa "
    r"leva)\b",
    r"\bta(?:r|git|ga|it)?\b (?:\w+ ){0,2}(?:livet av|mitt liv|sitt liv|sitt eget liv)\b",
    r"\btog (?:\w+ ){0,2}(?:livet av|sitt liv)\b|\b(?:avsluta|gora slut pa) (?:allt|allting"
    r"|livet)\b",
    rf"\b{_WHO}\b[^.!?]{{0,50}}\b(?:sjalvmord\w*|suicid\w*|overdos\w*)",
    r"\b(?:sjalvmordstankar|suicidtankar|suicidal|suicidala?)\b",
    r"\b(?:skar(?:a|it|er)?|skurit|skada(?:r|t|de)?|hang(?:a|de|t)) (?:mig|mej|sig|sej)(?! pa "
    r"(?:papp|kniv|glas|plat|burk|konserv))\b",
    r"\b(?:gora|gor|gjort|gjorde) (?:mig|mej|sig|sej|honom|henne) (?:sjalv )?illa\b",
    rf"\bspara(?:t|r|de)? (?:ihop )?(?:pa )?{_PILLS}|\b{_PILLS}\b[^.!?]{{0,15}}\bsparat\b",
    rf"\b(?:tagit|tog|svalt|svalde|atit upp) (?:\w+ ){{0,3}}{_PILLS}\b(?<!medicin)",
    r"\b(?:hoppa(?:t|de|r)?) (?:framfor|(?:ut )?(?:fran|genom) (?:en |ett )?(?:bro|tak|balkong"
    r"|fonst|klipp|vaning|parkering|hojd|taket|bron))|\bstar (?:\w+ )?pa (?:bron|taket"
    r"|kanten)\b",
    r"\b(?:wants?|wanted|wanna|wish(?:es|ed)?|ready|rather|better off|thinking about) "
    r"(?:\w+ ){0,3}(?:die|dying|dead|disappear for good)\b",
    r"\b(?:think|thinks|thinking|thought|thoughts|talks?|talking) (?:\w+ )?(?:about|of) "
    r"(?:just )?ending (?:it|things|her life|his life|my life)\b|\bend it all\b",
    r"\b(?:end|ended|ending|take|took|taking|taken) (?:my|his|her|their) (?:own )?life\b",
    r"\b(?:kill|killing|killed|hang|hanged|hanging|hurt|hurting|harm|harming|cut|cutting) "
    r"(?:myself|himself|herself|themselves|(?:my|her|his|their) (?:arms?|wrists?|legs?|throat))\b",
    r"\b(?:been|started|back to|she|he|shes|hes|im) cutting (?:again|since|every)\b"
    r"|\bself[- ]?harm(?:ing|ed|s)\b|\bsuicidal\b|\b(?:attempted|tried|committed) suicide\b"
    r"|\bsuicide attempt\b|\boverdos(?:e|ed|es|ing)\b|\bbetter off without me\b",
    rf"\b(?:took|taken|swallowed|takes) (?:\d\d+|twenty|thirty|forty|all|loads of|too many|the "
    rf"whole|a load of)\b"
    rf"[^.!?]{{0,20}}\b{_DRUGS}\b",
    rf"\b{_DRUGS}\b[^.!?]{{0,12}}\b(?:saved|stashed|hidden|hoarded)"
    rf"|\b(?:sav(?:ed|ing)|stash(?:ed|ing)|hoard(?:ed|ing))\b[^.!?]{{0,15}}\b{_DRUGS}\b",
    r"\bjump(?:ed|ing)? (?:off|in front of)\b|\bon the (?:ledge|roof|bridge) again\b",
    # voices now
    r"\b(?:han|hon|hen|jag|ja|sonen|dottern|brorsan) hor (?:\w+ )?roster\b",
    r"\broster(?:na)? (?:som )?(?:sager|saga|sa|befaller)\b",
    r"\bhears voices\b|\b(?:hes|shes|is|im|been|still) hearing voices\b",
    r"\bvoices? (?:\w+ ){0,2}(?:tell|telling|tells|told|say|saying|says) \w+",
    # hurt by somebody
    rf"\b{_WHO}\b (?:\w+ ){{0,3}}(?:slar|slog|sparkar|sparkade|knuffar|stryper|misshandlar|"
    rf"misshandlade|tafsar|tafsade|valdtog|valdtar|nyper|drar) (?:\w+ )?(?:pa |i )?{_WHOM}\b",
    r"\btafsa\w*|\bvaldta\w*|\bvaldtog\b|\bsexuella overgrepp\b|\bblamarken\b|\bblaslagen\b",
    rf"\bdoda (?:mig|mej|honom|henne|dig|oss)\b|\bhota(?:r|de|t) (?:\w+ )?{_WHOM}\b",
    rf"\blas(?:er|te|t|ta)? in {_WHOM}\b|\binlast pa (?:rummet|sitt rum)\b",
    rf"\b{_THEY}\b (?:\w+ ){{0,3}}(?:hits?|hitting|beats?|beating|punch\w*|slaps?|slapp\w*|"
    rf"kick\w*|chok\w*|strangl\w*|drags?|dragg\w*|rap(?:es|ed)|abus\w+|grop\w+|touch(?:es|ing)|"
    rf"threaten\w*|pinch\w*|shoves?) (?:\w+ )?{_THEM}\b",
    rf"\block(?:s|ed|ing)? {_THEM} (?:in|up)\b|\b(?:hell|shell|will|gonna|going to|to) kill "
    r"(?:me|her|him|us|them|you)\b",
    rf"\b(?:binder|band|spanner|spande) (?:\w+ )?fast (?:honom|henne|mig|mej|hen|dem|dom"
    rf"|{_WHOM})\b",
    r"\b(?:kasta(?:r|de)|slang(?:er|de)) (?:\w+ ){1,3}(?:pa|efter|mot) (?:mig|mej|henne|honom)\b",
    rf"\b(?:strap|tie|pin|chain)(?:s|ped|d|ned|ed)? {_THEM} (?:in|to|down|into)\b",
    r"\b(?:threw|throws|throwing|chucked) (?:\w+ ){1,3}at (?:me|her|him|mum|the kids)\b",
    # in danger now
    r"\b(?:ont|smarta|tryck) (?:i|over) brostet\b|\bchest pains?\b",
    r"\bmedvetslos|\bsvimma(?:t|de)|\bligger (?:\w+ ){0,3}pa golvet\b|\bblodet slutar\b"
    r"|\bbloder\b",
    r"\b(?:har|med|bar) (?:en |sin )?kniv(?:en)?\b|\btog fram (?:en )?kniv|\bkrampa(?:r|t)\b",
    r"\bunconscious\b|\bpassed out\b|\bcollapsed\b|\bhaving a (?:seizure|fit|stroke|heart "
    r"attack)\b",
    r"\b(?:still|lying|been) on the floor\b|\bbleeding\b|\b(?:has|got|pulled|with|carr(?:y|ies"
    r"|ying)) a knife\b",
)


ENOUGH_KINDS: Final = 2
# One of these may mean nothing; two of different kinds are worth reading.
_WEAK: Final = {
    "death": _any(
        r"\b(?:dod|(?:vill|ska|skulle|kommer|far) do|doden|doda|begravning\w*|ta slut|tar slut"
        r"|slippa allt|forsvinna)\b",
        r"\b(?:dead|die|dying|death|to stop|disappear|all over|end of it|funeral)\b",
    ),
    "wish": _any(
        r"\b(?:jag|ja) vill (?:bara|inte|int)\b|\b(?:haft|har|har haft|far) tankar\b|\btankar pa "
        r"att\b|"
        r"\b(?:jag|ja|hon|han) forsokte i\b|\bsnart ar (?:jag|ja)\b|\bpa riktigt den har gangen\b",
        r"\bi just want\b|\b(?:had|having|have) thoughts\b|\bthoughts of\b|\bi tried in\b|"
        r"\b(?:getting|im) close\b|\bfor real this time\b|\bi tried (?:last|it)\b",
    ),
    "again": _any(r"\bigen\b|\bsnart (?:ar|e)\b|\bagain\b|\bpa nytt\b"),
    "means": _any(
        r"\b(?:kora|kor) (?:in i|ihjal|av vagen|ut fran)|\b(?:tag|taget|sparet|bron|repet?|snaran|"
        r"kniven|rakblad\w*|motorvagen|balkongen|broracket|geval?ret)\b",
        r"\b(?:driv\w+|drove|steer\w*) (?:\w+ )?(?:into a|into the|off the)|\b(?:the train"
        r"|tracks|bridge|"
        r"rope|noose|the knife|razor\w*|motorway|balcony|the gun|blades?)\b",
    ),
    "heart": _any(
        r"\bhjartklapp|\bhjartat (?:slar|rusar|hoppar)|\bdomna\w*|\bvanster arm|\bstralar\b|"
        r"\b(?:kissar|hostar|kraks|spyr|bajsar) (?:upp )?blod\b|\bblod i\b|\bsvart att prata",
        r"\bheart (?:\w+ )?(?:going|racing|pounding)|\bgone numb|\bis numb\b|\bleft arm\b|"
        r"\b(?:peeing|pissing|coughing|vomiting|passing) (?:up )?blood\b|\bblood in\b|\bface is "
        r"droop",
    ),
    "now": _any(
        r"\b(?:medan|nar) (?:jag|ja) skriver|\bjust nu\b|\bsen (?:i )?\w+dags?\b|\bi natt\b|\bi "
        r"morse\b",
        r"\bwhile im (?:writing|typing)|\bright now\b|\bsince (?:mon|tues|wednes|thurs|fri|satur"
        r"|sun)day|"
        r"\blast night\b|\bthis morning\b|\btonight\b",
    ),
    "blow": _any(
        r"\b(?:slog|slar|knuffa\w*|putta\w*|sparka\w*|daska\w*|ruska\w*) (?:till |ner |omkull )?"
        r"(?:mig|mej|honom|henne|hen|dem|barnet|pojken|flickan)\b|\bfick stryk\b|\borfil",
        r"\b(?:push|shov|slap|kick|shak|smack|belt|wallop)\w* (?:me|her|him|them|the (?:boy|girl"
        r"|baby))\b|"
        r"\bgot a (?:slap|beating)\b|\bgave (?:me|her|him) a (?:slap|hiding)\b",
    ),
    "fall": _any(
        r"\b(?:trillade|ramlade|snubblade|foll|ramlat|trillat)\b|\bnerfor trappan\b|\bi trappan\b",
        r"\b(?:tripped|fell|fallen)\b|\bdown the stairs\b|\bwalked into a door\b",
    ),
    "mark": _any(
        r"\bmarken (?:pa|runt|efter)|\bblatira|\bbrannmarke|\bbrutit|\bbrutna?\b|\bsvullen\b",
        r"\bmarks (?:on|round|around)|\bblack eye|\bbruis|\bburns? on\b|\bbroken (?:arm|rib"
        r"|wrist|nose)",
    ),
    "story": _any(
        r"\bsager (?:att )?(?:han|hon|jag|ja) (?:ramlade|trillade|foll|snubblade)\b|\bsa pa "
        r"akuten\b",
        r"\bsays (?:he|she) (?:fell|tripped)\b|\btold (?:a&e|them|the doctor|casualty) i\b",
    ),
    "threat": _any(
        r"\b(?:ar|e) (?:jag|ja|hon|vi|du) (?:dod|korda?)\b|\b(?:jag|ja|hon|vi) (?:ar|e) (?:dod"
        r"|dod om)\b|"
        r"\bom (?:jag|ja|hon) (?:flyttar|lamnar|berattar|anmaler|gar)\b|\bska fa angra\b",
        r"\b(?:im|shes|were|ill be|shed be) dead\b|\bif (?:i|she|we) (?:move|leave|tell|report"
        r"|go|leaves)\b|"
        r"\bll regret it\b|\bdead meat\b",
    ),
    "sedate": _any(
        r"\b(?:somntabletter|somnmedel|lugnande|drogar|drogade|neddrogad|bedovar)\b",
        r"\b(?:sleeping (?:pills|tablets)|sedat\w+|drugged|drugging|knocked out|doped|zombie)\b",
    ),
    "to have peace": _any(
        r"\bfor att (?:fa|ha|slippa)\b|\bnar det ar (?:lite|kort om) (?:personal|folk)\b|\bredan "
        r"vid\b",
        r"\bso (?:they|he|she) (?:get|gets|can)\b|\bfor a quiet\b|\bwhen (?:theyre|its) short\b"
        r"|\bat five\b",
    ),
    "eating": _any(
        r"\bater (?:bara|knappt|inget|ingenting|inte)\b|\blever pa (?:isbitar|kaffe|vatten|luft)|"
        r"\bspyr efter\b|\bkraks efter\b|\btuggummi\b|\bisbitar\b|\bratt inget\b",
        r"\b(?:lives?|living) on (?:ice|air|coffee|water|crisps|nothing)|\beats? (?:nothing|only"
        r"|hardly)|"
        r"\bonly eats\b|\b(?:barely|hardly) (?:eats|eating)\b|\bchewing gum\b|\bsick after\b",
    ),
    "nobody called": _any(
        r"\bingen (?:\w+ )?(?:ringt|ringer|hamtat|hamtar|sett|bryr|gor|gjort|tar|hjalper)\b",
        r"\bno ?(?:one|body) (?:\w+ )?(?:rung|rings|called|calls|seen|does|done|listens|helps"
        r"|checked)\b",
    ),
    "fear": _any(
        r"\b(?:tors|vagar) (?:\w+ )?(?:inte|int|knappt)\b|\bradd for (?:honom|henne|min|sin"
        r"|han)\b",
        r"\b(?:darent|dont dare|too scared|terrified|frightened of|scared of|afraid of)\b",
    ),
    "drink": _any(
        r"\b(?:druckit|full igen|dricker igen|ar full|pakt|pundar|knarkar)\b",
        r"\b(?:been drinking|is drunk|drunk again|gets drunk|drinks|drinking again|using again)\b",
    ),
    "body": _any(
        r"\buttorka|\bundernard|\bliggsar|\biskall|\bhog feber|\bkraks\b|\bsvalt\w*|\bavmagra|"
        r"\bvager (?:bara )?\d+|\b\d+ kilo\b|\bkissat (?:ner|pa) sig|\bfar inget att ata|"
        r"\binget (?:att )?ata\b|\brasat i vikt|\bsvart att andas|\bbla om lapparna|\bsluddrar",
        r"\bdehydrat|\bmalnourish|\bstarv(?:ing|ed)|\b(?:bed|pressure) ?sores?\b|\bstone cold\b|"
        r"\bhigh fever|\bthrowing up|\bvomiting|\bskin and bones?|\bweighs? (?:only )?\d|"
        r"\b(?:\w+|\d+) stone\b|\bsoiled\b|\bslurring|\bno food\b|\bfood if\b|\blost \w+ weight",
    ),
    "sleepless": _any(
        r"\binte sovit\b|\bsover inte\b|\bvaken i (?:\w+ )?(?:dygn|natter)|\brusar\b|\bpa helvarv",
        r"\b(?:not|havent|hasnt|cant) (?:slept|sleep)\b|\bawake for\b|\bracing\b|\bno sleep\b",
    ),
    "medicine": _any(
        r"\b(?:utan|av med|slut pa|slut med|hoppar over|glommer|vagrar(?: ta)?) (?:\w+ )?"
        r"(?:medicin\w*|litium|insulin|tabletter\w*|hjartmedicin\w*)",
        r"\b(?:off|without|out of|skipping|refus\w+|missed|run out of|ran out of) (?:\w+ )?"
        r"(?:meds|medication|medicine|tablets|lithium|insulin|clozapine|inhaler|pills)",
    ),
    "force": _any(
        r"\b(?:binder|spanner|band|spande|haller|holl|trycker|tryckte|bar|slapar|slapade) "
        r"(?:\w+ )?(?:fast|ner|nere|in|ut) (?:honom|henne|mig|mej|hen|dem|min)\b|\blivrem"
        r"|\bbaltad",
        r"\b(?:kasta(?:r|de|t)|slangde|slanger|knuffade|puttade|tryckte upp) [^.!?]{1,20}(?:pa"
        r"|mot) "
        r"(?:mig|mej|henne|honom|vaggen)\b|\bhart i (?:arm|har|nacke)",
        r"\b(?:strap|straps|strapped|tie|ties|tied|pin|pins|pinned|hold|holds|held) "
        r"(?:him|her|me|them|mum|mam|dad|nan|residents|people)\b|\bwith a belt\b",
        r"\b(?:threw|throws|chucked|lobbed) [^.!?]{1,20}\bat (?:me|her|him|mum|us|the kids)\b",
        r"\bgrab(?:s|bed)? (?:me|her|him)\b|\bby the (?:hair|throat|neck|arm|wrist)s?\b",
    ),
    "farewell": _any(
        r"\bhejda till\b|\bfarval\b|\badjo till\b|\bforlat for allt\b|\b(?:gett|skankt|givit) "
        r"bort\b|"
        r"\bavskedsbrev|\btestament",
        r"\bgoodbyes?\b|\bsorry for everything\b|\bgiv(?:en|ing) (?:\w+ ){1,4}away\b|"
        r"\bgave (?:\w+ ){1,4}away\b|\bfarewell\b|\bsuicide note|\bwritten (?:my|a) will",
    ),
    "silent": _any(
        r"\b(?:svarar|svarat) (?:\w+ )?inte\b|\binte (?:svarat|svarar|hort av|oppnat|hort "
        r"ifran)\b|"
        r"\bmobilen (?:ar )?(?:av|dod|avstangd)|\bforsvunn|\bingen har sett",
        r"\b(?:not|isnt|wont|no) (?:answer\w*|reply\w*|pick\w* up)\b|\bphone (?:is )?off\b|"
        r"\bmissing since\b|\bnobody has seen\b|\bgone missing\b|\bcant get hold of\b",
    ),
    "last": _any(
        r"\b(?:inte|int) kvar\b|\bsista (?:gangen|motet|natten|jularna?|brevet)\b|\bsnart over\b|"
        r"\b(?:bestamt mig|det ar bestamt|har bestamt)\b|\bordnat (?:allt|allting)\b",
        r"\b(?:wont|not) be (?:here|around)\b|\b(?:my|the) last (?:one|time|christmas|night"
        r"|meeting)\b|"
        r"\bmade up my mind\b|\bsorted everything\b|\bover soon\b|\bnot (?:be )?around (?:much"
        r"|for)",
    ),
    "plan": _any(
        r"\bhur (?:jag|ja|han|hon) (?:ska|skulle) gora (?:det|de|sa)\b|"
        r"\b(?:har|gjort) en plan for hur\b|\bgooglat\b|\bvet precis hur\b",
        r"\bhow (?:to|id|i would|ill) do it\b|\bworked out how\b|"
        r"\bgoogled\b|\bhave a plan\b|\bknow exactly how\b",
    ),
    "found": _any(
        r"\bhitta(?:r|de)? (?:mig|mej)\b|\b(?:finds?|finding) (?:me|my body)\b",
    ),
    "control": _any(
        r"\b(?:bankkort|bankid|bank-id)\w*|\btar (?:\w+ )?(?:pengar|pengarna|mobilen|telefonen)\b|"
        r"\bfar (?:hon |han |jag |ja )?(?:inte|inget|aldrig) (?:ata|ringa|ga ut|traffa|prata"
        r"|lamna)|"
        r"\bbestammer (?:allt|vem jag)|\bskriver under\b|\bkollar min (?:mobil|telefon)",
        r"\bbank ?card\b|\btakes (?:my|her|his|mums|dads|nans) (?:money|phone|pension|card)\b|"
        r"\bwont let (?:me|her|him|mum|dad) \w+|\b(?:only|unless|if) (?:she|he|i) signs?\b|"
        r"\b(?:checks|reads) my (?:phone|messages)|\bnot allowed (?:out|to phone|to see|to eat)",
    ),
    "left": _any(
        r"\b(?:inte|ingen) (?:varit|kommit|kom|tittat till)\b|\blamna(?:d|de|s|t) ensam\b|"
        r"\blegat i\b|\blag i (?:sin|sitt)|\bensam (?:\w+ )?hela natten\b",
        r"\b(?:hadnt|havent|hasnt) been (?:since|there|in)\b|\bnobody (?:came|comes|has come)\b|"
        r"\bleft (?:alone|on (?:her|his) own|lying|in)\b|\blying in\b|\bno ?one(?:s)? (?:came"
        r"|been)\b",
    ),
    "turned away": _any(
        r"\baterkomma? (?:efter|om|i)\b|\bskickade (?:hem|ivag)\b|\bskrev(?:s)? (?:ut|hem)\b|"
        r"\bingen plats\b|\bvagra(?:de|r) (?:ta emot|lagga in)\b|\bkommer inte in\b",
        r"\bcome back (?:after|in|on)\b|\bsent (?:her|him|me|them|us) home\b|\bno beds?\b|"
        r"\bturned (?:her|him|me|us) away\b|\bdischarged (?:her|him|me)\b|\bnot ill enough\b",
    ),
    "hopeless": _any(
        r"\bingen (?:mening|utvag)\b|\borkar (?:inte|int)(?: mer)?\b|\bgett upp\b|\bhopplos|"
        r"\btrott pa livet\b|\bspelar ingen roll\b|\bingen (?:skulle )?sakna(?:r|t)? mig|\ben "
        r"borda",
        r"\bno (?:point|way out)\b|\bcant (?:go on|cope|do this|take (?:it|this))\b|\bhopeless\b|"
        r"\btired of (?:living|life|being alive)\b|\b(?:a|such a) burden\b|\bno ?one would miss "
        r"me",
    ),
    "young": _any(
        r"\b(?:ar|e|bara|is|shes|hes|only) (?:tio|elva|tolv|tretton|fjorton|femton|sexton|ten"
        r"|eleven|"
        r"twelve|thirteen|fourteen|fifteen|sixteen)\b",
        r"\b(?:ar|e|bara|is|shes|hes|only) (?:[4-9]|1[0-7])(?: ar)?\b(?! (?:min|%|procent"
        r"|platser|av))",
        r"\bbarnen (?:\w+ )?(?:hittar|ser|hor)\b|\bthe kids (?:\w+ )?(?:find|see|hear)\b",
    ),
    "driving": _any(r"\bkor (?:bil|anda)\b|\bdriving\b|\bbehind the wheel\b"),
}


_PERSON = _any(
    r"\b(?:jag|ja|mig|mej|han|hon|hen|honom|henne|hans|hennes|min|mitt|mina|mamma|pappa|mormor"
    r"|morfar|"
    r"farmor|farfar|brorsan|syrran|sambon|mannen|frun|pojken|flickan|killen|tjejen|kvinnan|gubben|"
    r"tanten|patienten|barnet|barnen|grannen|dottern|sonen|ungen|personalen|dom|de)\b",
    r"\b(?:i|im|ive|id|me|my|he|hes|she|shes|him|his|her|mum|mam|dad|nan|gran|grandad|partner"
    r"|husband|"
    r"wife|boy|girl|lad|man|bloke|woman|patient|kid|kids|baby|daughter|son|neighbour|resident"
    r"|they)s?\b",
)


def _health_at_risk(text: str) -> bool:
    kinds: set[str] = set()
    for sentence in _sentences(_IDIOMS.sub(" ", fold(text))):
        if _NOBODY.search(sentence):
            continue
        if _LONG_AGO.search(sentence) and not _STILL.search(sentence):
            continue
        if _HEALTH_NO.search(sentence):
            return True
        if any(not _denied(sentence[: m.start()]) for m in _HEALTH.finditer(sentence)):
            return True
        if _PERSON.search(sentence):
            if any(not _denied(sentence[: m.start()]) for m in _GRAVE.finditer(sentence)):
                return True
            kinds |= {kind for kind, pattern in _WEAK.items() if pattern.search(sentence)}
    return len(kinds) >= ENOUGH_KINDS


def _denied(before: str) -> bool:
    return bool(_DENIED.search(_NOT_A_NO.sub(" ", before)))


# Born on the day that a personal number begins with, coordination numbers (day + 60) included.
_NUMBERS = _any(
    r"(?<![\d-])(?:19|20)?\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]|6[1-9]|[78]\d|9[01])"
    r"[-+ ]\d{4}(?!\d)",
    r"(?<!\d)(?:\+46|0046|0)[ -]?7[02369][ -]?\d(?:[ -]?\d){6}(?!\d)",
    r"(?<!\d)0(?!20|77)[1-9]\d{0,2}[-/] ?\d{2,3}[ -]?\d\d[ -]?\d{2,3}(?!\d)",
    r"(?<!\d)(?:\+44 ?|0)7\d{3} ?\d{3} ?\d{3}(?!\d)|(?<!\d)01\d{2,3} ?\d{3} ?\d{3,4}(?!\d)",
    r"\bnhs (?:number|no)\b[^.]{0,8}\d{3}|(?<!\d)\d{3} \d{3} \d{4}(?!\d)",
    r"\b[a-z]{2} ?\d\d ?\d\d ?\d\d ?[a-d]\b",
    r"\b(?:dob|fodd|fodelsedatum|born|date of birth)\W{1,3}(?:on |den "
    r")?\d{1,4}[/.-]\d{1,2}[/.-]\d+",
    r"\b(?:personnummer\w*|pnr|passport no|patient id)\W{0,12}\d{4}",
)
_EMAIL = re.compile(
    r"\b(?!(?:info|kontakt|contact|hello|hej|support|office|admin|registrator|forum|help"
    r"|enquiries)@)"
    r"[\w.+-]+@[\w-]+\.\w+"
)
_ADDRESS = _any(
    r"\b[a-z]{2,}(?:gatan|vagen|grand|stigen|torget|allen|backen|gata) \d{1,3} ?[a-f]?\b",
    r"\b(?:flat|lgh|lagenhet) \d+\w?,? ",
    r"\b\d{1,4}[a-d]? (?:[a-z]+ ){1,2}(?:street|road|avenue|lane|close|drive|crescent|terrace|"
    r"gardens|grove)\b",
)
_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b")
_ROOM = _any(
    r"\b(?:kvinnan|mannen|damen|tanten|gubben|killen|tjejen|patienten|pojken|flickan|han|hon) "
    r"(?:\w+ )?(?:i|pa) (?:rum|sang|sal|lagenhet) ?\w*\d",
    r"\b(?:woman|man|lady|guy|bloke|lad|girl|boy|patient|chap|one) (?:\w+ )?(?:in|at) "
    r"(?:room|bed|bay|flat) ?\w*\d",
)

_NAME = r"[A-ZÅÄÖÉ][a-zåäöéüA-Z]*[a-zåäöéü](?:-[A-ZÅÄÖ][a-zåäö]+)?"
_TITLES = (
    r"[Dd]oktorn?|[Dd]r\.?|[ÖöOo]verläkaren?|[Ll]äkaren|[Ss]juksköterskan|[Ss]köterskan"
    r"|[Ss]köterska|"
    r"[Uu]ndersköterskan|[Ss]kötaren|[Kk]uratorn?|[Pp]sykologen|[Hh]andläggaren|[Cc]hefen|"
    r"[Ee]nhetschefen|[Ll]äraren|[Rr]ektorn|[Gg]od man|"
    r"[Mm]r\.?|[Mm]rs\.?|[Mm]s\.?|[Mm]iss|[Nn]urse|[Ss]ister|[Cc]onsultant|[Dd]octor|[Mm]atron|"
    r"[Ss]ocial worker|[Kk]ey worker|[Pp]harmacist|[Pp]sychologist|[Pp]sychiatrist|[Tt]herapist"
    r"|[Ss]urgeon|[Pp]sykiatern|[Kk]irurgen|[Tt]erapeuten|[Ww]ard manager"
)
_TITLED = re.compile(rf"\b(?:{_TITLES}) (?:(?:[Mm]r|[Mm]rs|[Mm]s|[Dd]r)\.? )?({_NAME})\b")
_KIN = (
    r"son|dotter|bror|brorsa|\w+(?:son|dotter)|svåger|svägerska|kontaktperson|kontaktman"
    r"|assistent|"
    r"social worker|support worker|manager|supervisor|teacher|doctor|nurse|landlord|handläggare"
    r"|lärare|läkare|key worker|nephew|niece|brother-in-law|sister-in-law|grandson|"
    r"granddaughter|therapist|"
    r"syster|syrra|mamma|mor|pappa|far|man|fru|sambo|granne|vän|kompis|kusin|"
    r"farmor|farfar|mormor|morfar|barnbarn|moster|faster|farbror|morbror|chef|kollega|patient|"
    r"sister|brother|mother|mum|mam|dad|father|husband|wife|partner|neighbour|friend|daughter|nan|"
    r"gran|grandad|cousin|aunt|uncle|mate|lad|client|boss|colleague"
)
# In small letters only where no article makes it a doctor like any other.
_TITLED_SMALL = re.compile(
    r"(?<!\ben )(?<!\bnagon )(?<!\bny )(?<!\bvilken )\b(?:doktor|dr\.?|overlakare|fru|herr"
    r"|syster) "
    r"(?!(?:som|pa|i|sa|har|kom|och|eller|vill|sager|inte|hade|var|ar|skrev|som|med|till|for|att"
    r"|ska|kan|"
    r"fick|ger|gav|at|on|in|and|or|to|with|who|said|told|was|is|has|had|did|came|gets|of|at|men"
    r"|dar)\b)"
    r"([a-z]{4,})\b"
)
_KINDRED = re.compile(
    rf"\b(?:[Mm]in|[Mm]itt|[Hh]ans|[Hh]ennes|[Vv]år|[Mm]y|[Hh]is|[Hh]er|[Oo]ur|[Tt]heir) "
    rf"(?:{_KIN}),? "
    rf"(?:som heter |heter |called |named |is called )?({_NAME})\b"
)
_CALLED = re.compile(
    rf"\b(?:[Pp]atienten|[Hh]an|[Hh]on|[Pp]ojken|[Ff]lickan|[Mm]annen|[Kk]vinnan|[Pp]atient"
    rf"|[Hh]e|[Ss]he|"
    rf"[Bb]oy|[Gg]irl|[Mm]an|[Ww]oman|[Ll]ad)(?:'s| is|s)? (?:heter|hette|called|named) "
    rf"({_NAME})\b"
)
_WHOSE_NAME = re.compile(
    rf"\b(?:[Hh]er|[Hh]is|[Hh]ennes|[Hh]ans) (?:name|namn)(?:['’]?s| is| är) ({_NAME})\b"
)
_OF_SCHOOL = _any(
    r"\bgar i (?:\w+an|\w+ klass)\b[^.!?]{0,20}skol(?:an)?\b|\b(?:year|class) \w+ at \w+ "
    r"(?:primary|school|high)",
    r"\b(?:doktorn|lakaren|skoterskan|chefen|han|hon|doctor|nurse|manager|whose) (?:som "
    r")?(?:hette|name began with|borjar pa)\b[^.!?]{0,30}\b(?:med|with)\b",
)
_INITIAL = re.compile(rf"\b[A-ZÅÄÖ]\. ?({_NAME})\b(?! ?\(?\d{{4}})")
_INTRODUCED = re.compile(
    rf"\b(?:var|är|heter|av|med|om|fråga|mot|hos|was|is|by|with|about|ask|against|called) "
    rf"({_NAME}) ({_NAME})\b(?! (?:et al|m\.fl|och medarbetare|\(?\d{{4}}))"
)
_NOT_A_PERSON: Final = listed(
    """region norra sodra ostra vastra nya gamla folkets sankt svenska royal north south east "
    "west new
    old great united king queen kings queens st the tid fas kort card phase open health public
    social care national mental patient vard god jul good happy black white red"""
)
# In a small world a given name is enough, where it is nobody's in the room.
_SINGLE = re.compile(rf"(?<![\w.])({_NAME})(?:['’]s)?\b")
_LISTED = re.compile(
    rf"\b(?:[A-ZÅÄÖ]{{3,}}|{_NAME}), {_NAME}(?: {_NAME})?,? (?:\()?(?:19|20)\d\d\b"
)
_FAMILY = re.compile(
    rf"\b(?:[Ff]amiljen ({_NAME})|[Tt]he ({_NAME})s['’]|[Tt]he ({_NAME}) (?:family|household))"
)
_WELL_KNOWN_POST = (
    r"borgmastaren|kommunalradet|prasten|kyrkoherden|rektorn|polischefen|lararen|kommunchefen|"
    r"landshovdingen|mayor|vicar|headteacher|headmaster|head teacher|mp|councillor|landlord"
    r"|postman"
)
_POST_IN = re.compile(
    r"\b(?:hon|han|hen|som|she|he|she's|he's|she’s|he’s|who)(?: är| is|'s|’s)? (?:the |a |en )?"
    r"(?:präst|rektor|lärare|polis|borgmästare|kommunalråd|läkare|domare|frisör|brevbärare|"
    r"vicar|headteacher|teacher|policeman|policewoman|mayor|councillor|doctor|judge|hairdresser|"
    r"postman|priest) (?:i|på|in|at) [A-ZÅÄÖ]\w+"
)
_OF_PLACE = re.compile(
    r"\b(?:[Kk]illen|[Mm]annen|[Tt]jejen|[Kk]vinnan|[Tt]anten|[Gg]ubben|[Dd]en|[Tt]he (?:\w+ "
    r")?(?:chap|bloke|man|woman|"
    r"lady|lad|girl|guy|one|family)) (?:som|med|with|who|that|from)\b[^.!?]{0,40}\b(?:i|in|vid"
    r"|by|på|at|near) "
    r"[A-ZÅÄÖ]\w+"
)
_KIN_OF = re.compile(
    rf"\b(?:{_WELL_KNOWN_POST})s (?:\w+ )?(?:son|dotter|fru|man|bror|syster|mamma|pappa|wife"
    rf"|husband|"
    r"lad|boy|girl|daughter|brother|sister|mum|dad|kid)\b"
)
# "The one with the red scooter outside the shop in town": all who live there know who.
_DESCRIBED = re.compile(
    r"\b(?:hon|han|den|hen|kvinnan|mannen|tjejen|killen|[Tt]he (?:one|woman|man|girl|lad|bloke"
    r"|lady)|"
    r"she|he|her|him) (?:som (?:var|ar|är|jobbade?|bodde|bor|äger|kör|sitter)|med (?:den|det|de"
    r"|sin)|"
    r"with the|that used to|who used to|used to be|who (?:runs|owns|lives|works|drives|lives)) "
    r"[^.!?]{0,45}\b(?:i|på|in|at|of|on|vid|utanför|outside|near) (?:[A-ZÅÄÖ]\w+)"
)
# People may say who they are themselves.
_ONESELF = re.compile(
    rf"\b(?:[Jj]ag heter|[Mm]itt namn är|[Jj]ag är|[Mm]y name is|[Mm]y name's|I am|I'm|[Ii]m|I’m"
    rf"|[Tt]his is|"
    rf"[Hh]ej,?|[Hh]i,?|[Hh]ello,?) {_NAME}(?: {_NAME})?|^\W*{_NAME}(?: {_NAME})? (?:här|here)\b"
)


_PUBLIC = re.compile(
    r"\b(?:" + "|".join(KNOWN_TO_ALL) + r")s?\b(?: \w+(?:sjukhus|hospital)\w*)?", re.IGNORECASE
)


def _somebody_identifiable(text: str, known_names: Collection[str]) -> bool:
    plain = fold(text)
    if (
        _NUMBERS.search(plain)
        or _ADDRESS.search(plain)
        or _ROOM.search(plain)
        or _OF_SCHOOL.search(plain)
    ):
        return True
    if _EMAIL.search(plain) or _POSTCODE.search(text) or _KIN_OF.search(plain):
        return True
    if any(p.search(text) for p in (_LISTED, _DESCRIBED, _OF_PLACE, _POST_IN)):
        return True
    if any(fold(m[1] or m[2] or m[3]) not in NO_FAMILY_NAME for m in _FAMILY.finditer(text)):
        return True
    return _named(_PUBLIC.sub(" ", _ONESELF.sub(" ", text)), known_names)


def _named(text: str, known_names: Collection[str]) -> bool:
    here = {fold(part) for name in known_names for part in (name, *name.split())}

    def stranger(name: str) -> bool:
        bare = fold(name)
        return bare not in here and bare.removesuffix("s") not in here and bare not in KNOWN_TO_ALL

    for pattern in (_TITLED, _KINDRED, _CALLED, _WHOSE_NAME, _INITIAL):
        if any(stranger(m[1]) and fold(m[1]) not in _NOBODYS_NAME for m in pattern.finditer(text)):
            return True
    if any(
        fold(m[1]) not in _NOT_A_PERSON and fold(m[2]) not in NO_FAMILY_NAME and stranger(m[1])
        for m in _INTRODUCED.finditer(text)
    ):
        return True
    if any(stranger(m[1]) for m in _TITLED_SMALL.finditer(fold(text))):
        return True
    if any(_is_given(m[1]) and stranger(m[1]) for m in _SINGLE.finditer(text)):
        return True
    plain = fold(text)
    return any(
        stranger(given) and stranger(f"{given} {family}") for given, family in _full_names(plain)
    )


def _is_given(name: str) -> bool:
    bare = fold(name).split("-")[0]
    return bare in GIVEN or (bare.endswith("s") and bare[:-1] in GIVEN)


# What stands with a capital after a title or a relative, and is nobody.
_NOBODYS_NAME: Final = STRESSED | listed(
    """esther region monday tuesday wednesday thursday friday saturday sunday english swedish thats
    whats its theres heres training staff station manager"""
)


def _full_names(plain: str) -> Iterator[tuple[str, str]]:
    words = re.findall(r"[^\W\d_]+|[^\w\s]", plain)
    for given, family in pairwise(words):
        if given in GIVEN and _is_family_name(family):
            yield given, family


def _is_family_name(word: str) -> bool:
    if word in NO_FAMILY_NAME:
        return False
    return word in FAMILY or (len(word) > 5 and word.endswith(FAMILY_ENDINGS))
