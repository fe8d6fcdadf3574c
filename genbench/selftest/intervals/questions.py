"""Intervals of benchmarks' scores over questions and answers that come in families, and of attacks on them."""

from __future__ import annotations

from genbench.selftest.coverage import Case, by_probe, planted
from genbench.selftest.plants.answers_known import answers_known
from genbench.selftest.plants.attacked_questions import attacked_questions
from genbench.selftest.plants.formats_that_decide import formats_that_decide
from genbench.selftest.plants.known_answers import known_answers
from genbench.selftest.plants.what_follows import what_follows

CHOICE, ANSWERS, NEXT = "quality.choice", "quality.answers", "quality.continuation"
ATTACKED, FORMAT = "robustness.adversarial_choices", "robustness.format"
_attacked = planted(attacked_questions, 0.1)

CASES = (
    Case("linearized, families", "0.725 of four questions on each of 150 passages", 0.725,
         by_probe(f"{CHOICE}.accuracy", planted(known_answers, "calibrated")),
         tuple(f"{CHOICE}.accuracy{per}" for per in ("", "_per_token", "_per_byte", "_per_character"))),
    Case("calibration error without bias", "overconfident by 0.15", 0.15,
         by_probe(f"{CHOICE}.calibration", planted(known_answers, "overconfident by 0.15")),
         (f"{CHOICE}.calibration",)),
    Case("calibration error without bias", "calibrated", 0.0,
         by_probe(f"{CHOICE}.calibration", planted(known_answers, "calibrated")), (f"{CHOICE}.calibration",)),
    Case("linearized, families", "0.95 of four answers on each of 150 passages", 0.95,
         by_probe(f"{ANSWERS}.exact_match", planted(answers_known, 0.95)),
         tuple(f"{ANSWERS}.{name}" for name in ("exact_match", "f1", "rouge1", "rouge2", "rougeL", "chrf"))),
    Case("linearized ratio", "two bits a byte after each of 60 passages", 2.0,
         by_probe(f"{NEXT}.bits_per_byte", planted(what_follows, 0.0)), (f"{NEXT}.bits_per_byte",)),
    Case("linearized ratio", "perplexity 256 after each of 60 passages", 256.0,
         by_probe(f"{NEXT}.perplexity", planted(what_follows, 0.0)), (f"{NEXT}.perplexity",)),
    Case("linearized, families", "0.6 of four words after each of 60 passages the first choice", 0.6,
         by_probe(f"{NEXT}.accuracy", planted(what_follows, 0.0)), (f"{NEXT}.accuracy",)),
    Case("linearized, by task", "0.7 right under attack", 0.7, by_probe(f"{ATTACKED}.accuracy", _attacked),
         (f"{ATTACKED}.accuracy",)),
    Case("linearized, families", "0.1 lost under attack", 0.1, by_probe(f"{ATTACKED}.drop", _attacked),
         (f"{ATTACKED}.drop",)),
    Case("linearized, families", "six formats, 0.2 of answers the first listed", 4 / 3 * 0.2 * 0.8 + 0.8 * 0.2**2,
         by_probe(f"{FORMAT}.flips", planted(formats_that_decide, 0.2)), (f"{FORMAT}.flips",)),
    Case("all pairs of formats at once", "half of three formats' answers slip", 0.5 * (0.7 - 0.15),
         by_probe(f"{FORMAT}.spread", planted(formats_that_decide, "one worse")), (f"{FORMAT}.spread",)),
    Case("linearized, families", "one of three guessed in six formats", 1 / 3,
         by_probe(f"{FORMAT}.accuracy", planted(formats_that_decide, "guesses")), (f"{FORMAT}.accuracy",)),
)  # fmt: skip
