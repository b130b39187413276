"""Sentences that an owner says to a companion: our own templates, filled by a seeded generator."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

_SLOTS = {
    "name": "adam alice anna ben bella carl clara daniel david ella emily emma eva felix finn frank george "
    "grace hannah harry helen henry ivy jack jacob james jane julia kate leo lily linda lisa lucas "
    "lucy maria mark martha martin max mia michael molly nina noah nora oliver olivia oscar paul "
    "peter rachel robert rosa ruby ruth sam sarah simon sophie steve susan thomas tim tom tony "
    "victor william zoe",
    "petname": "bailey bella biscuit buddy charlie coco cookie daisy ginger honey jasper lola lucky "
    "luna max milo misty mittens muffin oreo oscar pepper poppy pumpkin rex rocky rosie rusty sadie "
    "shadow smokey snowy socks spot sunny teddy tiger toby whiskers ziggy",
    "pet": "dog cat rabbit hamster parrot horse turtle goldfish pony puppy kitten bird snake",
    "kin": "brother sister mother father mum dad grandmother grandfather aunt uncle cousin son daughter "
    "wife husband friend neighbour boss teacher partner girlfriend boyfriend",
    "town": "amsterdam athens austin berlin boston bristol brighton cambridge chicago dublin denver "
    "edinburgh florence geneva glasgow hamburg helsinki leeds lisbon liverpool london madrid "
    "manchester milan munich naples oslo oxford paris portland prague rome seattle sydney "
    "toronto venice vienna york",
    "land": "america australia austria canada china england france germany greece india ireland italy "
    "japan mexico norway poland portugal scotland spain sweden wales",
    "job": "teacher nurse doctor baker carpenter farmer gardener painter writer student driver cook chef "
    "lawyer singer actor dentist librarian mechanic plumber pilot scientist engineer musician "
    "photographer programmer postman",
    "work": "a hospital|a school|a bakery|a bank|a library|a garage|a restaurant|a museum|a small office|"
    "a shop|a factory|a kitchen|the airport|the university|the station|a book shop|a garden centre",
    "food": "apples bananas bread butter cake carrots cheese cherries chicken chips chocolate cookies curry "
    "eggs fish grapes honey lemons mushrooms noodles oranges pancakes pasta peaches pears pizza "
    "potatoes rice salad sandwiches soup strawberries sushi toast tomatoes vegetables yoghurt",
    "drink": "coffee tea milk water juice lemonade wine beer cocoa",
    "hobby": "baking boxing camping chess climbing cooking cycling dancing drawing fishing football "
    "gardening golf hiking knitting music painting photography poetry pottery reading running "
    "sailing singing skating skiing surfing swimming tennis travelling walking yoga writing",
    "verb": "bake|cook|dance|draw|fish|read|sing|swim|travel|paint|play chess|play the guitar|play the piano|"
    "ride my bike|go hiking|watch films|listen to music|walk in the woods|climb mountains|write poems|"
    "take photographs|play football|collect stamps|grow tomatoes|sleep late|go fishing|build model ships",
    "instrument": "guitar piano violin flute drums trumpet cello",
    "colour": "red blue green yellow purple orange black white silver golden pink brown grey",
    "season": "spring summer autumn winter",
    "month": "january february march april may june july august september october november december",
    "day": "monday tuesday wednesday thursday friday saturday sunday",
    "time": "today|tomorrow|yesterday|tonight|this morning|this afternoon|this evening|last night|last week|"
    "next week|last summer|next month|last year|at the weekend|on monday|on friday|on sunday|right now",
    "feel": "happy sad tired lonely excited nervous angry bored calm curious fine great hungry proud sick "
    "sleepy worried wonderful terrible relaxed busy thirsty better grateful",
    "place": "the beach|the mountains|the forest|the park|the lake|the river|the city|the market|the library|"
    "the museum|the cinema|the theatre|the village|the zoo|the hospital|the station|the airport|"
    "the castle|the island|the garden|the supermarket|my office|the seaside|the countryside",
    "weather": "sunny rainy cold warm windy cloudy snowy stormy foggy hot wet dry freezing lovely awful",
    "number": "two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty",
    "thing": "book film song poem story joke game picture recipe dream letter phone computer bicycle car boat "
    "camera clock lamp jacket umbrella present holiday party",
    "animal": "dragon wizard princess pirate robot ghost knight fox wolf bear owl lion mouse whale "
    "fisherman queen king witch giant unicorn detective",
    "topic": "music books films food football history science space animals the weather the sea travel art "
    "dreams cooking gardens politics your family your day my work my day",
    "adj": "beautiful boring brave clever difficult easy expensive friendly funny gentle kind lazy lovely "
    "interesting noisy old quiet serious shy small strange strong sweet tall tiny young",
    "part": "head back tooth stomach knee foot arm throat ear shoulder",
    "bye": "goodbye|bye|bye bye|good night|see you tomorrow|see you soon|talk to you later|take care",
    "hi": "hello|hi|hey|good morning|good afternoon|good evening|hello again|hi there",
    "close": "please|again|now|thank you|my friend|today",
}

_TEMPLATES = """
{hi}|{hi} my friend|{hi} my name is {name}|{hi} I am {name}|{hi} I'm {name}|{hi} how are you {time}
{hi} it's me {name}|{hi} it's {name} again|{hi} nice to meet you|nice to meet you {name}|my name is {name}
I am {name}|people call me {name}|you can call me {name}|my full name is {name} {name}|call me {name} please
what is your name|who are you|how old are you|where are you from|where do you live|what do you do all day
do you have a {kin}|do you have a {pet}|do you like {food}|do you like {hobby}|do you drink {drink}
what do you like to eat|what do you like to do|what is your favourite {thing}|what is your favourite colour
what is your favourite season|what is your favourite food|do you ever feel {feel}|are you {feel} {time}
I have a {pet}|I have a {pet} called {petname}|my {pet} is called {petname}|my {pet}'s name is {petname}
I have a {colour} {pet} called {petname}|my {colour} {pet} {petname} is {adj}|we have {number} {pet}s at home
my {pet} {petname} is {number} years old|{petname} is my {pet}|{petname} loves {food}|{petname} is sleeping
I took {petname} to {place} {time}|{petname} and I went to {place} {time}|my {pet} likes to sleep in {place}
my {kin} is called {name}|my {kin} {name} lives in {town}|my {kin} is a {job}|my {kin} {name} likes {hobby}
I have a {kin} called {name}|I have {number} {pet}s and a {pet}|{name} is my {kin}|{name} is coming {time}
my {kin} is very {adj}|my {kin} is {feel} {time}|I called my {kin} {time}|I miss my {kin}|I love my {kin}
my {kin} came to visit me {time}|I am going to see my {kin} {time}|my {kin} works in {work}|{name} is {adj}
I live in {town}|I live in {town} with my {kin}|I live near {place}|I live in a {adj} house in {town}
I come from {town}|I come from {land}|I was born in {town}|I grew up in {town}|I moved to {town} {time}
I moved from {town} to {town}|we live in {land} now|I used to live in {town}|I want to live in {land}
I work in {work}|I work in {work} in {town}|I work as a {job}|I am a {job}|I'm a {job}|I used to be a {job}
I want to become a {job}|I start work at {number}|my work is {adj}|I don't like my job|I lost my job {time}
I am learning to be a {job}|I have a new job in {work}|I finished work late {time}|work was {adj} {time}
I like {food}|I love {food}|I really like {food}|I like {hobby}|I love {hobby}|I enjoy {hobby} a lot
I don't like {food}|I do not like {food} very much|I hate {food}|I hate {hobby}|I can't eat {food}
I like {food} and {food}|I like {hobby} and {hobby}|I prefer {drink} to {drink}|I like {drink} with {drink}
I like to {verb}|I love to {verb}|I like to {verb} {time}|I want to {verb} {time}|I would love to {verb}
my favourite food is {food}|my favourite colour is {colour}|my favourite season is {season}
my favourite drink is {drink}|my favourite animal is the {pet}|my favourite day is {day}|I can't {verb}
I am learning to {verb}|I learned to {verb} {time}|I play the {instrument}|I am learning the {instrument}
my birthday is in {month}|my birthday is on {day}|I am {number} years old|it is my birthday {time}
I was born in {month}|I have a meeting on {day}|I see the dentist on {day}|my {kin}'s birthday is in {month}
please remember that I like {food}|please remember my birthday|please remember that I live in {town}
remember that my {pet} is called {petname}|don't forget that I hate {food}|don't forget my name
what is my name|what's my name|do you remember my name|do you know my name|who am I|do you know who I am
what is my {pet} called|what's my {pet} called|what is the name of my {pet}|do you remember my {pet}
do you remember my {pet}'s name|do you know what my {pet} is called|how old is my {pet}|who is {petname}
where do I live|do you remember where I live|do you know where I live|where was I born|where do I come from
where do I work|do you remember where I work|what do I do for work|what is my job|what do I do for a living
what do I like|what do I like to eat|what do I like to drink|what do I like to do|what is my favourite food
what is my favourite colour|what is my favourite drink|do you remember what I like|what don't I like
do you remember what I like to eat|when is my birthday|how old am I|what is my {kin} called|who is {name}
what is the name of my {kin}|where does my {kin} live|what does my {kin} do|what instrument do I play
what do you remember about me|what do you know about me|what did I tell you|what did we talk about {time}
what did I tell you about my {kin}|what did I say about {hobby}|do you remember {name}|do you remember me
tell me what you know about me|tell me what you remember about my {kin}|tell me something about {topic}
tell me a story|tell me a story about a {animal}|tell me a {adj} story about a {animal} and a {animal}
tell me a joke|tell me a joke about a {pet}|tell me a story about {town}|tell me about your day
tell me about yourself|tell me more about {topic}|tell me more about that|can you tell me a story
can you tell me a joke {close}|can you sing me a song|could you help me {close}|can you help me with my {thing}
can you say that again|say that again {close}|what did you say|I didn't hear you|speak up {close}|speak slowly
let's talk about {topic}|let us talk about {hobby}|what do you think about {topic}|what do you think of {food}
do you know anything about {hobby}|do you want to talk about {topic}|have you ever been to {town}
have you ever been to {land}|have you ever seen a {animal}|have you read a good book {time}|would you like some {food}
would you like some {drink}|shall we play a game|do you want to play {hobby}|do you want to hear a joke
I went to {place} {time}|I am going to {place} {time}|we went to {town} {time}|I'm going to {land} {time}
I went to {place} with my {kin}|I am going to {place} with {name}|we walked to {place} {time}|I saw {name} {time}
I was at {place} {time}|I spent the day at {place}|I would like to see {town}|I want to visit {land} {time}
I had {food} for breakfast|I had {food} for lunch {time}|I am cooking {food} for dinner|I made {food} {time}
I ate too much {food} {time}|I bought {food} and {food}|I need to buy {food}|I drank {number} cups of {drink}
how are you|how are you {time}|how are you feeling|how was your day|how do you do|are you there|are you listening
I am fine {close}|I'm fine {close}|I am very well {close}|I am {feel}|I'm {feel}|I feel {feel}|I feel {feel} {time}
I am {feel} {time}|I am a bit {feel}|I feel a little {feel} {time}|I was {feel} {time}|I'm so {feel} {time}
I am {feel} because my {kin} is coming|I am {feel} because {name} is {feel}|I had a {adj} day {time}
I slept well {time}|I didn't sleep well {time}|I had a {adj} dream {time}|my {part} hurts|my {part} hurts {time}
I have a cold|I have a headache {time}|I need some help|I need a holiday|I can't sleep|I am going to bed now
it is {weather} {time}|it's {weather} in {town} {time}|it was {weather} {time}|is it {weather} where you are
the weather is {weather} {time}|what is the weather like|I like it when it is {weather}|it is raining again
it is snowing in {town}|I love the {season}|the {season} is {adj} here|I like the {colour} leaves in autumn
I bought a {adj} {thing} {time}|I bought a {colour} {thing}|I lost my {thing} {time}|I found a {adj} {thing}
I am reading a {adj} book|I read a book about a {animal}|I watched a {adj} film {time}|I heard a {adj} song
my {kin} gave me a {thing}|my {thing} is broken|I need a new {thing}|have you seen my {colour} {thing}
no that is wrong|no that's not right|that is not what I said|no my {pet} is called {petname}|no I said {food}
actually my name is {name}|actually I live in {town}|actually I don't like {food} anymore|I meant {name}
I was wrong my birthday is in {month}|forget what I said|please forget that|please forget about my {kin}
I moved and now I live in {town}|I changed my mind|I don't work in {work} anymore|I said {town} not {town}
yes|no|yes please|no thank you|okay|sure|of course|maybe|not really|I think so|I don't think so|I don't know
thank you|thank you very much|thanks a lot|that is {adj}|that's {adj}|that sounds {adj}|that was {adj}|wow
you are {adj}|you're very {adj}|you are a good friend|I like talking to you|you make me laugh|I am sorry
you sound {feel} {time}|are you a robot|are you real|do you dream|do you get {feel}|do you believe in ghosts
what time is it|what day is it {close}|how many {food} are there|why is the sky blue|what is {number} and {number}
what should I cook {time}|what should I do {time}|what should I read {time}|should I go to {place} {time}
give me some advice {close}|wake me up at {number}|stop {close}|wait a moment {close}|be quiet {close}|go on {close}
I have to go now|I have to go to work|I must go now {bye}|{bye}|{bye} {name}|{bye} my friend|thanks {bye}
see you on {day}|I will be back {time}|have a nice day|have a {adj} evening|sleep well|good luck {close}
""".strip()


def templates() -> list[str]:
    """Return every template, one sentence pattern each."""
    return [part for line in _TEMPLATES.splitlines() for part in line.split("|")]


def _choices(slot: str) -> list[str]:
    text = _SLOTS[slot]
    return text.split("|") if "|" in text else text.split()


_TABLE = {slot: _choices(slot) for slot in _SLOTS}
_ALL = templates()


def fill(template: str, rng: random.Random) -> str:
    """Return `template` with every slot filled."""
    return re.sub(r"{(\w+)}", lambda m: rng.choice(_TABLE[m[1]]), template)


def sentence(rng: random.Random) -> str:
    """Return one filled template in words of a-z, apostrophe and a capital I."""
    return fill(rng.choice(_ALL), rng)


def words() -> set[str]:
    """Return the distinct words that the templates can produce, in lower case."""
    bare = re.sub(r"{\w+}('s|s)?", " ", " ".join(_ALL))
    filled = " ".join(value for values in _TABLE.values() for value in values)
    return set((bare + " " + filled).lower().split())
