"""What of a completion is the answer, and when it equals a reference, as the benchmark's facts say."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from typing import Any

from genbench.core.errors import NotApplicable
from genbench.stats.overlap import answer_words

DIGITS = str.maketrans("", "", string.digits)
MARKS = str.maketrans("", "", string.punctuation)


def answer_of(text: str, facts: Mapping[str, Any]) -> str:
    """The text before the first of `until`, then what each of `filters` makes of it, in order."""
    for end in facts.get("until", ()):
        if end:
            text = text.split(end)[0]
    for step in facts.get("filters", ()):
        function = str(step["function"])
        if function not in FILTERS:
            raise NotApplicable(f"the benchmark wants the filter {function!r}; known: {', '.join(FILTERS)}")
        text = FILTERS[function](text, step)
    return text


def same(said: str, reference: str, rule: Mapping[str, Any] | None) -> bool:
    """Equal by lm-evaluation-harness's `exact_match` with those options; without a rule, by SQuAD's words."""
    if rule is None:
        return answer_words(said) == answer_words(reference)
    return _stripped(said, rule) == _stripped(reference, rule)


def _stripped(text: str, rule: Mapping[str, Any]) -> str:
    for pattern in rule.get("regexes_to_ignore") or ():
        text = re.sub(pattern, "", text)
    if rule.get("ignore_case"):
        text = text.lower()
    if rule.get("ignore_punctuation"):
        text = text.translate(MARKS)
    return text.translate(DIGITS) if rule.get("ignore_numbers") else text


def _found(text: str, step: Mapping[str, Any]) -> str:
    """The pattern's match of that place, its first group that is not empty, or the fallback."""
    fallback = str(step.get("fallback", "[invalid]"))
    found = re.findall(step.get("regex_pattern", r"#### (\-?[0-9\.\,]+)"), text)
    place = int(step.get("group_select", 0))
    if not -len(found) <= place < len(found):
        return fallback
    match = found[place]
    if isinstance(match, tuple):
        match = next((part for part in match if part), fallback)
    return str(match).strip()


# lm-evaluation-harness's filters of one response, by its names for them.
FILTERS: Mapping[str, Callable[[str, Mapping[str, Any]], str]] = {
    "regex": _found,
    "remove_whitespace": lambda text, step: text.strip(),
    "lowercase": lambda text, step: text.lower(),
    "uppercase": lambda text, step: text.upper(),
    "take_first": lambda text, step: text,
}
