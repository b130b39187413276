"""English words of those around the owner, of work, of what one owns and does. Lists only."""

# ruff: noqa: SIM905  (lists of words are read as text)

from __future__ import annotations

RELATIONS = {
    **dict.fromkeys(("mum", "mom", "mother", "mummy"), "mother"),
    **dict.fromkeys(("dad", "father", "daddy"), "father"),
    **dict.fromkeys(("kid", "child"), "child"),
    **dict.fromkeys(("grandma", "gran", "granny", "nan", "grandmother"), "grandmother"),
    **dict.fromkeys(("grandpa", "grandad", "granddad", "grandfather"), "grandfather"),
    **dict.fromkeys(("fiance", "fiancé", "fiancee", "fiancée"), "fiance"),
    **dict.fromkeys(("neighbour", "neighbor"), "neighbour"),
    **dict.fromkeys(("colleague", "coworker", "co-worker"), "colleague"),
    **dict.fromkeys(("rabbit", "bunny"), "rabbit"),
    **{
        word: word.replace(" ", "_")
        for word in (
            *"sister brother wife husband partner girlfriend boyfriend son daughter friend".split(),
            *"boss flatmate roommate housemate aunt uncle cousin niece nephew godson".split(),
            *"goddaughter grandson granddaughter stepson stepdaughter stepmother".split(),
            "stepfather",
            *"dog cat puppy kitten horse pony hamster parrot goldfish tortoise teacher".split(),
            *("best friend", "guinea pig", "pet", "mate"),
        )
    },
    "best mate": "best_friend",
    **{
        f"{one}-in-law": f"{one}-in-law"
        for one in "mother father sister brother son daughter".split()
    },
}
_JOBS = """
    accountant actor actress architect artist baker barber barista bartender beekeeper biologist
    bricklayer builder butcher carer carpenter caretaker chef chemist cleaner coach coder cook
    counsellor dancer decorator dentist designer developer doctor driver economist editor
    electrician engineer farmer firefighter fisherman florist gardener geologist hairdresser
    historian illustrator interpreter joiner journalist judge lawyer lecturer librarian
    locksmith mathematician mechanic midwife miner musician nurse optician painter paramedic
    pharmacist philosopher photographer physicist physiotherapist pilot plumber poet porter
    postman potter priest producer professor programmer psychologist receptionist researcher
    roofer sailor scientist sculptor secretary shepherd singer soldier solicitor student surgeon
    tailor teacher therapist translator tutor vet waiter waitress welder writer zookeeper
    """
_TWO_WORDS = (
    "bus driver|estate agent|nursery teacher|police officer|shop assistant|social worker|"
    "software engineer|taxi driver|truck driver"
)
JOB = f"{_TWO_WORDS}|{'|'.join(_JOBS.split())}"
BEFORE_JOB = (
    r"(?!(?:good|great|bad|terrible|better|best|big|huge|real|natural|slow|fast|born|lousy|decent|"
    r"poor|happy|nervous|careful|amazing|horrible|awful|fellow|very|pretty|total)\b)\w+"
)
"""A word that goes with a job: "art teacher", but not "terrible cook"."""
MARITAL = "married|single|divorced|engaged|widowed|separated"
STATES = (
    "retired|pregnant|left[- ]handed|colou?r[- ]?blind|deaf|dyslexic|christian|muslim|jewish|"
    "catholic|buddhist|hindu|atheist|religious|unemployed|self-employed|an only child|only child"
)
MODALS = (
    "can't|cannot|can|could|couldn't|will|won't|would|wouldn't|should|must|may|might|was|wasn't|"
    "had|hadn't|did|didn't|need to"
)
IRREGULAR = (
    "went|got|bought|saw|met|put|left|lost|kept|made|took|gave|said|told|hid|wrote|chose|felt|"
    "knew|came|became|began|brought|built|caught|cut|drank|drove|ate|fell|fought|found|flew|"
    "forgot|grew|heard|held|led|let|lent|meant|paid|read|ran|sang|sat|sent|set|slept|spent|spoke|"
    "stood|swam|taught|thought|threw|understood|woke|wore|won|hurt|quit|hit|sold|rode|broke|shot"
)
"""Verbs that have no ending in the third person, because they are of the past."""
LANGUAGES = (
    "arabic|bengali|bulgarian|cantonese|catalan|chinese|croatian|czech|danish|dutch|english|"
    "estonian|finnish|french|gaelic|german|greek|hebrew|hindi|hungarian|irish|italian|japanese|"
    "korean|latin|latvian|lithuanian|mandarin|norwegian|persian|polish|portuguese|punjabi|"
    "romanian|russian|serbian|slovak|spanish|swahili|swedish|tamil|thai|turkish|ukrainian|urdu|"
    "vietnamese|welsh"
)
OWNED = (
    "cats?|dogs?|horses?|rabbits?|hamsters?|chickens|hens|fish|goldfish|birds?|parrots?|budgies|"
    "snakes?|lizards?|tortoises?|bees|goats?|sheep|ponies|pony|kittens?|pupp(?:y|ies)|pets?|"
    "guinea pigs?|kids?|children|child|sons?|daughters?|sisters?|brothers?|siblings?|twins|"
    "grandchildren|"
    "boyfriend|girlfriend|husband|wife|fiancée?|roommates?|grandkids|nephews?|nieces?|cousins?|car|van|bike|bicycle|motorbike|boat|caravan|garden|"
    "allotment|piano|guitar|house|flat|cottage|tattoos?|asthma|diabetes|dyslexia|adhd|migraines"
)
NUMBER = (
    r"\d{1,3}|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
    r"(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?|ten|eleven|twelve|thirteen|"
    r"fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|one|two|three|four|five|six|seven|"
    r"eight|nine"
)
SUBJECT = r"(?P<o>\w+(?: (?!at|in|with|for|because|since|and)\w+){0,2})"
INSTRUMENT = r"(?P<o>(?:the )?\w+(?: (?!at|in|with|for|on|since|because)\w+){0,2})"
DOING = (
    "going|flying|travell?ing|driving|moving|starting|getting|having|meeting|seeing|visiting|"
    "taking|running|playing|singing|giving|leaving|marrying|celebrating|hosting|buying|selling"
)
BEGINS = (
    "starts?|begins?|finish(?:es)?|leaves? for|retires?|graduates?|moves? (?:to|into|out)|"
    "fl(?:y|ies) to|turns?"
)
"""What is told in the present of a day that comes."""
ALSO = (
    "(?:also )?(?:(?:live|work|play|speak|love|like|hate|enjoy|drive|collect|prefer)s?|"
    "study|studies|has|have|never|can't|don't|doesn't|used to|moved)"
)
"""Verbs after "and" that go on with who the verb before was of."""
DID = (
    r"had (?:an? |my |the |our )?(?:\w+ )?(?:baby|surgery|operation|interview|exam|accident|"
    r"appointment|party|wedding|argument|fight|lesson|test|stroke|miscarriage)|"
    "passed|failed|got|went|bought|sold|met|saw|lost|found|won|finished|started|broke|quit|visited|"
    "made|baked|cooked|painted|ran|fell|adopted|married|graduated|retired|flew|drove|planted|"
    "built|ate|watched|played|celebrated|booked|signed|crashed|fixed|repaired|learned|learnt|"
    "turned|moved|joined|stopped|gave up"
)
NOT_NAMES = frozenset(
    """
    a about after all also always am an and any anyone are as ask at be because been before
    being but by called came can dead died do does doesn't done down even ever every everyone
    feeling fine for from gave getting gone good got great had has hates have he her here hers
    him his home i if in is isn't it its just kept lives like likes lived loves made married
    may maybe me might mine more most my never new nice nobody none not nothing now of off
    often old on only or other our out over passed playing plays quite really right sad said
    says she sick since so some someone sometimes soon still studies such that the their them
    then there these they this those tired to too turned turns up used usually very wants was
    we were what when where which who whose why will with without works would yes you your
    food life name one people something everything anything thing work milk water today
    tomorrow yesterday away back twice once again going coming sleeping working living staying not
    """.split()
)
"""Words that are no name, though one could stand there."""
LINKS = (
    r"(?:now|finally|currently|recently|lately|today|nowadays|still|also|then|again|actually) $|"
    r"(?:since|until|in|on|at|for|from|after|before|by|with|as|these|every)\b"
)
"""What after "that" begins a sentence of its own: "that now my sister", "that since May my …"."""
