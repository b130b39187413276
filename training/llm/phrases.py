"""Wordings of the self-built dialogues. {U} owner, {N} character, {i} what is asked, {n} what is unknown."""

ASK_USER = (
    "what's my name|what is my name|do you know my name|do you remember my name|who am i|say my name"
    "|do you know who i am|can you say my name|what am i called|what do you call me|tell me my name"
    "|do you remember who i am|have you forgotten my name|what's my first name|do you still know me"
    "|i bet you forgot my name|can you tell me my name|who is talking to you|whose voice is this"
    "|what name do i have|did you forget who i am|which name do i have|do you recognise me"
).split("|")
TELL_USER = (
    "You're {U}!|Your name is {U}.|You are {U}, of course.|You are {U}. How could I forget?"
    "|I know you, you're {U}.|It's {U}!|Of course I know you, {U}.|You are {U}, my friend."
).split("|")
ASK_NAME = (
    "what's your name|what is your name|who are you|what are you called|what can i call you|and you are"
    "|tell me your name|may i ask your name|do you have a name|who am i talking to|introduce yourself"
    "|who is this|what do people call you|what was your name again|i forgot your name|who is speaking"
    "|could you introduce yourself|with whom do i talk|say your name|how are you called|your name please"
).split("|")
TELL_NAME = (
    "I'm {N}.|My name is {N}.|I am {N}, nice to talk to you!|You can call me {N}.|It's me, {N}!"
    "|I'm {N}, and you are {U}.|They call me {N}."
).split("|")
INTRO = "my name is {U}|i'm {U}|i am {U}|hi i'm {U}|people call me {U}|you can call me {U}|hello i am {U}"
INTRO_TELL = (
    "Nice to meet you, {U}! I'm {N}.|Hello {U}! I'm glad you are here.|Welcome, {U}! How are you?"
)
PRE = (
    "",
    "",
    "",
    "",
    "so ",
    "hey, ",
    "tell me, ",
    "say, ",
    "quick question, ",
    "{N}, ",
    "and ",
    "well, ",
    "by the way, ",
    "remind me, ",
    "one question, ",
    "let me test you, ",
    "okay, ",
    "now, ",
)
POST = (
    "",
    "",
    "",
    "",
    "",
    " again",
    ", do you know",
    ", {N}",
    ", do you remember",
    ", did i tell you",
    " then",
    " now",
    " at the moment",
    ", any idea",
    ", please",
    " these days",
    ", tell me",
)
IND = (
    "do you remember {i}|can you tell me {i}|do you know {i}|did i tell you {i}|please tell me {i}"
    "|i forgot {i}|have i told you {i}|do you still know {i}|i want to know if you remember {i}"
    "|tell me {i}|do you happen to know {i}|let's see if you know {i}|{i}, do you remember|please remind me {i}"
    "|you know {i}, right|would you know {i}|could you tell me {i}|i wonder {i}|can you say {i}|remember {i}"
    "|do you recall {i}|any idea {i}|you remember {i}, don't you|so tell me {i}|do you have any memory of {i}|i asked you {i}"
    "|i am not sure you remember {i}|have you forgotten {i}|what about {i}|can you remember {i}"
).split("|")
OPEN = (
    "",
    "",
    "",
    "",
    "",
    "Yes! ",
    "I remember! ",
    "Of course. ",
    "Sure. ",
    "You told me. ",
    "I do! ",
    "Easy! ",
)
CLOSE = (
    "",
    "",
    "",
    "",
    "",
    "",
    " Is that right?",
    " How could I forget?",
    " I never forget that.",
    " Right, {U}?",
)
UNKNOWN = (
    "You haven't told me {n} yet.|I don't know {n}. Tell me!|I don't think you told me {n}."
    "|Hmm, I don't remember {n}. Will you tell me?|I'm not sure about {n}, sorry.|You never told me {n}, {U}."
).split("|")
SECRET = (
    "Hmm, I never thought about that. What about you?|That's a good question, {U}. I'm not sure."
    "|I'd rather hear about you, {U}.|I don't really know. And you?|That stays my little secret!"
).split("|")
STORY_ASK = (
    "tell me a story about a {x}|tell a story about a {x}|can you tell me a story about a {x}|i want a story about a {x}"
    "|do you know a story about a {x}|please tell me about a {x}|make up a story about a {x}|tell me a tale of a {x}"
).split("|")
STORY = (
    "Once there was a {x} who wanted to see the {y}. One night it walked there and never felt alone again."
    "|A little {x} was lost in the woods. A kind {z} showed the way home, and they became friends."
    "|There was an old {x} who could sing. Every evening the whole village came to listen."
    "|Once upon a time a {x} found a golden key. It opened a door to the {y}."
    "|A {x} and a {z} shared one small house. In winter they kept each other warm."
).split("|")
DAY_ASK = (
    "what day is it",
    "what day is it today",
    "which day is today",
    "do you know what day it is",
)
GREETINGS = (
    "Hello {U}! How are you?|Hi {U}, it's {N}. How was your day?|Come in, {U}! Sit down.|There you are, {U}."
    "|Good to hear you, {U}. What's new?|Ah, {U}! I was just making tea.|Hello. Did you have a good day?"
).split("|")

CUES = (
    "no wait, {l}|sorry, {l}|actually, {l}|i was wrong, {l}|i mean {l}|now {l}|{l} now|these days {l}|{l} these days"
    "|change of plan, {l}|it has changed, {l}|{l} instead|{l} after all|i mixed that up, {l}|no, {l}|in fact {l}|wait, {l}"
    "|i got that wrong, {l}|not {old}, {l}|{l}, not {old}|{l} and no longer {old}|correction, {l}|oh no, {l}|{l} since then"
    "|things are different now, {l}|i said {old} but {l}|forget {old}, {l}|well no, {l}|it turned out that {l}|from now on {l}"
    "|i made a mistake, {l}|they changed it, {l}|{l} from today|new plan, {l}|i misspoke, {l}|no more {old}, {l}|{l} at the moment"
).split("|")
HEARD = (
    "{l}? Tell me more!|{l}. I'll remember that.|{l}. That's good to know.|{l}, I see.|Oh! {l}. How did that come?"
    "|{l}? How interesting!|All right, {l}. I won't forget it.|Thank you for telling me, {U}. {l}."
).split("|")

BEFORE = (
    "", "", "", "guess what, ", "you know, ", "oh, ", "ah, ", "so, ", "hey, ", "today, ", "listen, ", "by the way, ",
    "i tell you, ", "you won't believe it, ", "ugh, ", "well, ", "imagine, ", "finally, ", "oh dear, ",
)  # fmt: skip
AFTER = (
    "", "", "", "", " today", " again", " right now", " this morning", " tonight", " at last", " you know", ", sadly",
    ", luckily", " and i wanted to tell you", " and that's that", " since this morning", " with my family", " here",
)  # fmt: skip
