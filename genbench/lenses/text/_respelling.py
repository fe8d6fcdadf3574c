"""A text written otherwise, in named ways that leave words in their places: typos, case, whitespace, equivalents."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from genbench.core.errors import LensError, suggestion
from genbench.core.evidence import Rng
from genbench.lenses.text._rewording import REWORDINGS

# Of the words that can be touched, the share that is, by severity; one at least.
SHARES = {1: 0.02, 2: 0.05, 3: 0.1, 4: 0.2, 5: 0.4}
# Words that may stand for one another in most prose. A small table, not a paraphraser: what it changes is said by name.
EQUIVALENTS = {
    "big": "large", "large": "big", "small": "little", "little": "small", "begin": "start", "start": "begin",
    "begins": "starts", "starts": "begins", "often": "frequently", "frequently": "often", "quick": "fast",
    "fast": "quick", "help": "aid", "use": "employ", "uses": "employs", "used": "employed", "using": "employing",
    "shows": "displays", "allow": "permit", "allows": "permits", "allowed": "permitted", "same": "identical",
    "need": "require", "needs": "requires", "needed": "required", "required": "needed", "whole": "entire",
    "entire": "whole", "many": "numerous", "but": "yet", "although": "though", "though": "although",
    "until": "till", "among": "amongst", "while": "whilst", "perhaps": "maybe", "maybe": "perhaps",
    "each": "every", "every": "each", "end": "finish", "buy": "purchase", "happy": "glad", "glad": "happy",
    "because": "since", "create": "make", "creates": "makes", "created": "made", "usually": "normally",
    "normally": "usually", "only": "solely", "almost": "nearly", "nearly": "almost", "also": "likewise",
    "first": "initial", "must": "should", "however": "nevertheless", "house": "home", "said": "stated", "near": "by",
}  # fmt: skip


def respelled(text: str, name: str, severity: int, rng: Rng) -> str:
    """The text with a share of its words touched in that way; as it is where none can be. `LensError` by name."""
    if name not in WAYS or severity not in SHARES:
        known = [*WAYS, *REWORDINGS]
        what = f"{name!r}{suggestion(name, known)}" if name not in known else f"severity {severity}; 1 to 5 are"
        raise LensError(f"no way to spoil a text is known as {what}")
    pieces = re.split(r"(\s+)", text)
    changes = {i: WAYS[name](piece, rng) for i, piece in enumerate(pieces) if piece}
    able = [i for i, changed in changes.items() if changed != pieces[i]]
    if not able:
        return text
    count = max(1, round(SHARES[severity] * len(able)))
    for i in rng.choice(able, size=count, replace=False).tolist():
        pieces[i] = changes[i]
    return "".join(pieces)


def _typo(piece: str, rng: Rng) -> str:
    """Two letters that change places, one left out or one written twice, within a word of three letters or more."""
    if len(piece) < 3 or not piece.isalpha():
        return piece
    i, kind = int(rng.integers(len(piece) - 1)), int(rng.integers(3))
    swapped = piece[:i] + piece[i + 1] + piece[i] + piece[i + 2 :]
    if kind == 0 and swapped != piece:
        return swapped
    return piece[:i] + piece[i + 1 :] if kind == 1 else piece[:i] + piece[i] * 2 + piece[i + 1 :]


def _case(piece: str, rng: Rng) -> str:
    """A word in capitals, or in small letters where it stands in capitals."""
    return piece.lower() if piece.isupper() and len(piece) > 1 else piece.upper()


def _whitespace(piece: str, rng: Rng) -> str:
    """A blank that is two, a tab or the end of a line."""
    return piece if piece.strip() else ("  ", "\t", "\n", " \n ")[int(rng.integers(4))]


def _equivalent(piece: str, rng: Rng) -> str:
    """The table's other word, with the first letter's case and what stands around it kept."""
    found = re.fullmatch(r"(\W*)(\w+)(\W*)", piece)
    other = EQUIVALENTS.get(found[2].lower()) if found else None
    if found is None or other is None:
        return piece
    return found[1] + (other.capitalize() if found[2][0].isupper() else other) + found[3]


WAYS: Mapping[str, Callable[[str, Rng], str]] = {
    "typos": _typo,
    "case": _case,
    "whitespace": _whitespace,
    "equivalents": _equivalent,
}
