"""German: how people say what is worth remembering. Tables only."""

# ruff: noqa: E501, SIM905  (patterns and lists of words are read as text)

from __future__ import annotations

from companion.memory.write.calendars import CALENDARS
from companion.memory.write.language import Language, Rule

RELATIONS = {
    **dict.fromkeys(("mutter", "mama", "mutti"), "mother"),
    **dict.fromkeys(("vater", "papa", "vati"), "father"),
    **dict.fromkeys(("oma", "großmutter"), "grandmother"),
    **dict.fromkeys(("opa", "großvater"), "grandfather"),
    **dict.fromkeys(("frau", "ehefrau"), "wife"),
    **dict.fromkeys(("mann", "ehemann"), "husband"),
    **dict.fromkeys(("hund", "hündin"), "dog"),
    **dict.fromkeys(("katze", "kater"), "cat"),
    **dict.fromkeys(("chef", "chefin"), "boss"),
    **dict.fromkeys(("kollege", "kollegin"), "colleague"),
    **dict.fromkeys(("nachbar", "nachbarin"), "neighbour"),
    **dict.fromkeys(("mitbewohner", "mitbewohnerin"), "flatmate"),
    **dict.fromkeys(("cousin", "vetter", "cousine"), "cousin"),
    **dict.fromkeys(("partner", "partnerin"), "partner"),
    **dict.fromkeys(("freund", "freundin"), "friend"),
    **dict.fromkeys(("beste freundin", "bester freund", "besten freund"), "best_friend"),
    "schwester": "sister",
    "bruder": "brother",
    "tochter": "daughter",
    "sohn": "son",
    "kind": "child",
    "enkel": "grandson",
    "enkelin": "granddaughter",
    "tante": "aunt",
    "onkel": "uncle",
    "nichte": "niece",
    "neffe": "nephew",
    "pferd": "horse",
    "hamster": "hamster",
    "kaninchen": "rabbit",
    "vogel": "bird",
    "lehrer": "teacher",
    "lehrerin": "teacher",
}
THINGS = {
    "farbe": "colour",
    "essen": "food",
    "gericht": "food",
    "buch": "book",
    "film": "film",
    "lied": "song",
    "tier": "animal",
    "band": "band",
    "musik": "music",
    "sport": "sport",
    "serie": "show",
    "tag": "day",
    "zahl": "number",
    "blume": "flower",
    "stadt": "city",
    "spiel": "game",
}
"""What "Lieblings…" goes with, as in other languages."""

_MONTHS = "|".join(CALENDARS["de"].names)
_NUMBER = r"\d{1,3}|(?:ein|zwei|drei|vier|fünf|sechs|sieben|acht|neun)?(?:und)?(?:zehn|zwanzig|dreißig|vierzig|fünfzig|sechzig|siebzig|achtzig|neunzig)|eine?n?|zwei|drei|vier|fünf|sechs|sieben|acht|neun|elf|zwölf|sechzehn|siebzehn"
_OWNED = (
    "katzen?|hunde?|pferde?|kaninchen|hamster|hühner|fische|vögel|schlangen?|bienen|ziegen|schafe|"
    "kinder|kind|söhne|sohn|töchter|tochter|schwestern?|brüder|bruder|geschwister|zwillinge|"
    "enkel|auto|fahrrad|motorrad|boot|garten|klavier|gitarre|haus|wohnung|asthma|diabetes|migräne"
)
_JOB = (
    r"(?:ärztin|arzt|hebamme|köchin|koch|bauer|bäuerin|krankenschwester|kauffrau|kaufmann|feuerwehrmann|"
    r"(?:lehrer|bäcker|schreiner|tischler|elektriker|mechaniker|ingenieur|programmierer|entwickler|"
    r"krankenpfleger|pfleger|erzieher|verkäufer|friseur|gärtner|maler|musiker|schauspieler|polizist|"
    r"jurist|journalist|rentner|student|schüler|fahrer|busfahrer|dachdecker|maurer|metzger|kellner|"
    r"apotheker|architekt|übersetzer|bibliothekar|physiker|chemiker|biologe|richter|pfarrer|"
    r"schriftsteller|fotograf|buchhalter|therapeut|psycholog|informatiker|künstler|optiker)(?:in)?)"
)
_DONE = (
    "bestanden|bekommen|gekauft|verkauft|getroffen|verloren|gefunden|gewonnen|besucht|geheiratet|"
    "gemacht|gebacken|gekocht|gebucht|geplant|gefeiert|gebrochen|gekündigt|repariert|gesehen|"
    "gemalt|gebaut|abgeschlossen|angefangen|begonnen|unterschrieben|gelernt|adoptiert"
)
_GOES = "fliege|fahre|gehe|reise|ziehe|treffe|besuche|heirate|feiere|beginne|starte|mache"
_WE_GO = "fliegen|fahren|gehen|reisen|ziehen|treffen|besuchen|heiraten|feiern|machen"

_SO = (
    r"(?: (?:jetzt|nun|schon|gerade|derzeit|momentan|aktuell|auch|hier|dort|immer noch|"
    r"seit (?:\w+ )?\w+))*"
)
"""What stands between a German verb and what it is about."""
_OPENERS = (
    "übrigens|jedenfalls|allerdings|neuerdings|meistens|oftmals|damals|bereits|ebenfalls|letztens|"
    "erstens|zweitens|drittens|wenigstens|mindestens|abends|morgens|nachts|mittags|dass|als|falls"
)
"""Words that end as a genitive does, and begin a sentence."""
_MINE = "wohne|lebe|arbeite|spiele|studiere|lerne|spreche|mag|liebe|hasse|habe|esse|trinke|komme"
_HIS = "wohnt|lebt|arbeitet|spielt|studiert|lernt|spricht|mag|liebt|hasst|kommt|hat|ist"

RULES = (
    Rule("name", r"\bmein name ist <name>", proper=True),
    Rule("name", r"\bich hei(?:ß|ss)e <name>", proper=True),
    Rule("called", r"\bnenn(?:e|t)? mich (?:bitte )?<name>", proper=True),
    Rule("age", rf"\bich bin (?:jetzt )?(?P<o>{_NUMBER})(?: jahre? alt)"),
    Rule("age", rf"<X> ist (?:jetzt )?(?P<o>{_NUMBER}) jahre? alt"),
    Rule("birthday", r"\bmein geburtstag ist <o>", words=5),
    Rule("birthday", r"\bmein geburtstag (?=am\b|der\b|den\b)<o> ist\b", words=5),
    Rule("birthday", r"\bich (?P<o>am [^,;!?\n]+?) geburtstag habe\b", words=5),
    Rule("birthday", r"(?P<o>\bam [^,;!?\n]+?) habe ich geburtstag", words=5),
    Rule("birthday", r"\bich habe (?P<o>am [^,;!?\n]+?) geburtstag", words=5),
    Rule("@rel", r"\b<mein> <rel> hei(?:ß|ss)t <name>", proper=True),
    Rule("@rel", r"\b(?:ich habe|wir haben|ich hab) (?:eine?n? )(?:\w+ )?<rel>,? (?:namens|"
         r"(?:der|die|das) (?P<skip>))?(?:hei(?:ß|ss)t )?<name>(?: hei(?:ß|ss)t)?(?= *(?:$|[.,!;]))",
         proper=True),
    Rule("@rel", r"<name> ist <mein> <rel>\b", proper=True),
    Rule("@rel", r"\b<mein> <rel>,? <named>(?= (?:ist|war|hat|wohnt|lebt|arbeitet|liebt|mag|hasst|"
         r"spielt|studiert|wird|kommt|und ich|kann|zieht)\b)", proper=True),
    Rule("has", rf"\b(?:ich habe|wir haben|ich hab) (?P<o>(?:{_NUMBER}) (?:\w+ )?"
         rf"(?:{_OWNED}))\b(?! (?:namens|der|die das))", words=5),
    Rule("has", rf"<I> habe keine? (?P<o>(?:{_OWNED}))\b", polarity="-"),
    Rule("marital_status", r"\bich bin (?:glücklich |frisch )?(?P<o>verheiratet|ledig|geschieden|"
         r"verlobt|verwitwet|single)\b"),
    Rule("is", r"\bich bin (?P<o>schwanger|linkshänder(?:in)?|farbenblind|taub|christ(?:in)?|"
         r"muslim(?:in)?|katholisch|evangelisch|atheist(?:in)?|arbeitslos|selbstständig)\b"),
    Rule("been_to", r"\b(?:ich war|wir waren) (?:schon )?(?:einmal |mal )?in <o>", proper=True),
    Rule("works_at", rf"<I> arbeite{_SO} in (?P<o>eine[mr] [^,.;:!?\n]+)", "{s} arbeitet in {o}"),
    Rule("home", r"<I> (?:wohne|lebe|wohnen|leben) in (?P<o>eine[mr] [^,.;:!?\n]+)"),
    Rule("lives_in", r"<I> (?:wohne|lebe|wohnen|leben) nicht mehr in <o>", polarity="-",
         proper=True, changed=True),
    Rule("lives_in", r"<I> (?:wohne|lebe|wohnen|leben) in <was> nicht mehr\b", polarity="-",
         proper=True, changed=True),
    Rule("lives_in", r"<X> (?:wohnt|lebt) nicht mehr in <o>", polarity="-", proper=True,
         changed=True),
    Rule("lives_in", r"<X> (?:wohnt|lebt) in <was> nicht mehr\b", polarity="-", proper=True,
         changed=True),
    Rule("lives_in", r"<I> (?:wohne|lebe|wohnen|leben)(?: \w+)?(?: jetzt| seit \w+ \w+)? in (?!eine[mr] )<ort>",
         proper=True, dated=True),
    Rule("lives_in", r"\b(?:wohne|lebe) ich (?:jetzt )?in <ort>", proper=True, dated=True),
    Rule("lives_in", r"\b(?:ich bin|wir sind)(?! für eine?n? (?:\w+ )?(?:tage?|wochen?|wochenende|monate?|jahre?|weile|zeit)\b)(?P<early>[\w .]*?) nach (?!(?:hause|oben|unten|draußen|nebenan|links|rechts|vorne|hinten)\b)(?P<o>[\w-]+(?: [A-Z][\w-]+)*)"
         r" (?:um)?gezogen", proper=True, dated=True, past=True, changed=True),
    Rule("lived_in", r"\b(?:ich habe|wir haben) (?:früher )?in (?P<o>[\w-]+) (?:gewohnt|gelebt)",
         proper=True),
    Rule("lives_in", rf"<X> (?:wohnt|lebt){_SO} in <ort>", proper=True),
    Rule("from", r"<I> (?:komme|kommen) (?:ursprünglich )?aus <o>", proper=True),
    Rule("from", r"\bich bin in <o>(?:(?<= geboren)|(?<= aufgewachsen))", proper=True),
    Rule("from", r"<X> (?:kommt|stammt) aus <o>", proper=True),
    Rule("job", rf"<I> arbeite{_SO} als <o>"),
    Rule("job", rf"<X> arbeitet{_SO} als <o>"),
    Rule("job", r"\bich bin (?P<o>(?-i:[A-ZÄÖÜ])\w+)(?= von beruf)"),
    Rule("job", r"\bich bin von beruf <o>"),
    Rule("job", rf"\bich bin (?:eine? )?(?P<o>{_JOB})\b"),
    Rule("job", rf"<X> ist (?:eine? )?(?P<o>{_JOB})\b"),
    Rule("works_at", rf"<I> arbeite{_SO} (?:bei|beim|für) <o>"),
    Rule("works_at", rf"<X> arbeitet{_SO} (?:bei|beim|für) <o>"),
    Rule("studies", rf"<I> studiere{_SO} <o>"),
    Rule("studies", rf"<I> lerne{_SO} (?P<o>\w+isch)\b", "{s} lernt {o}"),
    Rule("studies", rf"<X> studiert{_SO} <o>"),
    Rule("studies", rf"<X> lernt{_SO} (?P<o>\w+isch)\b", "{s} lernt {o}"),
    Rule("plays", rf"<I> spiele{_SO} <o>"),
    Rule("plays", rf"<X> spielt{_SO} <o>"),
    Rule("speaks", r"<I> spreche (?P<o>(?:ein bisschen |etwas )?\w+isch\b[^.;!?\n]*)",
         listed=True),
    Rule("@fav", r"\b<mein> lieblings(?P<thing>\w+) (?:ist|sind) <o>", words=5),
    Rule("allergic_to", r"\bich bin (?:(?!nicht\b|nie\b)\w+ )?allergisch (?:gegen|auf) <o>", listed=True),
    Rule("allergic_to", r"<X> ist (?:(?!nicht\b|nie\b)\w+ )?allergisch (?:gegen|auf) <o>", listed=True),
    Rule("diet", r"\bich bin (?P<o>vegetarier(?:in)?|veganer(?:in)?|vegetarisch|vegan|"
         r"diabetiker(?:in)?)\b"),
    Rule("eats", r"<I> esse (?:kein(?:e|en)?|nie) <o>", polarity="-"),
    Rule("drinks", r"<I> trinke (?:kein(?:e|en)?|nie) <o>", polarity="-"),
    Rule("afraid_of", r"<I> fürchte mich vor <o>"),
    Rule("afraid_of", r"<I> habe (?:(?!keine\b|nie\b)\w+ )?angst vor <o>"),
    Rule("likes", r"<I> kann <was> <nicht> (?:leiden|ausstehen)",
         "{s} kann {o} nicht leiden", "-"),
    Rule("likes", r"<I> (?:hasse) <o>", "{s} hasst {o}", "-", listed=True),
    Rule("likes", r"<I> mag (?:\w+ )?keine?n? <o>", "{s} mag {o} nicht", "-", listed=True),
    Rule("likes", r"<I> (?:mag|liebe) <was> nicht mehr\b", "{s} mag {o} nicht mehr", "-", changed=True),
    Rule("likes", r"<I> mag <was> <nicht>", "{s} mag {o} nicht", "-"),
    Rule("likes", r"<I> liebe <was> <nicht>", "{s} liebt {o} nicht", "-"),
    Rule("likes", r"<I> liebe <o>", "{s} liebt {o}", listed=True),
    Rule("likes", r"<I> mag (?:gern[e]? |sehr )?<o>", listed=True),
    Rule("likes", r"<X> (?:mag|liebt) <was> nicht mehr\b", "{s} mag {o} nicht mehr", "-", changed=True),
    Rule("likes", r"<X> mag <was> <nicht>", "{s} mag {o} nicht", "-"),
    Rule("likes", r"<X> liebt <was> <nicht>", "{s} liebt {o} nicht", "-"),
    Rule("likes", r"<X> liebt <o>", "{s} liebt {o}", listed=True),
    Rule("likes", r"<X> hasst <o>", "{s} hasst {o}", "-", listed=True),
    Rule("likes", r"<X> mag keine?n? <o>", "{s} mag {o} nicht", "-", listed=True),
    Rule("likes", r"<X> mag <o>", listed=True),
    Rule("promise", r"(?:<erinnere>|du) mich(?: bitte)?<early> da?ran(?: erinnern)?,? dass (?:ich|wir)"
         r" (?P<o>(?:[^.;!?\n]|\.(?= ?\w))+?) haben?\b", "{s} will erinnert werden, dass {s} {o} hat {when}",
         words=14, dated=True),
    Rule("promise", r"(?:^|\bdu |\bbitte |\bvergiss (?:bitte )?nicht,? )mich(?: bitte)?<early> (?:da?ran )?(?:zu )?erinnern,? <zu>",
         words=14, dated=True),
    Rule("promise", r"<erinnere> mich<early> da?ran,? <zu>", words=14, dated=True),
    Rule("promise", r"<erinnere> mich(?: bitte)?,? (?!nicht\b)(?!.*\bda?ran\b)<zu>", words=14,
         dated=True),
    Rule("promise", r"<erinnere> mich(?: bitte)?<early> an <o>",
         "{s} will an {o} erinnert werden {when}", dated=True),
    Rule("promise", r"\b(?:kannst|könntest|würdest) du mich(?: bitte)?<early> an"
         r" (?P<o>[^,.;:!?\n]+?) erinnern\b", "{s} will an {o} erinnert werden {when}", dated=True),
    Rule("promise", r"\bich verspreche(?: dir)?,? (?P<o>[^.;!?\n]+? zu \w+)",
         "{s} hat versprochen, {o} {when}", words=14, dated=True, mine=True),
    Rule("event", r"\bziehe ich (?P<o>nach [\w-]+)(?: um)?\b", "{s} zieht {when} {o}", dated=True,
         needs=True),
    Rule("event", rf"\b(?:ich habe|habe ich|wir haben|haben wir)\b (?P<o>(?:[^.;!?\n]|(?<=\d)\.)*?\b(?:{_DONE}))"
         r"\b", "{s} hat {when} {o}", words=12, dated=True, needs=True, past=True),
    Rule("event", rf"\b(?P<verb>{_GOES}|{_WE_GO}) (?:ich|wir) <o>",
         "{s} plant {when}: {o}", words=10, dated=True, needs=True),
    Rule("event", rf"\b(?:ich|wir) (?P<verb>{_GOES}|{_WE_GO}) <o>",
         "{s} plant {when}: {o}", words=10, dated=True, needs=True),
)  # fmt: skip

TEMPLATES = {
    "name": "{S} Name ist {o}",
    "called": "{s} möchte {o} genannt werden",
    "age": "{s} ist {o} Jahre alt",
    "birthday": "{S} Geburtstag ist am {o}",
    "@rel": "{S} {word} heißt {o}",
    "@fav": "{S} Lieblings{word} ist {o}",
    "@with": "{s}, {owner} {word},",
    "has": "{s} hat {o}",
    "-has": "{s} hat keine {o}",
    "marital_status": "{s} ist {o}",
    "is": "{s} ist {o}",
    "been_to": "{s} war schon in {o}",
    "lives_in": "{s} wohnt in {o}",
    "-lives_in": "{s} wohnt nicht mehr in {o}",
    "home": "{s} wohnt in {o}",
    "lived_in": "{s} hat früher in {o} gewohnt",
    "from": "{s} kommt aus {o}",
    "job": "{s} arbeitet als {o}",
    "works_at": "{s} arbeitet bei {o}",
    "studies": "{s} studiert {o}",
    "plays": "{s} spielt {o}",
    "speaks": "{s} spricht {o}",
    "allergic_to": "{s} ist allergisch gegen {o}",
    "diet": "{s} ist {o}",
    "-eats": "{s} isst nicht: {o}",
    "-drinks": "{s} trinkt nicht: {o}",
    "afraid_of": "{s} hat Angst vor {o}",
    "likes": "{s} mag {o}",
    "prefers": "{s} zieht vor: {o}",
    "-likes": "{s} mag {o} nicht",
    "promise": "{s} will erinnert werden, {o} {when}",
    "note": "{s} wollte behalten, dass {o}",
    "since": "{text}, seit {when}",
    "summary": "Am {day} hat {s} gesagt: {o}",
}

_ADVERBS = (
    r"(?:,? (?:wirklich|immer noch|noch|jetzt|gerade|auch|eigentlich|immer|total|besonders|sehr|"
    r"ja|übrigens|inzwischen|seit kurzem))*"
)
_REL = "|".join(sorted(RELATIONS, key=len, reverse=True))
_ONE = "chef|mann|frau|partner"
_MEIN = r"(?:meine?|unsere?)"
_KIN = rf"(?:(?:(?P<kind>(?:ältere|jüngere|große|kleine)[rs]?|alte[rs]?(?= (?:{_ONE})))|(?:neue|alte)[rs]?) )?(?P<rel>{_REL})"
_NAME = r"(?-i:[A-ZÄÖÜ][\w'-]*(?: [A-ZÄÖÜ][\w'-]*){0,2})|[^\W\d_]{2,}"

GERMAN = Language(
    code="de",
    rules=RULES,
    templates=TEMPLATES,
    tokens={
        "<I>": rf"\b(?:ich|wir|(?P<and>und)(?= (?:{_MINE})\b)){_ADVERBS}",
        "<X>": rf"\b(?:(?P<and>und)(?= (?:{_HIS})\b)|{_MEIN} {_KIN}(?:,? (?P<who>{_NAME}),?)??|(?P<pron>er|sie)|"
        rf"(?P<known>(?-i:[A-ZÄÖÜ][\w-]+)|[^\W\d_]{{2,}})){_ADVERBS}",
        "<mein>": rf"{_MEIN}(?! alter? (?:{_ONE}))",
        "<rel>": _KIN,
        "<name>": rf"(?P<o>{_NAME})\b",
        "<named>": rf"(?P<o>{_NAME})\b",
        "<o>": r"(?P<o>(?:[^,.;:!?\n]|(?<=\d)[.:](?= ?\w)|(?<=\bSt)\.)+)",
        "<ort>": r"(?!(?:(?:der|ständiger|großer|einer) )?(?:vergangenheit|gegenwart|zukunft|stadt|nähe|wohnung|angst|scheidung|trennung|frieden|armut|sünde|not|freiheit|sorge|saus|hoffnung|ruhe|stille|"
        r"schmerz|luxus|streit)\b)(?P<o>(?:[^,.;:!?\n]|(?<=\bSt)\.)+)",
        "<was>": r"(?P<o>\w+(?: (?!gar\b|überhaupt\b|absolut\b|wirklich\b|eigentlich\b|leider\b|so\b|sehr\b|und\b|oder\b)\w+)?)",
        "<nicht>": r"(?:(?:gar|überhaupt|absolut|wirklich|eigentlich|leider|so|sehr) )*nicht\b(?! (?:nur|mehr|bloß|immer|jede))",
        "<erinnere>": r"\berinner(?:e|st du)?",
        "<early>": r"(?P<early>(?:(?! nicht\b| nie\b| da?ran\b)[\w .:,]){0,40}?)",
        "<zu>": r"(?P<o>(?:[^.;!?\n]|\.(?= ?\w))+? (?:zu \w+|\w+zu\w+en))\b",
        "<all>": r"(?P<o>[^.;!?\n]+)",
    },
    relations=RELATIONS,
    not_names=frozenset(
        """
        aber alle alles als am an auch auf aus bei das dass dein dem den der des die dir doch du
        ein eine einen einer er es für ganz gar gern gerne gerade gut hab habe haben hat heute
        ich ihr im immer in ist ja jemand jetzt kann kein keine leider man mein meine mich mir mit
        morgen müde nach nett nicht nichts niemand noch nur ob oder schon sehr sein seit sie sind
        so und uns viel von war was weg weil wenn wer wie wir wird wo wohnt zu zum zur arbeitet
        liebt mag spielt heißt name keiner tot krank
        """.split()
    ),
    cut=(
        rf"\s*(?:\bund (?=(?:{_MINE}|{_HIS})\b)|\b(?:und|oder|aber|denn|dann) (?:ich|wir|mein|meine|er|sie|es|du|das|dann|jetzt|"
        r"bin|habe|wohne|arbeite)\b|\b(?:weil|aber|wenn|als ob|obwohl|damit|welche|denn|der|die|"
        r"das) (?=ich|wir|er|sie|es|mein|aber)\b|\b(?:weil|aber|wenn|obwohl|damit)\b"
        r"|\b(?:ich|wir) (?:bin|habe|wohne|mag|liebe|arbeite|sind|haben|wohnen)\b"
        r"|\bseit (?:\w+ )?(?:jahren|monaten|wochen|kurzem|langem)\b| - | \u2013 |\().*"
    ),
    tail=(
        r"(?:,? (?:jetzt|gerade|im moment|übrigens|auch|sehr|wirklich|mehr|nicht mehr|heute|und|"
        r"oder|aber|bitte|gern|gerne|so|zur zeit|momentan|geboren|aufgewachsen|in|an|mit|der|die|"
        r"das|ein|eine))+$"
    ),
    bad=(
        r"(?:es|das|dies|dich|dir|du|dein|deine|deinen|ihn|ihm|sie|er|ihr|wie|was|wenn|wo|wer|mich|"
        r"nicht|hier|da|dort|jetzt|gerade|nun|schon|so|zu|sehr|alles|etwas|nichts|eine sache|beides|ich|wir|mein|meine|"
        r"viel|mehr|gern|gerne|und|oder|aber|ist|bin|verloren|daran|weder|nie|niemals|keine?[nmrs]?)\b"
    ),
    articles=r"(?:ein bisschen|etwas|der|die|das|den|dem|eine[nmr]?|ein)\s+",
    binders=frozenset("ob wenn dass weil wo was wie wann wer warum als du bin bist".split()),
    others=(
        r"\b(?:der|die|das|des|dem|den|eine?[rsnm]?|mein\w*|dein\w*|sein\w*|ihr\w*|unser\w*|eur?e\w*|kein\w*|dies\w+|"
        r"jede[rsnm]?|alle|viele|von|mit|bei|aus|zu|für|ohne|in|im|am|an|nach|weder|noch|nicht(?: ein)?(?:mal)?)"
        rf" (?:(?-i:[a-zäöüß]+e[nrsm]?) )?$|(?!(?:{_OPENERS}) )(?-i:[A-ZÄÖÜ]\w+s) $"
    ),
    question=(
        r"(?:was|wo|wer|wen|wem|wessen|warum|wieso|weshalb|wie|welche[rsnm]?|wann|woher|wohin|"
        r"weißt du|weisst du|kennst du|erinnerst du|kannst du|hast du|bist du|magst du|willst du|"
        r"findest du|glaubst du|habe ich|hab ich|bin ich|ist (?:mein|das|es|er|sie|der|die)|"
        r"heißt (?:mein|er|sie)|wohne ich|arbeite ich|mag ich|sag mir|sind (?:wir|sie|die)|"
        r"haben wir|darf ich|soll ich|rate mal)\b"
    ),
    doubtful=(
        r"\b(?:wenn|falls|würde|würden|wäre|wären|hätte|hätten|könnte|möchte|vielleicht|"
        r"angenommen|stell dir vor|ob|wünschte|geträumt|als ob|fast|beinahe|nicht sicher|"
        r"eventuell|ich glaube|tun wir so|im (?:film|buch|spiel))\b"
    ),
    reported=(
        r"\b(?:(?!ich\b|wir\b)\w+ (?:sagt|sagte|meint|meinte|glaubt|denkt|behauptet|fragt|fragte|"
        r"schreibt|schrieb|erzählt|erzählte)|hat (?:mir |uns )?(?:gesagt|gemeint|behauptet|"
        r"geschrieben|erzählt|gefragt)|hast (?:du )?gesagt|laut|angeblich|zitat|im lied)\b"
    ),
    pretend=(
        r"\b(?:tun wir so|lass uns (?:so tun|spielen|ein spiel)|rollenspiel|stell dir vor|du bist "
        r"de[rn] \w+ und ich|es war einmal|in dieser geschichte)\b"
    ),
    serious=r"\b(?:spiel (?:vorbei|zu ende|aus)|schluss mit|zurück zur realität|im ernst)\b",
    orders=(
        r"\b(?:ab jetzt|ab sofort|ignorier(?:e)?|du musst|du sollst|du darfst|du wirst|"
        r"vergiss (?:alle|alles|deine)|antworte (?:immer|nur)|sag (?:immer|nie)|systemprompt|"
        r"deine (?:regeln|anweisungen))\b|https?:|www\.|```|</?\w+>|[{}]"
    ),
    negations=frozenset("nicht kein keine keinen keiner nie niemals ohne".split()),
    corrects=(
        r"^(?:(?:nein|nee|ach|oh|äh|moment|entschuldigung|sorry|quatsch|falsch)[ ,.!-]+)*"
        r"(?:nein|nee|eigentlich|ich meinte|ich meine|sorry|korrektur|moment|quatsch|falsch|"
        r"das stimmt nicht|nicht \w+)\b"
    ),
    bare=(
        r"^(?:(?:nein|nee|ach|oh|äh|moment|entschuldigung|sorry|quatsch|eigentlich)[ ,.!-]+)*"
        r"(?:(?P<meant>ich meinte)|ich meine|es ist|korrektur)[ ,:]+(?P<o>[^,.;!?\n]+)"
    ),
    instead=r"\b(?:nicht|statt) (?P<o>[\w'-]+)",
    remember=(
        r"(?:^|[,.!?] *)(?:(?:bitte|und|also|hey|kannst du|du)[ ,]+){0,3}?(?:merk(?:e)? dir|"
        r"denk(?:e)? daran|vergiss nicht|behalte|notier(?:e)? dir)(?: bitte)?,? *(?:dass|:) +"
        rf"(?P<o>[^?!;\n]+?(?=\.(?:\s(?!(?:{_MONTHS})\b)|$)|[?!;\n]|$))"
    ),
    retell=(
        (r"\b(?:ich bin|wir sind)\b", "{S} ist"),
        (r"\b(?:ich habe|ich hab|wir haben)\b", "{S} hat"),
        (r"\b(?:ich|wir) (kann|muss|will|mag|darf|soll|weiß|war|hatte|wollte|musste|konnte)\b",
         r"{S} \1"),
        (r"\bich (\w+e)\b", r"{S} \1<3>"),
        (r"\b(?:ich) ([^.]*?)\b(habe|bin|werde)$", r"{S} \1\2<3>"),
        (r"\b(?:mein|meine|meinen|meinem|meiner|meines|unser|unsere|unseren|unserem|unserer)\b",
         "{P}"),
        (r"\b(?:ich|mir|mich|wir|uns)\b", "{S}"),
        (r"\b(?:du|dir|dich)\b", "{C}"),
    ),
)  # fmt: skip
