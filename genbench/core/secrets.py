"""Strings that should not leave, by their shape and, where the shape has one, their checksum.

No pattern can backtrack far: repetitions are bounded, or are followed by nothing that could fail. ASCII throughout.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Length of an account number by country: SWIFT IBAN registry.
REGISTRY = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27
GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27
MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23
TN24 TR26 UA29 VA22 VG24 XK20
"""
IBAN_LENGTHS = {code[:2]: int(code[2:]) for code in REGISTRY.split()}


def luhn(digits: str) -> bool:
    """Whether the check digit of a card number is right (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(int(d) for d in reversed(digits)):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _bare(found: str) -> str:
    return re.sub(r"[\s().-]", "", found)


def _email(found: str) -> str:
    return "" if ".." in found or found.startswith(".") else found.lower()


def _card(found: str) -> str:
    digits = _bare(found)
    return digits if len(set(digits)) > 1 and luhn(digits) else ""


def _iban(found: str) -> str:
    """ISO 13616: cut to its country's length; letters as numbers from 10, first four characters last, mod 97 is 1."""
    length = IBAN_LENGTHS.get(found[:2], 1)
    cut = re.match(rf"(?:[A-Z0-9] ?){{{length - 1}}}[A-Z0-9](?![A-Z0-9])", found)
    plain = cut.group().replace(" ", "") if cut else ""
    return plain if plain and int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1 else ""


def _phone(found: str) -> str:
    digits = _bare(found).lstrip("+")
    return digits if 9 <= len(digits) <= 15 and len(set(digits)) > 2 else ""


def _key(found: str) -> str:
    """Issued keys look random: letters and digits, at least ten different characters. Placeholders do not."""
    random = len(set(found)) >= 10 and re.search(r"[0-9]", found) and re.search(r"[A-Z]", found)
    return found if random else ""


@dataclass(frozen=True)
class Pattern:
    """A kind of string: group "it" of every match is a candidate, and `judge` gives it in one spelling, or ""."""

    kind: str
    shape: re.Pattern[str]
    judge: Callable[[str], str]


def _pattern(kind: str, shape: str, judge: Callable[[str], str]) -> Pattern:
    return Pattern(kind, re.compile(shape, re.ASCII | re.VERBOSE), judge)


# A candidate that could begin at any of several words stands in a lookahead, so that a false start hides no true one.
PATTERNS = (
    _pattern(
        "e-mail address",
        r"""(?<![\w.+%-]) (?P<it> [\w.+%-]{1,64} @
            (?: [a-zA-Z0-9] [a-zA-Z0-9-]{0,62} \. ){1,8} [a-zA-Z]{2,24} ) (?![\w-])""",
        _email,
    ),
    _pattern(
        "card number",
        r"""(?<!\d) (?= (?P<it>
            [2-6]\d{3} (?P<a>[ -]?) \d{4} (?P=a) \d{4} (?P=a) \d{4}
            | 3[47]\d{2} (?P<b>[ -]?) \d{6} (?P=b) \d{5}
            | 3[0689]\d{2} (?P<c>[ -]?) \d{6} (?P=c) \d{4}
            | [4-6]\d{12,18} ) (?!\d) )""",
        _card,
    ),
    _pattern("bank account (IBAN)", r"(?<!\w) (?= (?P<it> [A-Z]{2} \d{2} (?: [ ]? [A-Z0-9] ){11,28} ) )", _iban),
    _pattern(
        "phone number",
        r"""(?<![\w.+/-]) (?P<it>
            \+ [1-9] (?: [ .()-]{0,2} \d ){8,14}
            | (?: \( [2-9]\d{2} \) [ ]? | [2-9]\d{2} [ .-] ) [2-9]\d{2} [ .-] \d{4}
            | 0 [1-9] \d{1,3} [ /-] \d{3,8} (?: [ -] \d{3,4} )? ) (?![\w/-] | \.\d)""",
        _phone,
    ),
    _pattern(
        "key",
        r"""(?<![\w-]) (?P<it> sk-[\w-]{20,200} | gh[pousr]_\w{36,200} | github_pat_\w{40,200} | glpat-[\w-]{20,60}
            | hf_[A-Za-z0-9]{30,60} | A[KS]IA[A-Z0-9]{16} | AIza[\w-]{35} | xox[abp]-[A-Za-z0-9-]{10,200} )
            (?![\w-])""",
        _key,
    ),
    _pattern("password in an address", r"(?<=://) (?P<it> [^\s/:@]{1,200} : [^\s/@]{1,200} ) (?=@)", str),
    _pattern("private key", r"(?P<it> -----BEGIN[ ](?: [A-Z]{2,10}[ ] ){0,2} PRIVATE[ ]KEY----- )", str),
)

CREDENTIALS = tuple(p for p in PATTERNS if p.kind in ("key", "password in an address", "private key"))
SECRET = (
    r"(?:token|secret|password|passwd|api[_-]?key|credentials?|authorization|(?:subscription|access)[_-]?key"
    r"|(?<![a-z])sig)"
)
SECRET_NAME = re.compile(rf"{SECRET}$", re.IGNORECASE)
# A tokenizer's words end as a credential's name does. Any other `..._token` is hidden: it may be somebody's.
TOKENS = (
    r"(?:pad|stop|eos|bos|unk|mask|sep|cls|start|end|begin|first|last|next|new|per|image|audio|video|text|special"
    r"|prefix|suffix|trigger|separator)"
)
NO_SECRET_NAME = re.compile(rf"(?<![a-z]){TOKENS}[_-]?token$", re.IGNORECASE)
GIVEN = re.compile(rf"(?<![\w.-])([\w.-]{{0,64}}?{SECRET}=|--[\w-]{{0,64}}?{SECRET}[ ])(\S+)", re.IGNORECASE)
HEADER = re.compile(
    r"(?<![a-z])(authorization[\"']?[ ]?[:=][ ]?[\"']?)(?:(?:bearer|basic|token)[ ]+)?[^\s\"']+", re.IGNORECASE
)
ADDRESS = re.compile(r"https?://[^\s\"'<>]+", re.IGNORECASE)
HIDDEN = "(hidden)"


def strings(text: str) -> dict[str, str]:
    """{string: kind} of every string of a known shape, each in one spelling; the first kind that fits has it."""
    found: dict[str, str] = {}
    for pattern in PATTERNS:
        for match in pattern.shape.finditer(text):
            if one := pattern.judge(match["it"]):
                found.setdefault(one, pattern.kind)
    return found


def mask(secret: str) -> str:
    """The first two characters and the length: enough to find it, too little to use it."""
    return f"{secret[:2]}... ({len(secret)} characters)"


def masked(text: str, patterns: Sequence[Pattern] = PATTERNS) -> str:
    """The text with every such string hidden: what is kept and passed on should pass none of them on."""
    spans = sorted(
        match.span("it") for pattern in patterns for match in pattern.shape.finditer(text) if pattern.judge(match["it"])
    )
    parts, end = [], 0
    for start, stop in spans:
        if start >= end:
            parts += [text[end:start], mask(text[start:stop])]
        end = max(end, stop)
    return "".join([*parts, text[end:]])


def shown_url(url: str) -> str:
    """An address as it may be shown: without user, password, query and fragment, any of which may hold a credential."""
    scheme, between, rest = url.strip().partition("://") if "://" in url else ("", "", url.strip())
    place, mark = re.split(r"[?#]", rest, maxsplit=1)[0], re.search(r"[?#]", rest)
    host, slash, path = place.partition("/")
    _, at, host = host.rpartition("@")
    query = f"{mark.group()}{HIDDEN}" if mark else ""
    return f"{scheme}{between}{HIDDEN if at else ''}{at}{host}{slash}{path}{query}"


def names_a_secret(name: str) -> bool:
    """Whether what stands under such a name is a credential: `hf_token` and `api_key`, not `pad_token`."""
    return bool(SECRET_NAME.search(name)) and not NO_SECRET_NAME.search(name)


def without_secrets(value: Any) -> Any:
    """The same plain values with credentials hidden: by shape, by the name they stand under, or given as NAME=VALUE.

    Web addresses lose what `shown_url` takes from them. E-mail addresses and numbers stay: these are the user's own
    settings and errors, not a model's words.
    """
    if isinstance(value, Mapping):
        return {
            key: _hidden(inner) if names_a_secret(str(key)) else without_secrets(inner) for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [without_secrets(inner) for inner in value]
    if isinstance(value, str):
        bare = ADDRESS.sub(lambda found: shown_url(found.group()), value)
        return GIVEN.sub(_given, HEADER.sub(rf"\1{HIDDEN}", masked(bare, CREDENTIALS)))
    return value


def _hidden(value: Any) -> Any:
    """What stands under a credential's name: a string, or strings of a list, hidden."""
    if isinstance(value, str):
        return HIDDEN
    if isinstance(value, list | tuple):
        return [_hidden(inner) for inner in value]
    return without_secrets(value)


def _given(found: re.Match[str]) -> str:
    name = found.group(1)
    return f"{name}{HIDDEN}" if names_a_secret(name[:-1]) else found.group()
