"""What the chatbot knows of words: plain lists, in both languages, for ``words``.

The lists are the hub's own and not complete; ``tests/chatbot/labelled-posts.tsv`` measures what
they find. Entries are folded as ``words.fold`` does: small letters, å ä ö as a a o, no
apostrophes.
"""

from __future__ import annotations

from typing import Final


def listed(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


# Abbreviations that need no explanation in either language, or that are ordinary in writing.
EVERYDAY: Final = listed("""
    ok tv sms mms pdf usa us uk eu fn un gdpr nhs gp bbc svt sr tv4 it ai id pc cd dvd wc vip
    faq qa diy cv phd md ba ma bsc msc hiv aids dna covid adhd pm am bc ad ps obs mvh hej vd hr
    bb bvc vab csn sj sl pin app usb gps url www html ip led suv mr mrs dr st nr kl ca cm mm km
    kg mg ml kr sek gbp eur tbh imo imho idk lol omg btw fyi asap rip xx xxx xoxo ffs wtf brb
    irl eta aka etc eg ie dob tm fm cc bcc re vs dj xl xxl jif 4m hm ikea bmj rsvp ww2 wwii mp
    ceo kbt bup sos ambulans sa ab kf abf pt sfi
""")

# Ordinary words that people write in capitals to be heard.
STRESSED: Final = listed("""
    inte aldrig alltid alla allt hela ingen inget inga jag du han hon hen vi ni de dom dem oss
    er min mitt mina din ditt dina sin sitt sina var vara varje vem vad nar hur nu nej ja jo men
    och eller for en ett den det dar har hade ar blir blev kan ska skulle maste vill gor far
    fick mer mest bara bra stopp sluta hjalp tack nog ofta forst sist sjalv sjalva igen redan
    verkligen tid dag natt ord pa av om till upp ner ut in som sa not never always all every
    each no yes we you they he she it i me my his her our your their us them this that these
    those who what when where why how now one two only just very really must should could would
    will can is are was were be been do does did has have had the a an and or but so if then
    than too more most less least any some none nobody same own stop help please hello hey wow
    yay pls sorry halla hallo snalla tyst lyssna vanta hej oj usch enough finally helvete fan
    jamen herregud forlat again still even first last good bad new old day night time here there
    out up off on at to of with from by as ever love hate need want know said told
""")

# What thumbs leave the vowels out of, or write for a sound.
TEXTING: Final = listed("""
    pls plz thx thnx ppl txt msg ngn ngt ngra mkt tkr tfn tjh jfr enl dvs mvh ggr sthlm gbg mmm
    hmm hm mhm pff lgh ds tg pfft shh psst brr grr tsk ngnstans bl mm kl kr tr tv pm nr st dr mr
    mrs ms vs wkly wk wks yr yrs mth mths hr hrs min mins gd bk cd cld wd shd thr ths wth bt bn
    fr frm cz cs cos nvm np rn ty tysm tks cmon hny spm vrf nt tls lr nl ist dss dt sv kg km mg
    cm ml rt ft lb lbs nd rd th xx xxx zzz bff gf bf lgbt hbtq hbtqi sms mms cv tvs dvd dvds cds
    pcs gps bbc svt nhs
""")

# Abbreviations of care, welfare and research that are also typed in small letters.
SMALL: Final[dict[str, frozenset[str]]] = {
    "sv": listed("""
        lpt lrv lvm lvu lss ivo hvb sip akk kva npf dbt ect gaf vb sbar ssih hsl ptp fvis npo
        svf adl bpsd pdsa skr nsph rmpg ivak lob sbu ibic samsa melior treserva procapita
    """),
    "en": listed("""
        obs mdt cpa prn cmht iapt cqc dols amhp hca hcas tto ttos eupd rmn rmns ebcd dnacpr
        camhs crht crhtt picu ccg icb icbs ppi smi slt ehr adl iadl dbt ect lpa proms prems pdsa
        kpi kpis qi tbi lpt s136 s117 s17 pip dla asd epr cto ctos salt datix systmone marac honos
    """)
    - listed("salt"),
}

# Terms of a trade that are written as words, by their beginnings; a stem takes any ending.
TERMS: Final[dict[str, tuple[str, ...]]] = {
    "sv": (
        "abdukti", "ablation", "afasi", "agil[ta]?(?![a-z])", "akatisi", "anamnes", "apne",
        "aspirera", "balanserat styrkort", "barthel", "bedomarrelia", "bistandsbeslut",
        "bortfallsanalys", "braden", "brukarrevision", "deduktiv", "dekompenser",
        "delegeringsratt", "depotinjektion", "dialys(?:er|en)?(?![a-z])", "dikotomi",
        "diskursanalys", "dygnsbelag", "dysfagi", "effektmatt", "egenremiss", "ekvivalen",
        "empiri(?:n|sk|ska)?(?![a-z])", "epistemi", "epistemolog", "etnografi", "evidens",
        "exklusionskriteri", "extravak", "fenomenolog", "genomforandeplan", "grundad teori",
        "habiliter", "habituell", "hermeneuti", "heuristi", "iatrogen", "imputation", "incidens",
        "indukti", "infusion", "inklusionskriteri", "inkontinens", "interbedomar",
        "interprofessionell", "intersektionell", "intersubjektiv", "isomorf", "iterativ",
        "kateter", "kausal", "klozapin", "kodschema", "kohort", "komorbid", "konfidensintervall",
        "konkordans", "konstruktivis", "kontextualiser", "kontinuitetsindex", "kontraindi[ck]",
        "korrelation", "lex (?:sarah|maria)", "likert", "malmedvetet urval", "malvarde",
        "medicinkonverter", "metaanalys", "metasyntes", "morbiditet", "mortalitet", "multimorbid",
        "multiprofessionell", "neuroleptik", "nutrition", "nyckeltal", "ontolog",
        "operationaliser", "oppenvardstvang", "ordination", "polyfarmaci", "positionalitet",
        "powerberakning", "prevalens", "processindikator", "profylax", "psykoedukation",
        "psykofarmaka", "p-varde", "randomisera", "regressionsanalys", "reliabilitet",
        "remissimpuls", "respondentvalider", "retrospektiv", "samsjuklighet", "saturation",
        "sedering", "semistrukturera", "sepsis", "signifikan", "skattningsskal", "snobollsurval",
        "somatik", "somatisk", "spasticitet", "stoma(?!ch)", "tematisk analys", "titrer", "trakeal",
        "trakeo", "triangulera", "triangulering", "utfallsmatt", "utfallsvariab",
        "utskrivningsklar", "validitet", "vardepisod", "vardintyg", "vardtyngd", "varians",
        "venport",
    ),
    "en": (
        "abductive", "ablation", "akathisia", "anhedoni", "anticholinergic", "aphasi", "apno?ea",
        "aspiration", "axial coding", "balanced scorecard", "barthel", "best interests assess",
        "braden", "caldicott", "caseness", "catheter", "clozapine", "codebook", "coding frame",
        "cohort", "co-?morbid", "confidence interval", "confounder", "construct validity",
        "contextuali[sz]", "contraindicat", "convergent", "correlat", "counterfactual",
        "decompensat", "deductive", "de-?escalation", "depot", "deprivation of liberty",
        "dialysis", "dichotom", "driver diagram", "dual diagnosis", "dyskinesia", "dysphagi",
        "dysphori", "effect size", "epistemi", "epistemolog", "equipoise", "equivalence",
        "ethnograph", "exclusion criteri", "fidelity", "formulary", "formulation", "fraser",
        "gillick", "granularity", "grounded theory", "hegemon", "hermeneuti", "heuristic",
        "iatrogenic", "inclusion criteri", "inductive", "interquartile", "inter-?rater",
        "intersectional", "intersubjectiv", "isomorph", "kanban", "knowledge mobili[sz]",
        "ligature", "likert", "logic model", "logit", "member check", "meta-?analys",
        "meta-?synthes", "morbidity", "nearest relative", "neuroleptic",
        "normali[sz]ation process", "norton scale", "nosocomial", "nutritional status", "oedema",
        "ontolog", "operationali[sz]", "paradigm", "pathologi", "phenomenolog", "polypharmacy",
        "positionality", "premorbid", "prevalence", "prodrom", "psychoeducat", "psychometric",
        "purposive", "p-value", "randomi[sz]ed", "rapid tranquilli[sz]", "realist evaluation",
        "reflexivity", "regression", "restrictive practice", "run chart", "sampling", "saturation",
        "seclusion", "section (?:2|3|12|17|117|136)(?![0-9])",
        "semi-?structured", "sepsis", "sequelae", "sip feeds?", "skill mix", "snowball",
        "spasticity", "stoma(?!ch)", "teleolog", "(?:the|an|our|my) ot(?![a-z])",
        "thematic (?:analysis|saturation)", "theory of change", "titrat", "tracheo", "triangulat",
        "tribunal", "validity", "variance", "waterlow", "workstream",
    ),
}  # fmt: skip

# Endings of learned words, and the words with them that everyone uses.
LEARNED: Final[dict[str, tuple[str, ...]]] = {
    "sv": (
        r"ologisk(?:a|t)?",
        r"ometri(?:n|sk|ska)?",
        r"basera(?:d|de)(?= terapi)",
        r"ektomi(?:n)?",
        r"skopi(?:n)?",
        r"algi(?:n)?",
        r"status(?:en)?(?= bedoms| ska| mats)",
        r"stoma(?:n)?",
    ),
    "en": (
        r"ological(?:ly)?",
        r"ographic(?:al)?",
        r"ometric",
        r"otropic",
        r"ectomy",
        r"ostomy",
        r"oscopy",
        r"algia",
        r"morphism",
    ),
}
ORDINARY: Final = listed("""
    psykologisk psykologiska psykologiskt biologisk biologiska biologiskt ekologisk ekologiska
    ekologiskt teknologisk teknologiska teknologiskt logisk logiska logiskt ologiskt kronologisk
    kronologiska kronologiskt geometri geometrin psychological psychologically biological
    biologically technological ecological chronological chronologically logical geographic
    geographical photographic demographic symmetric nostalgi nostalgin nostalgia
""")

# Given names that are not also ordinary words in small letters.
GIVEN: Final = listed("""
    anna eva maria karin kristina lena kerstin ingrid margareta elisabeth birgitta marianne
    gunilla monika susanne annika ulla britt barbro gun inger gunnel agneta ann helena camilla
    malin emma fredrika carina ann-charlotte britta gunnar inga birger elsa johanna sara linnea
    amanda elin matilda ida julia hanna sofia sofie ellinor ebba wilma alva astrid ester
    ingegerd ingeborg viola greta rut solveig siv berit maj majken gudrun harriet asa ase lisa
    lisbeth pernilla petra jenny jessica therese charlotte caroline victoria frida erik lars
    karl carl anders per johan nils jan hans olof lennart sven bengt bo ake arne goran kjell ulf
    leif hakan roland stig rune torsten ingemar mats magnus peter thomas stefan mikael fredrik
    daniel andreas niklas mattias jonas marcus markus patrik robert alexander elias oscar oskar
    hugo lucas liam noah william adam axel vincent emil isak filip viktor anton gustav gustaf
    albin melvin kalle pelle lasse nisse olle janne putte jocke micke mohammed mohamed muhammad
    ahmed ahmad ali hassan hussein ibrahim yusuf yousef omar mustafa abdullah khalid amir reza
    mehmet fatima amina aisha zahra maryam leila layla samira noor yasmin hodan amal abdi farah
    ayaan jamal bilal tariq imran james john michael david richard charles christopher matthew
    anthony steven andrew paul joshua kenneth kevin brian george edward ronald timothy jason
    jeffrey ryan jacob gary nicholas eric jonathan stephen larry justin scott brandon benjamin
    samuel gregory dave steve mike tony chris matt andy phil simon gareth nigel graham trevor
    barry keith darren wayne lee craig stuart ian neil alan derek dennis reginald mary patricia
    jennifer linda barbara susan sarah karen nancy betty margaret sandra ashley kimberly emily
    donna michelle carol dorothy melissa deborah stephanie rebecca sharon laura cynthia kathleen
    amy angela shirley brenda pamela nicole samantha katherine christine helen debra rachel
    carolyn janet catherine heather diane julie joyce doreen maureen sheila beryl edna hilda
    gladys mavis eileen maud tracey tracy kelly joanne louise claire chloe megan zoe priya
    anjali sunita deepa rajesh sanjay vikram arjun aleksandra agnieszka katarzyna piotr vinnie
    frederick corinne annabel viggo edvin sixten elis tage folke gosta pawel tomasz olga
    svetlana natasha dmitri ivan sergei saga saffron pete annelie annabelle freja stella alice
    vera ellen elsie olivia amelia isla ava poppy daisy alfie archie harry oliver leo theo milo
    wille signe hedda ines tuva ludvig otto walter harald henrik henning rolf bertil greger
    ragnar torbjorn staffan lotta ulrika marita carola anette annette anki mona yvonne ylva
    vivianne tommy conny ronny jimmy kenny roger glenn sonja dagny asta hjordis margit sigrid
    ebbe tilda nellie felicia moa tove meja
""")

# Family names beside those that end like Swedish ones.
FAMILY: Final = listed("""
    smith jones taylor brown williams wilson davies patel khan evans thomas roberts walker
    wright robinson thompson white hughes edwards green hall wood harris clarke clark jackson
    turner hill cooper ward morris moore lee king baker morgan allen scott young mitchell
    phillips carter bailey richardson cox marshall collins bennett ellis shaw murphy miller
    marsh marsden begum hussain ahmed ali singh kaur shah chowdhury rahman okafor mensah adeyemi
    oldroyd pickles whitfield hutchinson abernathy holm lind lund berg falk alm ek bjork frisk
    modig rask stark ekdahl ahlgren ohlsson holmes holmgren stahl eccles wiik wyke steele oakes
    hellstrom osterberg bergstrom lindqvist nystrom sandberg
""")
FAMILY_ENDINGS: Final = (
    "sson", "berg", "strom", "lund", "gren", "qvist", "kvist", "dahl", "stedt", "stad", "blom",
    "feldt", "felt", "mark", "holm", "blad", "crona", "lof", "ryd", "vall", "fors", "wall",
)  # fmt: skip

# Capitalised words that look like a surname after a given name, and are none.
NO_FAMILY_NAME: Final = listed("""
    ward unit hospital house street road lane court college university clinic centre center
    foundation trust charity day index scale test report act method model county school church
    sjukhus sjukhuset universitetssjukhuset barnsjukhus stiftelsen skolan kyrkan gatan avdelning
    institutet hemmet fonden priset dagen modellen metoden
""")

# People of books and history, and the figure that a whole network is named after.
KNOWN_TO_ALL: Final = (
    "astrid lindgren", "selma lagerlof", "greta thunberg", "florence nightingale", "karin boye",
    "carl von linne", "anders celsius", "alfred nobel", "olof palme", "michael marmot",
    "donald berwick", "charles dickens", "virginia woolf", "david bowie", "esther",
)  # fmt: skip
