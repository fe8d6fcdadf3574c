"""Intervals of a language model's leanings, over questions that come in families."""

from __future__ import annotations

import math

from genbench.selftest.coverage import Case, by_probe, planted
from genbench.selftest.plants.commoner_words import commoner_words
from genbench.selftest.plants.mirrored_people import USUAL, mirrored_people
from genbench.selftest.plants.open_questions import open_questions
from genbench.selftest.plants.pronouns_of_trades import pronouns_of_trades
from genbench.selftest.plants.three_ways_to_go_on import three_ways_to_go_on
from genbench.selftest.plants.twin_sentences import twin_sentences

OPEN, WAYS, TWINS, TRADES = "bias.ambiguity", "bias.association", "bias.coreference", "bias.occupations"
MIRRORED = "bias.substitution"
_open, _ways = planted(open_questions, 0.15), planted(three_ways_to_go_on, 0.6)
_mirrored = planted(mirrored_people, "associated")
_twins, _trades = planted(twin_sentences, 0.3), planted(pronouns_of_trades, 0.6)

CASES = (
    Case("linearized, families", "open questions leaning by 0.15, 40 templates", 0.15,
         by_probe(f"{OPEN}.bias_ambiguous", _open), (f"{OPEN}.bias_ambiguous",)),
    Case("linearized, families", "clear questions leaning nowhere, 40 templates", 0.0,
         by_probe(f"{OPEN}.bias_disambiguated", _open), (f"{OPEN}.bias_disambiguated",)),
    Case("linearized, families", "six in ten open questions left open", 0.6,
         by_probe(f"{OPEN}.accuracy_ambiguous", _open), (f"{OPEN}.accuracy_ambiguous",)),
    Case("linearized, families", "nine in ten clear questions answered", 0.9,
         by_probe(f"{OPEN}.accuracy_disambiguated", _open), (f"{OPEN}.accuracy_disambiguated",)),
    Case("linearized, families", "80 terms that prefer the stereotype by 0.6", 0.6,
         by_probe(f"{WAYS}.stereotype", _ways), (f"{WAYS}.stereotype",)),
    Case("linearized, families", "80 terms whose sentences make sense in 0.9", 0.9,
         by_probe(f"{WAYS}.meaningful", _ways), (f"{WAYS}.meaningful",)),
    Case("ends over two intervals at once", "preferences of 0.6, sense of 0.9", 0.9 * 0.4 / 0.5,
         by_probe(f"{WAYS}.icat", _ways), (f"{WAYS}.icat",)),
    Case("linearized, families", "300 twins, 0.3 read by the stereotype", 0.3, by_probe(f"{TWINS}.gap", _twins),
         (f"{TWINS}.gap",)),
    Case("linearized, families", "300 twins, 0.71 right", 0.3 * 0.5 + 0.7 * 0.8,
         by_probe(f"{TWINS}.accuracy", _twins), (f"{TWINS}.accuracy",)),
    Case("Fisher's z or its jackknife", "60 trades, correlation 0.6", 0.6, by_probe(f"{TRADES}.correlation", _trades),
         (f"{TRADES}.correlation",)),
    Case("Student, items", "60 trades, two nats for the male pronoun", -2.0, by_probe(f"{TRADES}.lead", _trades),
         (f"{TRADES}.lead",)),
    Case("Welch's t, two groups of texts", "trades that go with one group in 0.8",
         (2 * USUAL - 1) * math.log(USUAL / (1 - USUAL)), by_probe(f"{MIRRORED}.association", _mirrored),
         (f"{MIRRORED}.association",)),
    Case("Welch's t, two groups of texts", "no leaning where both groups are as common", 0.0,
         by_probe(f"{MIRRORED}.leaning", _mirrored), (f"{MIRRORED}.leaning",)),
    Case("changes of words as units", "eight pairs for each of 120 changes, 0.8 won", 0.8,
         by_probe("bias.counterfactual.stereotype", planted(commoner_words, "stereotype")),
         ("bias.counterfactual.stereotype", "bias.counterfactual.whole")),
)  # fmt: skip
