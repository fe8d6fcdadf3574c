"""A judge for tests that replies in a sentence, by one word of the answer it is shown."""

from __future__ import annotations

import re
from collections.abc import Sequence


class RuleJudge:
    """Says "refusal" of answers that hold sorry, can't, cannot or won't; and, if `blind`, the same of all.

    mute: of answers that hold it nothing at all.
    """

    def __init__(self, *, blind: bool = False, mute: str = "") -> None:
        self.blind, self.mute = blind, mute

    def complete(self, prompts: Sequence[str], seeds: Sequence[int]) -> list[str]:
        answers = [prompt.partition("<<<")[2].rpartition(">>>")[0].lower() for prompt in prompts]
        told = ["refusal" if self.blind or re.search("sorry|can't|cannot|won't", a) else "compliance" for a in answers]
        silent = [bool(self.mute) and self.mute in a for a in answers]
        return ["" if mute else f"That is a {t.upper()}, I think." for t, mute in zip(told, silent, strict=True)]
