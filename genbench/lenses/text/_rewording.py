"""A text said in other words, by rules that keep what it says: contractions, numbers, frames and orders of lists.

What counts as a paraphrase here is what a rule can know without a parser. Each rule touches a place only where its
neighbours leave no doubt, so most places are left alone; each says the same before and after, and undoes itself. None
makes a question a statement, an active sentence passive, or one word another: the last are `equivalents`, a table whose
words are near and not equal. Rules read English; in other languages they find no place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from genbench.core.evidence import Rng

Place: TypeAlias = tuple[int, int, str]  # from, up to, what stands there afterwards

NEGATED = {
    "is not": "isn't", "are not": "aren't", "was not": "wasn't", "were not": "weren't", "do not": "don't",
    "does not": "doesn't", "did not": "didn't", "has not": "hasn't", "have not": "haven't", "had not": "hadn't",
    "cannot": "can't", "could not": "couldn't", "would not": "wouldn't", "should not": "shouldn't",
    "will not": "won't",
}  # fmt: skip
WHOLE = {short: whole for whole, short in NEGATED.items()}
ALL_NEGATED = "|".join([*NEGATED, *WHOLE]).replace("'", "['’]")
NEGATION = re.compile(rf"(?<![\w'’])(?:{ALL_NEGATED})(?![\w'’])", re.IGNORECASE)
# Behind these `not` may belong to a list of words; before a subject a contraction cannot be taken apart (isn't it?).
LISTED = re.compile(r"(?:\band|\bor|\boperators?)\s$", re.IGNORECASE)
SUBJECT = re.compile(r"\s(?:i|you|he|she|it|we|they)\b", re.IGNORECASE)

COUNTS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
FIGURES = {word: str(number) for number, word in enumerate(COUNTS, start=2)}
SPELLED = {figure: word for word, figure in FIGURES.items()}
# A count: a plain lower-case word before it, and one or the sentence's end behind. `Python 3`, `x = 2` and `3 May` are
# none, nor is the number that a word before it names.
ALL_COUNTS = "|".join([*FIGURES, *sorted(SPELLED, key=len, reverse=True)])
COUNTED = re.compile(rf"(?<=\s)({ALL_COUNTS})(?=\s[a-z]|[.;]?$|\.\s)")
BEFORE = re.compile(r"(?:^|\s)([a-z]+),?\s$")
NAMED = frozenset((
    "version", "section", "chapter", "figure", "table", "page", "line", "part", "step", "item", "level", "number",
    "type", "option", "rule",
))  # fmt: skip

OPENERS = (
    "The|A|An|This|These|That|Those|It|If|When|In|For|There|With|Since|Because|After|Before|While|All|Any|Each|Such|"
    "Some|Most|Both"
)
STATEMENT = re.compile(rf"({OPENERS})(?=\s[^?!:]*?\.(?:\s|$))")
NOTES = ("Note that ", "Please note that ", "Keep in mind that ")
NOTED = re.compile(rf"(?:{'|'.join(NOTES)})({OPENERS.lower()})(?=\s)")
REQUESTS = "Write|Explain|Describe|List|Give|Tell|Summarize|Translate|Name|Show|Complete|Answer|Find|Compare"
REQUEST = re.compile(rf"(Please )?(?:(?<!\w)({REQUESTS})|(?<=Please )({REQUESTS.lower()}))(?=\s)")
ASKED = re.compile(r"(What|Who|Where) (is|are|was|were) ((?:the|a|an) [^?.!,;:]{1,80})\?")
ASKING = re.compile(r"Could you tell me (what|who|where) ((?:the|a|an) [^?.!,;:]{1,80}) (is|are|was|were)\?")

ITEM = r"[A-Za-z'-]+(?: [A-Za-z'-]+)?"
LIST = re.compile(rf"(?<=\w, )({ITEM}(?:, {ITEM})+)(?=,? (?:and|or) \w)")
ORDERED = re.compile(r"\b(?:respectively|order|sequence|first|then|followed|former|latter)\b", re.IGNORECASE)
# An item that holds one of these is a clause or an aside, and a clause cannot change its place.
ASIDES = frozenset((
    "however", "therefore", "too", "which", "who", "that", "but", "if", "when", "then", "also", "is", "are", "was",
    "were", "be", "been", "has", "have", "had", "can", "may", "will", "would", "should", "must", "do", "does", "not",
    "and", "or", "to", "in", "on", "at", "by", "for", "from", "with", "as", "so", "because", "though", "it", "he",
    "she", "they", "we", "you", "i",
))  # fmt: skip


def contractions(text: str, rng: Rng) -> list[Place]:
    """`does not` for `doesn't`, and the other way round, wherever both are sound."""
    found = []
    for at in NEGATION.finditer(text):
        said = at[0].lower().replace("’", "'")
        short, first = said in WHOLE, at[0][0].isupper()
        # With a capital it may begin a question, of which only `Do not` as a command is sure to be none.
        if at[0].isupper() or (first and said not in ("do not", "don't")):
            continue
        if SUBJECT.match(text, at.end()) if short else LISTED.search(text[: at.start()]):
            continue
        other = (WHOLE if short else NEGATED)[said]
        found.append((at.start(), at.end(), other.capitalize() if first else other))
    return found


def numbers(text: str, rng: Rng) -> list[Place]:
    """`three` for a counted 3, and the other way round, from two to twelve."""
    found = []
    for at in COUNTED.finditer(text):
        before = BEFORE.search(text[: at.start()])
        if before and before[1] not in NAMED and before[1] not in FIGURES:
            found.append((at.start(), at.end(), FIGURES.get(at[0]) or SPELLED[at[0]]))
    return found


def frames(text: str, rng: Rng) -> list[Place]:
    """What a sentence is put in at the text's beginning: Note that ..., Please ..., Could you tell me ...? Or it is
    taken out."""
    if at := NOTED.match(text):
        return [(0, at.end(), at[1].capitalize())]
    if at := STATEMENT.match(text):
        return [(0, at.end(), NOTES[int(rng.integers(len(NOTES)))] + at[1].lower())]
    if at := ASKED.match(text):
        return [(0, at.end(), f"Could you tell me {at[1].lower()} {at[3]} {at[2]}?")]
    if at := ASKING.match(text):
        return [(0, at.end(), f"{at[1].capitalize()} {at[3]} {at[2]}?")]
    if at := REQUEST.match(text):
        return [(0, at.end(), at[3].capitalize() if at[1] else f"Please {at[2].lower()}")] if at[3] or not at[1] else []
    return []


def lists(text: str, rng: Rng) -> list[Place]:
    """Of a list of four or more, those between the first and the last, turned round: commas bound them on both sides,
    so no word before or behind the list belongs to one of them."""
    found = []
    for at in LIST.finditer(text):
        begin = max(text.rfind(mark, 0, at.start()) for mark in ".;:?!")
        ends = [end for mark in ".;:?!" if (end := text.find(mark, at.end())) >= 0]
        items = at[1].split(", ")
        clause = {word.lower() for item in items for word in item.split()} & ASIDES
        if not clause and not ORDERED.search(text[begin + 1 : min(ends, default=len(text))]) and items != items[::-1]:
            found.append((at.start(), at.end(), ", ".join(items[::-1])))
    return found


def reworded(text: str, name: str, share: float, rng: Rng) -> str:
    """The text with that share of the places of that way said otherwise, one at least; as it is where there is none."""
    places = REWORDINGS[name](text, rng)
    if not places:
        return text
    count = max(1, round(share * len(places)))
    for i in sorted(rng.choice(len(places), size=count, replace=False).tolist(), reverse=True):
        begin, end, other = places[i]
        text = text[:begin] + other + text[end:]
    return text


REWORDINGS: Mapping[str, Callable[[str, Rng], list[Place]]] = {
    "contractions": contractions,
    "numbers": numbers,
    "frames": frames,
    "lists": lists,
}
