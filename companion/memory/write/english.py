"""English: how people say what is worth remembering. Tables only."""

# ruff: noqa: E501, SIM905  (patterns and lists of words are read as text)

from __future__ import annotations

from companion.memory.write.english_words import (
    ALSO,
    BEFORE_JOB,
    BEGINS,
    DID,
    DOING,
    INSTRUMENT,
    IRREGULAR,
    JOB,
    LANGUAGES,
    LINKS,
    MARITAL,
    MODALS,
    NOT_NAMES,
    NUMBER,
    OWNED,
    RELATIONS,
    STATES,
    SUBJECT,
)
from companion.memory.write.language import Language, Rule

_WORK = r"(?:<I> work|i(?:'m| am|'ve been| have been)(?: now| currently)? working)"
_BE = r"(?:'s| is| are| has (?:always )?been| has to be| will always be)"

RULES = (
    # who they are
    Rule("name", r"my name(?:'s| is| was) <name>", proper=True),
    Rule("name", r"i(?:'m| am) (?:called|named) <name>", proper=True),
    Rule("called", r"(?:please |just |you can |you may |everyone |people )call me <name>",
         proper=True),
    Rule("called", r"^(?:and )?call me <name>", proper=True),
    Rule("age", rf"i(?:'m| am) (?P<o>{NUMBER})(?: years?)?(?: old)?(?= *(?:$|[.,!;]|and\b|now\b))"),
    Rule("age", rf"<X>(?: is|'s) (?P<o>{NUMBER}) (?:years? )?old"),
    Rule("age", rf"<X>(?: is|'s) (?P<o>{NUMBER})(?: now)?(?= *(?:$|[.,!;]))"),
    Rule("birthday", r"my birthday(?:'s| is)(?: on)? <o>", words=9),
    Rule("birthday", r"<X>'s birthday(?: is)(?: on)? <o>", words=9),
    Rule("birthday", r"i was born on <o>", words=9),
    # those around them
    Rule("@rel", r"<my> <rel>(?:'s| is| was) (?:called|named) <name>", proper=True),
    Rule("@rel", r"<my> <rel>,? named <name>", proper=True),
    Rule("@rel", r"the name of <my> <rel>(?:'s| is) <name>", proper=True),
    Rule("@rel", r"<my> <rel>'s name(?:'s| is| was) <name>", proper=True),
    Rule("@rel", r"(?:i|we)(?:'ve| have)?(?: just)?(?: have| had| got| adopted)?"
         r" an?(?: \w+)? <rel>,?(?: and)?(?: (?:called|named)| whose name is"
         r"| (?:(?:she|he|it)(?:'s| is)|(?:her|his|its) name(?:'s| is))(?: called| named)?) <name>",
         proper=True),
    Rule("@rel", r"(?:i|we)(?:'ve| have)?(?: just)? (?:got|adopted|bought) an?(?: \w+)? <rel>(?: [\w ]{0,20}?)?,?"
         r"(?: and)?(?: i| we)? (?:called|named) (?:her|him|it|them) <name>", proper=True),
    Rule("@rel", r"<name> is <my> <rel>\b(?!')", proper=True),
    Rule("@rel", r"<my> <rel>,? <named>(?= (?:is|was|has|had|and i|lives|works|loves|likes|hates|"
         r"plays|studies|turns|turned|got|came|moved|wants|can't|doesn't|can|will)\b|'s\b)",
         proper=True),
    Rule("@rel", r"<my> <rel> is (?P<o>(?-i:[A-Z]\w+))(?= *(?:$|[.,!;]))", proper=True),
    Rule("@own", r"my (?P<thing>surname|last name|middle name|maiden name|nickname) (?:is|was) <name>",
         proper=True),
    Rule("@own", r"<my> (?P<thing>car|van|bike|motorbike|boat)(?:'s| is) an? <o>"),
    Rule("@rel", r"<my> <rel>,? (?P<o>(?-i:[A-Z][\w'-]+))(?=(?: (?:just|finally|really|also|always|"
         r"still|never|now|once|recently))? (?:\w+ed|\w+[^s\W]s|got|went|came|took|has|had|was|is)\b)",
         proper=True),
    Rule("has", rf"<I>(?:'ve| have)?(?: have| got)"
         rf" (?P<o>(?:an?|{NUMBER}|no) (?:\w+ )?(?:{OWNED}))\b"
         r"(?! (?:called|named|whose|she's|he's|who's))", words=5),
    Rule("has", r"<I> (?:have|'ve got|have got) (?P<o>asthma|diabetes|dyslexia|adhd|migraines)\b"),
    Rule("has", rf"<I> (?:don't|dont|do not) have (?:any|an?) (?P<o>(?:{OWNED}))\b", polarity="-"),
    Rule("marital_status", rf"<I'm> (?:happily |recently |newly |not )?(?P<o>{MARITAL})\b"),
    Rule("is", rf"<I'm> (?:an? |now )?(?P<o>{STATES})\b"),
    Rule("suffers_from", r"<I> suffer from <o>"),
    # where
    Rule("lives_in", r"<I> (?:no longer live|(?:don't|do not) live(?=[^,.;:!?\n]* (?:any ?more|any longer)\b)) in <place>",
         polarity="-", proper=True, changed=True),
    Rule("lives_in", r"<I> (?:don't|do not) live in <place>", "{s} does not live in {o}", "-",
         proper=True, changed=True),
    Rule("home", r"<I> live in (?!(?:an?|the|my) (?:constant )?(?:fear|state|world|bubble|dreams?|moment|past|future|"
         r"present|now|hopes?|shadows?|head|own)\b)(?P<o>(?:an?|the|my) [^,.;:!?\n]+)"),
    Rule("lives_in", r"<I> live (?:in|at) <place>", proper=True, dated=True),
    Rule("lives_in", r"<I> live(?: just| right)? (?:near|outside|close to) <place>",
         "{s} lives near {o}", proper=True, dated=True),
    Rule("lives_in", r"i(?:'m| am) living in <place>", proper=True),
    Rule("lives_in", r"<I>(?:'ve| have)?(?: just| finally)? moved (?:back |over |house )?(?:from [\w ]+? )?to <stays><place>",
         proper=True, dated=True, past=True, changed=True),
    Rule("lives_in", r"(?:i|we)(?:'ve| have) (?:always lived|(?:always )?been living|lived(?= [^,.;:!?\n]*\b(?:since|"
         r"for (?:\w+ ){0,3}(?:years?|months?|decades?|ages|a while|long)|(?:a|some) (?:\w+ )?(?:long )?time|forever|(?:all|my (?:whole|entire)) (?:my )?life)\b)) in <place>",
         proper=True, dated=True, past=True),
    Rule("lived_in", r"<I> used to live in <o>", proper=True),
    Rule("lived_in", r"<I> lived in <place>", proper=True),
    Rule("been_to", r"(?:i|we)(?:'ve| have) been to <o>", proper=True),
    Rule("lives_in", r"<X> lives (?:in|at) <place>", proper=True),
    Rule("lives_in", r"<X>(?: has| have)?(?: just| finally)? moved (?:back )?to <stays><place>", proper=True,
         dated=True, past=True, changed=True),
    Rule("from", r"i(?:'m| am)(?: originally)? from <place>", proper=True),
    Rule("from", r"i grew up in (?P<o>an? [^,.;:!?\n]+)", "{s} grew up in {o}", words=6),
    Rule("from", r"i grew up on (?P<o>an? [^,.;:!?\n]+)", "{s} grew up on {o}", words=6),
    Rule("from", r"i(?: originally)? (?:come from|was born in|grew up in) <place>", proper=True),
    Rule("from", r"<X>(?: is|'s)(?: originally)? from <place>", proper=True),
    Rule("from", r"<X>(?: originally)? (?:comes from|was born in|grew up in) <place>", proper=True),
    # what they do
    Rule("job", r"<I> (?:don't|do not|no longer) work as an? <o>", polarity="-", changed=True),
    Rule("job", rf"{_WORK} <mainly>as an? <o>"),
    Rule("job", r"<I>(?:'ve| have)?(?: just)? (?:started|got)(?: (?:a|my) new job| working| work)?"
         r" as an? <o>", dated=True, past=True, changed=True),
    Rule("job", rf"i(?:'m| am) an? (?P<o>(?:{BEFORE_JOB} )?(?:{JOB}))\b"),
    Rule("job", r"<X> works as an? <o>"),
    Rule("job", rf"<X>(?: is|'s) an? (?P<o>(?:{BEFORE_JOB} )?(?:{JOB}))\b"),
    Rule("works_at", rf"{_WORK}<mainly>(?: (?!as\b|in\b|from\b|on\b|hard\b)\w+){{0,3}} (?:at|for) <o>"),
    Rule("works_at", r"<I> (?:don't|do not|no longer) work (?:at|for) <o>", polarity="-",
         changed=True),
    Rule("works_at", r"<X> works (?:at|for) <o>"),
    Rule("works_at", r"<I> work in <o>", "{s} works in {o}"),
    Rule("studies", rf"<I> study {SUBJECT}"),
    Rule("studies", rf"i(?:'m| am) studying {SUBJECT}"),
    Rule("studies", rf"i(?:'m| am|'ve been| have been)(?: \w+)? learning (?!to\b){SUBJECT}",
         "{s} is learning {o}", dated=True, past=True),
    Rule("studies", rf"<X>(?: is|'s) studying {SUBJECT}"),
    Rule("studies", rf"<X> studies {SUBJECT}"),
    Rule("plays", rf"<I> play (?!a lot\b){INSTRUMENT}"),
    Rule("plays", rf"i(?:'m| am|'ve been| have been) learning to play {INSTRUMENT}",
         "{s} is learning to play {o}"),
    Rule("plays", rf"(?:i|we)(?:'ve| have) been playing {INSTRUMENT}"),
    Rule("plays", r"<X> plays <o>"),
    Rule("studied", rf"<I> studied {SUBJECT}"),
    Rule("drives", r"<I> drive (?P<o>an? [^,.;:!?\n]+)", words=5),
    Rule("collects", r"<I> collect <o>", words=5),
    Rule("used_to", r"<I> used to (?!live\b|be\b)<o>", words=6),
    Rule("wants", r"<I> want to (?P<o>(?:be an?|become|open|learn|visit|travel|write|own|start|buy|"
         r"move to) [^,.;:!?\n]+)", words=8),
    Rule("speaks", rf"<I> speak (?P<o>(?:a little |a bit of |some )?(?:{LANGUAGES})\b[^.;!?\n]*)",
         listed=True, proper=True, words=3),
    Rule("speaks", rf"<X> speaks (?P<o>(?:{LANGUAGES})\b[^.;!?\n]*)", listed=True, proper=True),
    # what they like
    Rule("@fav", rf"<my> (?:all[- ]time )?favou?rite (?P<thing>\w+)(?: ever)?{_BE} <o>",
         words=5),
    Rule("@fav", r"(?P<o>(?!it\b|that\b|this\b|what\b|which\b|who\b|here\b)[\w' -]{2,40}?) (?:is|are) my (?:all[- ]time )?"
         r"favou?rite (?P<thing>\w+)(?= *(?:$|[.,!;]))", words=5),
    Rule("@fav", r"<X>'s favou?rite (?P<thing>\w+) is <o>", words=5),
    Rule("allergic_to", r"i(?:'m| am) (?:(?!not\b|never\b)\w+ )?allergic to <o>", listed=True),
    Rule("allergic_to", r"i(?:'m| am) not allergic to <o>", polarity="-"),
    Rule("allergic_to", r"<X>(?: is|'s) (?:(?!not\b|never\b)\w+ )?allergic to <o>", listed=True),
    Rule("diet", r"<I'm> (?:an? )?(?P<o>(?:strict )?(?:vegetarian|vegan|pescatarian|teetotal|"
         r"diabetic|coeliac|lactose intolerant|gluten intolerant))\b"),
    Rule("diet", r"<X>(?: is|'s) (?:an? )?(?P<o>vegetarian|vegan|pescatarian|diabetic|coeliac|"
         r"lactose intolerant|gluten intolerant)\b"),
    Rule("eats", r"<I> (?:don't|do not|never|no longer) eat <o>", polarity="-"),
    Rule("eats", r"<X> (?:doesn't|does not|never) eats? <o>", polarity="-"),
    Rule("drinks", r"<I> (?:don't|do not|never|no longer) drink <o>", polarity="-"),
    Rule("afraid_of", r"i(?:'m| am) (?:(?!not\b|never\b)\w+ )?(?:afraid|scared|terrified|frightened) of <o>"),
    Rule("afraid_of", r"<X>(?: is|'s) (?:(?!not\b|never\b)\w+ )?(?:afraid|scared|terrified|frightened) of <o>"),
    Rule("prefers", r"<I> prefer <o>", words=6),
    Rule("likes", r"<I> can(?:not|'t| not) stand <o>", "{s} can't stand {o}", "-", listed=True),
    Rule("likes", r"<I> (?:hate|detest|loathe) <o>", "{s} hates {o}", "-", listed=True),
    Rule("likes", r"<I> (?:don't|do not|dislike)(?: \w+)? (?:like|enjoy) <o>", "", "-",
         listed=True),
    Rule("likes", r"i(?:'m| am) not (?:really |much )?(?:an? (?:\w+ )?fan of|into|keen on) <o>", "", "-",
         listed=True),
    Rule("likes", r"<I> dislike <o>", "", "-", listed=True),
    Rule("likes", r"<I> (?:love|adore) <o>", "{s} loves {o}", listed=True),
    Rule("likes", r"<I> (?:like|enjoy) <o>", listed=True),
    Rule("likes", r"i(?:'m| am) (?:really |very |so |quite )?into <o>", listed=True),
    Rule("likes", r"i(?:'m| am) an? (?:big |huge |great )?fan of <o>", listed=True),
    Rule("likes", r"<X> can(?:not|'t| not) stand <o>", "{s} can't stand {o}", "-", listed=True),
    Rule("likes", r"<X> (?:hates|detests) <o>", "{s} hates {o}", "-", listed=True),
    Rule("likes", r"<X> (?:doesn't|does not) (?:like|enjoy) <o>", "", "-", listed=True),
    Rule("likes", r"<X> (?:loves|adores) <o>", "{s} loves {o}", listed=True),
    Rule("likes", r"<X> (?:likes|enjoys) <o>", listed=True),
    # what is to be done
    Rule("promise", r"<ask>remind me(?:,? please,?)?(?: <early>)? to <all>", words=14, dated=True),
    Rule("promise", r"<ask>remind me(?: <early>)? not to <all>",
         "{s} asked to be reminded not to {o} {when}", words=14, dated=True),
    Rule("promise", r"<ask>(?<!^you )(?<!^ you )remind me(?: <early>)? that (?:i|we)(?:'ve| have)(?: got)? (?!to\b)<all>",
         "{s} asked to be reminded that {s} has {o} {when}", words=14, dated=True),
    Rule("promise", r"<ask>(?<!^you )(?<!^ you )remind me(?: <early>)? that (?=my\b|our\b|the\b)<all>",
         "{s} asked to be reminded that {o} {when}", words=14, dated=True),
    Rule("promise", r"<ask>(?<!^you )(?<!^ you )remind me(?: <early>)? (?:about|of) <all>",
         "{s} asked to be reminded of {o} {when}", words=14, dated=True, needs=True),
    Rule("promise", r"<ask>(?:don't|do not) let me forget to <all>", words=14, dated=True),
    Rule("promise", r"i promise(?: you)?(?: that)? (?:i'll|i will|to) <all>",
         "{s} promised to {o} {when}", words=14, dated=True, mine=True),
    # what happens and happened
    Rule("event", rf"<I'm> (?P<o>(?:{DOING})\b[^.;!?\n]*)", "{s} is {o} {when}", words=12,
         dated=True, needs=True),
    Rule("event", r"<I> (?:have to|need to|must|ought to) <o>", "{s} has to {o} {when}", words=10,
         dated=True, needs=True),
    Rule("event", rf"<I> (?P<o>(?:{BEGINS})\b[^.;!?\n]*)", words=12, dated=True, needs=True),
    Rule("event", r"<X> (?P<o>turns \w+[^,.;!?\n]*)", words=4, dated=True, needs=True),
    Rule("event", rf"<I>(?:'ve| have)? (?:just )?(?P<o>(?:{DID})\b[^.;!?\n]*)", words=12,
         dated=True, needs=True, past=True),
    Rule("event", rf"<X> (?P<o>(?:{DID})\b[^.;!?\n]*)", words=12, dated=True, needs=True,
         past=True),
)  # fmt: skip

TEMPLATES = {
    "name": "{s}'s name is {o}",
    "called": "{s} wants to be called {o}",
    "age": "{s} is {o} years old",
    "birthday": "{s}'s birthday is on {o}",
    "@rel": "{s}'s {word} is called {o}",
    "@fav": "{s}'s favourite {word} is {o}",
    "@own": "{s}'s {word} is {o}",
    "@with": "{s}, {owner}'s {word},",
    "has": "{s} has {o}",
    "-has": "{s} has no {o}",
    "marital_status": "{s} is {o}",
    "is": "{s} is {o}",
    "suffers_from": "{s} suffers from {o}",
    "been_to": "{s} has been to {o}",
    "studied": "{s} studied {o}",
    "drives": "{s} drives {o}",
    "collects": "{s} collects {o}",
    "used_to": "{s} used to {o}",
    "wants": "{s} wants to {o}",
    "lives_in": "{s} lives in {o}",
    "-lives_in": "{s} no longer lives in {o}",
    "home": "{s} lives in {o}",
    "lived_in": "{s} used to live in {o}",
    "from": "{s} is from {o}",
    "job": "{s} works as {an} {o}",
    "-job": "{s} no longer works as {an} {o}",
    "works_at": "{s} works at {o}",
    "-works_at": "{s} no longer works at {o}",
    "studies": "{s} studies {o}",
    "plays": "{s} plays {o}",
    "speaks": "{s} speaks {o}",
    "allergic_to": "{s} is allergic to {o}",
    "-allergic_to": "{s} is not allergic to {o}",
    "diet": "{s} is {o}",
    "-eats": "{s} does not eat {o}",
    "-drinks": "{s} does not drink {o}",
    "afraid_of": "{s} is afraid of {o}",
    "prefers": "{s} prefers {o}",
    "likes": "{s} likes {o}",
    "-likes": "{s} does not like {o}",
    "promise": "{s} asked to be reminded to {o} {when}",
    "event": "{s} {o} {when}",
    "note": "{s} asked to remember that {o}",
    "since": "{text}, since {when}",
    "summary": "On {day} {s} said: {o}",
}

_ADVERBS = (
    r"(?:,? (?:really|still|now|currently|just|absolutely|also|actually|always|do|kind of|quite|"
    r"totally|basically|only|mostly|usually|finally|already|simply|particularly|especially))*"
)
_REL = "|".join(sorted(map(str, RELATIONS), key=len, reverse=True))
_ONE = "boss|wife|husband|partner|girlfriend|boyfriend|fianc[eé]e?"
_KIN = rf"(?:(?:(?P<kind>older|younger|elder|little|big|twin|old(?= (?:{_ONE})\b))|new|old|late) )?(?P<rel>{_REL})"
_NAME = r"(?-i:[A-Z][\w'-]*(?: [A-Z][\w'-]*){0,2})|[^\W\d_]{2,}"

ENGLISH = Language(
    code="en",
    rules=RULES,
    templates=TEMPLATES,
    tokens={
        "<I>": rf"(?:\b(?:i|we)(?: all| both)?|\b(?P<and>and)(?= {ALSO}\b)){_ADVERBS}",
        "<my>": rf"\b(?:my|our)(?! old (?:{_ONE})\b)(?! (?:\w+ )?(?:{_ONE})(?:'s name was| was (?:called|named))\b)",
        "<I'm>": rf"\b(?:i(?:'m| am)|we(?:'re| are)){_ADVERBS}",
        "<X>": rf"\b(?:(?P<and>and)(?= {ALSO}\b)|(?:my|our) {_KIN}(?:,? (?P<who>(?!(?:is|was)\b)(?:{_NAME})),?)??"
        rf"|(?P<pron>he|she)|(?P<known>(?-i:[A-Z][\w-]+)|[^\W\d_]{{2,}})){_ADVERBS}",
        "<rel>": _KIN,
        "<name>": rf"(?P<o>{_NAME})\b",
        "<named>": rf"(?P<o>{_NAME})\b",
        "<place>": r"(?!(?:an?|my|this|that|time|home|work|school|here|there) |the (?!netherlands|uk|"
        r"us\b|usa|united|states|philippines|hague|bahamas|czech|bronx|highlands|midlands))"
        r"(?!(?!(?-i:[A-Z]\w+,? [A-Z]\w))(?:fear|peace|harmony|silence|pain|poverty|chaos|denial|luxury|constant|sin|terror|squalor|style|"
        r"comfort|hiding|exile|isolation|dread|shame|misery|debt|darkness|hope of)\b)"
        rf"(?!(?:{NUMBER}|many|several|different|various|some|lots of|a lot of) (?:\w+ )?"
        r"(?:countries|cities|towns|villages|places|houses|flats|apartments|homes|continents|states)\b)"
        r"(?P<o>(?:(?! for\b| all (?:my|our) li| my (?:whole|entire) life| a (?:very |really )?long time\b| forever\b)[^,.;:!?\n]|(?<=\bSt)\.)+)",
        "<mainly>": r"(?![^,.;:!?\n]*\b(?:on (?:saturdays|sundays|weekends|the side)|at (?:the )?weekends?)\b)",
        "<stays>": rf"(?![^,.;:!?\n]* (?:temporarily|briefly)\b)(?![^,.;:!?\n]* for (?:(?:just |only |about )?(?:an?|{NUMBER}|some|the|several|many) (?:couple of |\w+ )?)?"
        r"(?:days?|nights?|weeks?|weekend|months?|years?|while|bit|holidays?|summer|winter)\b)",
        "<o>": r"(?P<o>(?:[^,.;:!?\n]|(?<=\d):(?=\d)|(?<=\bSt)\.)+)",
        "<early>": r"(?P<early>(?!(?:of|about|not|to)\b|(?:again )?(?:what|where|how|who|which|why|if|whether)\b|"
        r"(?:again )?when (?:(?:is|are|was|were|did|do|does|will|can|should)\b|(?:[\w']+ ){1,3}?(?:have|has|had|needs?|"
        r"wants?|wanted|promised|agreed|going|supposed|meant|due|planning) to\b))(?:(?! not to\b)[\w ,:.'-]){2,50}?)",
        "<ask>": r"(?:(?:^|[,.!?;:-]) *|\b(?:please|you|and|then|so|okay|ok|also|hey|well|just|oh|"
        r"tomorrow|{character}),? )",
        "<all>": r"(?P<o>(?:[^.;!?\n]|\.(?= ?\w))+)",
    },
    relations=RELATIONS,
    not_names=NOT_NAMES,
    cut=(
        rf"\s*(?:\band (?={ALSO} \w)|\b(?:and|or|so|but|then) (?:i|i'm|i've|i'll|i'd|my|we|we're|we've|he|she|it|it's|"
        r"he's|she's|they|you|that|this|there|now|then)\b|\b(?:because|but|since|which|who|when|"
        r"where|while|although|though|if|unless|until|whenever|as well|so that|cos|cause|"
        r"except|anyway|too|what|what's|how|how's|especially|such as|mostly|mainly|do you|have you|"
        r"are you|that's|thats|its so|whats|like (?=\w)|sounds)\b|\b(?:i|i'm|i've|she's|he's|it's|we're|they're)\b"
        r"|\b(?:can|could|will|would) you\b|\bor (?:is|are|was|did|do|have|has|should)\b|,? (?:ok|okay|alright|please|thanks|thank you) *$|, (?:right|yes|yeah) *$"
        r"|\bfor (?:\w+ )?(?:years|months|weeks|a while|ages|now)\b| - | \u2013 |\().*"
    ),
    tail=(
        r"(?:,? (?:anymore|any more|now|right now|at the moment|though|too|as well|these days|"
        r"nowadays|together|originally|actually|really|so much|a lot|very much|at all|again|today|and|or|please|again|"
        r"sometimes|often|occasionally|every day|all day|all the time|you know|to be honest|honestly|by the way|with|in|on|at|to|for|of|the|a|my|so|recently))+$"
    ),
    bad=(
        r"(?:it|that|this|you|your|yours|him|her|them|these|those|to (?:hear|see|know|be|you|me|have|say|the|it|them)|to$|how|what|when|where|why|who|"
    r"me|neither|progress|the (?:mornings?|evenings?|nights?)|for|from|by|got from|being|not|games?|the (?:moment|time|night)|home|times|now|talking|hearing|having|here|there|so|too|very|one|some|something|anything|"
        r"everything|nothing|things?|stuff|both|either|all|another|my|his|their|our|i|we|she|he|"
        r"they|much|more|fast|slow|well|home|bed|doing|about|and|or|but|is|are|the (?:way|same|idea|"
        r"fact|one|most|best)|with you|a lot|a bit|games? with|along|tricks?|dead|dumb)\b"
    ),
    articles=r"(?:a little|a bit of|the|an?|some|any|my)\s+",
    binders=frozenset(
        """
        do did does am are was is can could should would will where what when how why who which
        if whether than as say said says though have has had until unless like you
        """.split()
    ),
    others=(
        rf"\b(?:of|with|from|by|for|to|at|in|on|near|behind|beside|than|like|about|against|neither|nor|not even|not|"
        rf"(?:every(?:one|body)|all|no ?(?:one|body)) (?:but|except)|(?:who|whom|which|that(?! (?:{LINKS})))(?:'s|'ve|'d)? \w+(?: \w+)?) (?:the |an? )?$"
    ),
    question=(
        r"(?:what|what's|where|where's|who|who's|why|how|how's|which|whose|when (?:is|are|was|"
        r"were|do|does|did|will|can)|do|does|did|am|is|are|was|were|have you|has|had|can|could|"
        r"should|would|will|shall|may|don't you|didn't|isn't|aren't|guess|tell me|have i|have we|"
        r"any idea|remember (?:what|where|who|when|how|my(?! (?:\w+ ){1,4}(?:is|are)\b)|me))\b(?! know that)"
    ),
    doubtful=(
        r"\b(?:if|would|wouldn't|wish|imagine|suppose|supposing|pretend|let's say|maybe|perhaps|"
        r"might|could be|dreamt|dreamed|dream|whether|unless|as though|i'd|almost|nearly|"
        r"i(?:'m| am)?(?: really| just| do)? hop(?:e|ing)|not sure|i guess|i suppose|i bet|i doubt|kidding|joking|hypothetically|what if|in the (?:story|film|movie|book|game))\b"
    ),
    reported=(
        r"\b(?:(?!i\b|we\b)\w+ (?:said|says|say|told|tells|think|thinks|thought|claims|claimed|asked|"
        r"asks|wrote|writes|texted|believes|reckons|insists|shouted|goes|was like|heard)|"
        r"(?:song|lyrics?|chorus|quote|line|poem|film|movie|character|joke|saying) "
        r"(?:goes|is|was|says|said)|quote|according to|apparently|heard)\b"
    ),
    pretend=(
        r"\b(?:let'?s (?:pretend|role-?play|play a game|imagine)|role-?play|you(?:'re| are) the "
        r"\w+ and i(?:'m| am)|in this (?:story|game|scene)|i(?:'ll| will) be the|pretend (?:that|"
        r"you|i|we)|once upon a time)\b"
    ),
    serious=(
        r"\b(?:stop pretending|back to reality|out of character|end of the (?:game|story|scene)|"
        r"no more (?:pretending|games?)|stop the (?:game|role-?play)|enough (?:pretending|games?))\b"
    ),
    orders=(
        r"\b(?:from now on|ignore (?:all|any|your|the|previous)|you must (?!have|be)|you have to|you should|"
        r"you (?:are|will) (?:always|never|now)|always (?:say|tell|answer|reply|call|speak|talk|"
        r"call yourself)|never (?:say|tell|answer|mention)|your (?:instructions?|rules?|system "
        r"prompt)|system prompt|obey|forget (?:all|everything|your)|disregard|act as|respond "
        r"(?:only|with|in)|answer (?:only|in))\b|https?:|www\.|```|</?\w+>|[{}]"
    ),
    negations=frozenset("not no never don't doesn't can't cannot isn't nor without longer".split()),
    corrects=(
        r"^(?:(?:no|nope|sorry|wait|oh|oops|well|um|uh|hang on|wrong)[ ,.!-]+)*"
        r"(?:no|nope|actually|i meant|i mean|sorry|correction|wait|that's wrong|that's not right|"
        r"not (?:\w+))\b"
    ),
    bare=(
        r"^(?:(?:no|nope|sorry|wait|oh|oops|um|uh|well|actually)[ ,.!-]+)*"
        r"(?:(?P<meant>i meant(?: to say)?)|i mean|it'?s(?: actually)?|it is|correction)[ ,:]+"
        r"(?P<o>[^,.;!?\n]+)"
    ),
    instead=r"\b(?:not|instead of|rather than) (?P<o>[\w'-]+)",
    remember=(
        r"(?:^|[,.!?] *)(?:(?:hey|ok|okay|please|and|so|oh|well|can you|could you|by the way|"
        r"you)[ ,]+){0,3}?(?:remember|keep in mind|note|make a note|don't forget)"
        r"(?: this)?(?:,? that|:|(?= (?:my|our|the|i|we)(?: \w+){1,4}?(?:'s| is| are| am| has| have) \w)) +(?P<o>[^?!;\n]+?(?=\.(?:\s|$)|[?!;\n]|$))"
    ),
    retell=(
        (r"\bi'm not\b", "{S} is not"),
        (r"\b(?:i'm|i am|we're|we are)\b", "{S} is"),
        (r"\b(?:i|we) (?:don't|do not)\b", "{S} does not"),
        (r"\b(?:i've|i have|we've|we have)\b", "{S} has"),
        (r"\b(?:i haven't|i have not|we haven't)\b", "{S} has not"),
        (r"\b(?:i'll|we'll)\b", "{S} will"),
        (r"\b(?:i'd|we'd)\b", "{S} would"),
        (r"\bwe were\b", "{S} was"),
        (rf"\b(?:i|we) (all|both|{MODALS}|\w+ed|{IRREGULAR})\b", r"{S} \1"),
        (rf"\b(?:i|we) (still|never|also|often|just|only|always|\w+ly) (\w+ed|{MODALS}|{IRREGULAR})\b", r"{S} \1 \2"),
        (r"\b(?:i|we) (still|always|never|also|often|just|only|\w+ly) (\w+)", r"{S} \1 \2<3>"),
        (r"\b(?:i|we) (\w+)\b", r"{S} \1<3>"),
        (r"\b(?:my own|my|our)\b", "{S}'s"),
        (r"\b(?:mine|ours)\b", "{S}'s"),
        (r"\b(?:me|myself|us|ourselves|i|we)\b", "{S}"),
        (r"\b(?:you're|you are)\b", "{C} is"),
        (r"\b(?:your|yours)\b", "{C}'s"),
        (r"\b(?:you)\b", "{C}"),
    ),
)  # fmt: skip
