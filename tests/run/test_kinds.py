"""Every kind of evidence has a way to come about, and whoever must be able to what says so in one place."""

from genbench.core.evidence import FORMS, KINDS, Declared, Energy, Features, Labels
from genbench.core.lens import OFFERS
from genbench.core.model import CAPABILITIES, GIVES, LACKS, Fittable, Persistent, Perturbable, Placeable
from genbench.run.asked import ANSWERS, SCORES
from genbench.run.joint import JOINT
from genbench.run.looks import LOOKS

NO_PROBE_ASKS = {Fittable, Persistent, Placeable, Perturbable}  # by name; what lacks them is said otherwise
BY_THE_BENCH = {Energy, Labels, Declared, Features}  # of the account, the data, the files; and row by row


def test_every_kind_is_made_in_exactly_one_way():
    ways = [*ANSWERS, *SCORES, *JOINT, *LOOKS, *BY_THE_BENCH]
    assert len(ways) == len(set(ways))
    assert set(ways) == set(KINDS)


def test_what_a_lens_looks_at_it_offers_and_what_a_model_says_it_gives():
    assert set(OFFERS) == {*LOOKS, *JOINT, Features}
    assert {*ANSWERS, *SCORES} == set(GIVES) - set(JOINT)
    assert set(FORMS) == set(ANSWERS)


def test_a_model_without_a_capability_is_told_in_words_what_it_lacks():
    assert set(CAPABILITIES) - set(LACKS) == NO_PROBE_ASKS
    assert {able for capabilities in GIVES.values() for able in capabilities} <= set(LACKS)
