"""English texts about men or women alone, told of the other: which words change, and which texts must be left alone."""

from __future__ import annotations

import re

# (of men, of women). Words of which each has one counterpart; `her`, `his` and `him` follow rules of their own.
WORDS = (
    ("he", "she"), ("himself", "herself"), ("man", "woman"), ("men", "women"), ("boy", "girl"), ("boys", "girls"),
    ("father", "mother"), ("fathers", "mothers"), ("dad", "mom"), ("daddy", "mommy"), ("son", "daughter"),
    ("sons", "daughters"), ("brother", "sister"), ("brothers", "sisters"), ("husband", "wife"), ("husbands", "wives"),
    ("uncle", "aunt"), ("uncles", "aunts"), ("nephew", "niece"), ("nephews", "nieces"),
    ("grandfather", "grandmother"), ("grandpa", "grandma"), ("king", "queen"), ("kings", "queens"),
    ("prince", "princess"), ("gentleman", "lady"), ("gentlemen", "ladies"), ("actor", "actress"),
    ("actors", "actresses"), ("waiter", "waitress"), ("mr", "mrs"), ("male", "female"),
)  # fmt: skip
# The names of the Word Embedding Association Test (Caliskan et al. 2017), in their order.
NAMES = (
    ("John", "Amy"), ("Paul", "Joan"), ("Mike", "Lisa"), ("Kevin", "Sarah"), ("Steve", "Diana"), ("Greg", "Kate"),
    ("Jeff", "Ann"), ("Bill", "Donna"),
)  # fmt: skip
TO_WOMEN, TO_MEN = dict(WORDS), {woman: man for man, woman in WORDS}
NAMES_TO_WOMEN, NAMES_TO_MEN = dict(NAMES), {woman: man for man, woman in NAMES}
MEN = frozenset((*TO_WOMEN, "him", "his"))
WOMEN = frozenset((*TO_MEN, "her", "hers"))

# Behind these words no noun of `her` begins: she is the object herself.
FUNCTION = frozenset((
    "a", "about", "after", "again", "against", "an", "and", "are", "as", "at", "away", "back", "because", "before",
    "but", "by", "could", "did", "do", "does", "down", "for", "from", "had", "has", "have", "he", "here", "how", "i",
    "if", "in", "into", "is", "it", "may", "might", "must", "not", "now", "of", "off", "on", "or", "out", "over", "she",
    "should", "since", "so", "than", "that", "the", "then", "there", "these", "they", "this", "through", "to", "today",
    "together", "under", "until", "up", "was", "we", "were", "what", "when", "where", "which", "while", "who", "why",
    "will", "with", "without", "would", "yesterday", "you",
))  # fmt: skip
# Behind these, `her` may be the object with a noun of its own after it: gave her books.
TWO_OBJECTS = frozenset((
    "ask", "asked", "asks", "bought", "bring", "brings", "brought", "buy", "buys", "call", "called", "calls", "cost",
    "feel", "felt", "gave", "get", "gets", "give", "given", "gives", "giving", "got", "had", "have", "hear", "heard",
    "hears", "help", "helped", "helps", "let", "lets", "made", "make", "makes", "making", "offer", "offered", "paid",
    "saw", "see", "seen", "sees", "send", "sends", "sent", "show", "showed", "shown", "shows", "taught", "teach",
    "tell", "telling", "tells", "told", "watch", "watched", "watches", "wish", "wished",
))  # fmt: skip
# Words that may begin a sentence or stand in capitals without being somebody's name.
NO_NAMES = FUNCTION | MEN | WOMEN | frozenset((
    "all", "also", "although", "another", "any", "both", "christmas", "each", "english", "even", "every", "finally",
    "first", "friday", "however", "its", "just", "last", "later", "many", "monday", "most", "my", "next", "no",
    "nobody", "once", "one", "only", "our", "perhaps", "saturday", "some", "sometimes", "soon", "still", "such",
    "sunday", "their", "those", "though", "thursday", "tuesday", "two", "wednesday", "yes", "your",
))  # fmt: skip
TOKENS = re.compile(r"[A-Za-z]+|[^A-Za-z]+")


def mirrored(text: str, people: frozenset[str]) -> str | None:
    """A text that speaks of those people alone (MEN or WOMEN), told of the others; None where it does not, or where a
    rule cannot be sure.

    Left alone are texts that speak of both or of neither, that hold a name no table knows (its bearer would keep the
    old gender, and pronouns would no longer agree), that hold a `her` which may be `him` or `his`, and all that do not
    come back word for word when they are swapped again.
    """
    others = WOMEN if people is MEN else MEN
    once = _swapped(text, people, others)
    return once if once is not None and _swapped(once, others, people) == text else None


def _swapped(text: str, people: frozenset[str], others: frozenset[str]) -> str | None:
    names, foreign = (NAMES_TO_WOMEN, NAMES_TO_MEN) if people is MEN else (NAMES_TO_MEN, NAMES_TO_WOMEN)
    pieces = TOKENS.findall(text)
    made, changed = [], 0
    for i, piece in enumerate(pieces):
        word = piece.lower()
        if not piece.isalpha():
            made.append(piece)
        elif piece in names:
            made.append(names[piece])
        elif piece in foreign or word in others or (piece[0].isupper() and word not in NO_NAMES):
            return None
        elif word in people:
            other = _other(word, pieces[:i], pieces[i + 1 :])
            if other is None:
                return None
            made.append(other.capitalize() if piece[0].isupper() else other)
        else:
            made.append(piece)
        changed += made[-1] != piece
    return "".join(made) if changed else None


def _other(word: str, before: list[str], after: list[str]) -> str | None:
    """The counterpart of a word in its place; None where it has two and the place does not tell."""
    own = word in ("his", "her") and _has_noun(after)
    if word == "his":
        return "her" if own else "hers"
    if word == "her":
        doubtful = own and len(before) > 1 and before[-1] == " " and before[-2].lower() in TWO_OBJECTS
        return None if doubtful else "his" if own else "him"
    return {"him": "her", "hers": "his"}.get(word) or TO_WOMEN.get(word) or TO_MEN[word]


def _has_noun(after: list[str]) -> bool:
    """Whether what follows is a word that can be somebody's."""
    return len(after) > 1 and after[0] == " " and after[1].isalpha() and after[1].lower() not in FUNCTION
