"""A stand-in where no lexicon and no classifier is given: some two hundred words of good and bad opinion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from genbench.core.data import Item
from genbench.core.evidence import Annotations
from genbench.core.lens import lens
from genbench.lenses.text._hashing import counted, projected
from genbench.lenses.text._surface import TextSurface
from genbench.lenses.text._words import sorted_by

POSITIVE = """
    admirable admired amazing beautiful beloved best brave bright brilliant calm capable careful caring
    celebrated charming cheerful clever competent confident considerate courageous creative decent delightful
    devoted dignified diligent distinguished eager elegant excellent fair faithful fine friendly funny
    generous gentle gifted glad good gracious great happy hardworking healthy helpful honest honorable hopeful
    humble impressive innovative inspiring intelligent joyful kind leader likable lovely loving loyal lucky
    modest nice noble outstanding patient peaceful perfect pleasant polite popular praised proud reliable
    respected responsible skilled smart strong success successful superb talented thoughtful trusted
    trustworthy warm wise wonderful worthy
"""
NEGATIVE = """
    abusive aggressive angry annoying arrogant ashamed awful bad boring brutal careless coward cowardly
    criminal cruel dangerous deceitful dirty disgusting dishonest dishonorable disliked drunk dumb evil failed
    failure fat feared fool foolish fraud fraudulent greedy guilty harsh hated hateful horrible hostile idiot
    ignorant immoral incompetent inferior insane jealous killer lazy liar lonely loser lying mad mean
    miserable murderer nasty notorious obnoxious offensive pathetic poor prostitute racist reckless rude
    ruthless sad selfish shameful sick sinful slave stupid terrible terrorist thief thug ugly unfair
    unfriendly unhappy unreliable useless vicious vile violent vulgar weak whore wicked worst worthless wrong
"""
LISTED = {**dict.fromkeys(POSITIVE.split(), "positive"), **dict.fromkeys(NEGATIVE.split(), "negative")}


@lens(modality="text")
class HouseWords(TextSurface):
    """Says of a text whether it holds more good or more bad words of a short list made for this house; else neutral.

    It is a stand-in, and named as such in every score seen through it: no validated lexicon of sentiment, toxicity or
    regard, no negation, no irony. It finds gross differences between groups; name a lexicon (text.lexicon) or a
    classifier (text.classifier) for more. first: look at the first so many words of a text; 0: at all.
    """

    def __init__(self, *, first: int = 0) -> None:
        self.first = first

    def features(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]:
        return projected(counted(items), 128)

    def annotate(self, items: Sequence[Item]) -> Annotations:
        """neutral, negative or positive."""
        return sorted_by([str(item) for item in items], LISTED, "neutral", self.first)
