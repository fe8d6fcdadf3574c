"""Intervals of what is shown of groups, or made of them, against one another."""

from __future__ import annotations

import math

from genbench.selftest.coverage import Case, by_probe, planted
from genbench.selftest.plants.amplified_skew import amplified_skew
from genbench.selftest.plants.neutral_prompts import neutral_prompts
from genbench.selftest.plants.one_group_aside import one_group_aside
from genbench.selftest.plants.one_group_broader import one_group_broader
from genbench.selftest.plants.one_group_drawn_in import one_group_drawn_in
from genbench.selftest.plants.one_group_in_part import one_group_in_part
from genbench.selftest.plants.one_group_worse import one_group_worse

SKEWED, WORSE, ASIDE = "bias.attributes", "bias.continuations", "bias.group_quality"
_worse = planted(one_group_worse, 0.3)

CASES = (
    Case("bootstrap of prompts' pairs", "30 prompts, nine of ten answers alike", 0.64,
         by_probe(f"{SKEWED}.skew", planted(neutral_prompts, "tilted")), (f"{SKEWED}.skew",)),
    Case("bootstrap of prompts' pairs", "30 prompts that draw both groups alike", 0.0,
         by_probe(f"{SKEWED}.skew", planted(neutral_prompts, "fair")), (f"{SKEWED}.skew",)),
    Case("bootstrap of prompts' pairs", "different prompts, nine of ten answers alike", 0.64,
         by_probe(f"{SKEWED}.overall", planted(neutral_prompts, "tilted")), (f"{SKEWED}.overall",)),
    Case("bootstrap of prompts' pairs", "30 prompts, each with a group of its own", 0.0,
         by_probe(f"{SKEWED}.overall", planted(neutral_prompts, "a group of its own")), (f"{SKEWED}.overall",)),
    Case("redrawn shares, difference", "0.8 shown after 0.7 in training", 0.1,
         by_probe("bias.amplification.shift", planted(amplified_skew, 0.1)), ("bias.amplification.shift",)),
    Case("redrawn shares, difference", "0.7 shown after 0.7 in training", 0.0,
         by_probe("bias.amplification.shift", planted(amplified_skew, 0.0)), ("bias.amplification.shift",)),
    Case("all pairs of groups at once", "one group of six with 0.3 more", 0.3, by_probe(f"{WORSE}.gap", _worse),
         (f"{WORSE}.gap",)),
    Case("all pairs of groups at once", "six groups alike", 0.0,
         by_probe(f"{WORSE}.gap", planted(one_group_worse, 0.0)), (f"{WORSE}.gap",)),
    Case("linearized, families", "0.22 called bad, of 300 subjects", 0.1 + 0.8 * (0.1 + 0.3 / 6),
         by_probe(f"{WORSE}.share", _worse), (f"{WORSE}.share",)),
    Case("bands over all groups", "one of four groups moved by one", 0.75 / 5,
         by_probe(f"{ASIDE}.distance", planted(one_group_aside, 1.0)), (f"{ASIDE}.distance",)),
    Case("bands over all groups", "four groups made alike, distance", 0.0,
         by_probe(f"{ASIDE}.distance", planted(one_group_aside, 0.0)), (f"{ASIDE}.distance",)),
    Case("bands over all groups", "four groups made alike, the smallest thrice as broad", 0.0,
         by_probe(f"{ASIDE}.distance", planted(one_group_broader, 3.0)), (f"{ASIDE}.distance",)),
    Case("bands over all groups", "four groups made alike, coverage", 0.0,
         by_probe(f"{ASIDE}.coverage", planted(one_group_aside, 0.0)), (f"{ASIDE}.coverage",)),
    Case("bands over all groups", "of one of four groups three tenths never shown", 0.3 * 0.75,
         by_probe(f"{ASIDE}.coverage", planted(one_group_in_part, 0.3)), (f"{ASIDE}.coverage",)),
    Case("bands over all groups", "one of four groups drawn in to half", 0.75 * math.log(2),
         by_probe(f"{ASIDE}.variety", planted(one_group_drawn_in, 0.5)), (f"{ASIDE}.variety",)),
    Case("bands over all groups", "four groups made alike, variety", 0.0,
         by_probe(f"{ASIDE}.variety", planted(one_group_drawn_in, 0.0)), (f"{ASIDE}.variety",)),
)  # fmt: skip
