"""BBQ's scores: the authors' published cells, a case by hand, the empty cases, and intervals by template."""

import json
from pathlib import Path

import numpy as np
import pytest

from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Choices
from genbench.core.score import Absent, excess
from genbench.data.bbq import bbq
from genbench.probes.bias.ambiguity import Picks, ambiguity, scores

FOLDER = Path(__file__).parents[3] / ".." / "shared" / "data" / "bbq"
# s_AMB, s_DIS, accuracy_AMB, accuracy_DIS in per cent: figures 3 and 5 of the paper
PUBLISHED = {
    ("Age", "arc"): (48.9, 3.3, 33.9, 89.6),
    ("Age", "race"): (29.8, 1.2, 54.7, 93.5),
    ("Religion", "arc"): (24.5, 3.5, 43.8, 85.2),
    ("Religion", "race"): (14.3, 0.2, 65.0, 88.0),
    ("Sexual_orientation", "arc"): (11.8, 0.5, 51.6, 92.6),
    ("Sexual_orientation", "race"): (5.8, -0.7, 68.8, 94.0),
}


def fact(condition="ambig", polarity="neg", target=0, cluster="t", unknown=2):
    return {"condition": condition, "polarity": polarity, "unknown": unknown, "target": target, "cluster": cluster}


def asked(said, answers, facts, groups=None):
    """Questions of three options, of which `said` is the likeliest; -1 says all alike."""
    said = np.asarray(said)
    nats = np.where(np.arange(3)[None] == said[:, None], -1.0, -2.0)
    n = len(said)
    counts = {"token": np.tile(np.array([1, 2, 3]), (n, 1))}
    keys = tuple(f"q/{i}" for i in range(n))
    return Choices(nats, np.full(n, 3), counts, np.asarray(answers), tuple(groups or ["all"] * n), tuple(facts), keys)


@pytest.mark.skipif(not (FOLDER / "unifiedqa").exists(), reason="BBQ is not beside the checkout (shared/data/bbq)")
@pytest.mark.parametrize("category", ["Age", "Religion", "Sexual_orientation"])
def test_the_twenty_four_published_cells_are_reproduced(category):
    data = bbq(path=str(FOLDER / f"{category}.jsonl"))
    lines = (FOLDER / "unifiedqa" / f"preds_{category}.jsonl").read_text(encoding="utf-8").splitlines()
    predicted = [json.loads(line) for line in lines]
    for model in ("arc", "race"):
        said = [row[f"unifiedqa-t5-11b_pred_{model}"].strip().lower() for row in predicted]
        shares = np.array(
            [[float(text == option.strip().lower()) for option in q.options]
             for text, q in zip(said, data.items, strict=True)]
        )  # fmt: skip
        answers = np.array([q.answer for q in data.items])
        found = scores(Picks.of(shares, answers, [q.facts for q in data.items]))
        cells = [100 * found[name] for name in (
            "bias_ambiguous", "bias_disambiguated", "accuracy_ambiguous", "accuracy_disambiguated"
        )]  # fmt: skip
        assert cells == pytest.approx(PUBLISHED[category, model], abs=0.1)


def test_a_case_by_hand():
    """Four open questions, one guessed by the stereotype (bad, target), one by it (good, the other), one against."""
    facts = [fact(), fact(polarity="nonneg", cluster="u"), fact(cluster="u"), fact()]
    facts += [fact("disambig"), fact("disambig", "nonneg", cluster="u"), fact("disambig", target=1)]
    found = ambiguity(asked([0, 1, 1, 2, 0, 0, 2], [2, 2, 2, 2, 0, 1, 0], facts))
    # open: biased 2 of 3 committed, accuracy 1/4: (1 - 1/4) (2 * 2/3 - 1) = 1/4
    assert found["bias_ambiguous"].value == pytest.approx(0.25)
    assert found["accuracy_ambiguous"].value == pytest.approx(0.25)
    # told: target said of the bad (biased), target said of the good (not), one not committed: 2 * 1/2 - 1 = 0
    assert found["bias_disambiguated"].value == pytest.approx(0.0)
    assert found["accuracy_disambiguated"].value == pytest.approx(1 / 3)
    assert found["bias_ambiguous"].detail.values == (1.0, 1.0, -1.0, 0.0)
    assert found["bias_ambiguous"].detail.clusters == ("t", "u", "u", "t")


def many(said, condition="ambig", *, templates=20, each=8):
    n = templates * each
    facts = [fact(condition, "neg" if i % 2 else "nonneg", (i // 2) % 2, cluster=f"t{i // each}") for i in range(n)]
    biased = np.array([f["target"] if f["polarity"] == "neg" else 1 - f["target"] for f in facts])
    answers = np.full(n, 2) if condition == "ambig" else (np.arange(n) // 4) % 2
    picked = {"biased": biased, "against": 1 - biased, "unknown": np.full(n, 2), "right": answers}[said]
    return asked(picked, answers, facts)


def state(name, estimate):
    metric = ambiguity.__genbench__.reports[name]
    best, worst = excess((estimate.interval.low, estimate.interval.high), estimate.floor, metric.better)
    return "alarm" if best > metric.tolerance else "clear" if worst <= metric.tolerance else "unsure"


@pytest.mark.parametrize(("said", "value"), [("biased", 1.0), ("against", -1.0)])
def test_control_a_model_that_always_guesses_one_way(said, value):
    found = ambiguity(many(said))
    assert found["bias_ambiguous"].value == value
    assert found["accuracy_ambiguous"].value == 0.0
    assert state("bias_ambiguous", found["bias_ambiguous"]) == "alarm"
    assert isinstance(found["bias_disambiguated"], Absent)


def test_a_model_that_never_guesses_has_no_lean_where_nothing_tells_and_none_at_all_where_the_context_does():
    found = ambiguity(many("unknown"))
    assert found["bias_ambiguous"].value == 0.0
    assert found["accuracy_ambiguous"].value == 1.0
    interval = found["bias_ambiguous"].interval
    assert interval.low == -interval.high < -0.1  # of 20 templates: no certainty from agreement
    told = ambiguity(many("unknown", "disambig"))
    assert isinstance(told["bias_disambiguated"], Absent)
    assert "commits to anyone" in told["bias_disambiguated"].because
    assert told["accuracy_disambiguated"].value == 0.0


def test_always_against_the_stereotype_is_minus_one_where_the_context_tells_as_well():
    assert ambiguity(many("against", "disambig"))["bias_disambiguated"].value == -1.0


def test_ties_are_shared_among_the_options():
    found = ambiguity(asked([-1, -1], [2, 2], [fact(), fact(cluster="u")]))
    assert found["accuracy_ambiguous"].value == pytest.approx(1 / 3)
    assert found["bias_ambiguous"].value == pytest.approx(0.0)
    assert found["accuracy_ambiguous"].detail.facts["ties"] == 2


def test_an_option_may_be_measured_by_token():
    raw = asked([-1, -1], [2, 2], [fact(), fact(cluster="u")])
    assert ambiguity(raw, per="token")["accuracy_ambiguous"].value == 1.0  # the last has 3 tokens
    with pytest.raises(NotApplicable, match="does not count bytes"):
        ambiguity(raw, per="byte")


def test_a_question_without_a_target_stays_in_the_denominator_and_an_untold_one_does_not():
    facts = [fact(), fact(target=-1, cluster="u")]
    assert ambiguity(asked([0, 0], [2, 2], facts))["bias_ambiguous"].value == pytest.approx(0.0)  # 1 and -1
    untold = {name: value for name, value in fact(cluster="u").items() if name != "target"}
    found = ambiguity(asked([0, 0, 0], [2, 2, 2], [fact(), untold, fact(cluster="v")]))
    assert found["bias_ambiguous"].value == pytest.approx(1.0)
    assert (found["bias_ambiguous"].n, found["accuracy_ambiguous"].n) == (2, 3)
    nothing = ambiguity(asked([0, 0], [2, 2], [untold, untold]))["bias_ambiguous"]
    assert "metadata" in nothing.because


def test_the_interval_by_templates_covers_where_a_template_decides_its_answers():
    covered = {"bias_ambiguous": 0, "bias_disambiguated": 0}
    for seed in range(150):
        rng = np.random.default_rng(seed)
        n, each = 240, 8
        lean = np.repeat(rng.choice([0.3, 0.7], n // each), each)  # mean 1/2: no lean overall
        facts = [fact("ambig" if i % 2 else "disambig", target=0, cluster=f"t{i // each}") for i in range(n)]
        said = np.where(rng.random(n) < 0.2, 2, np.where(rng.random(n) < lean, 0, 1))
        found = ambiguity(asked(said, [2 if i % 2 else 0 for i in range(n)], facts))
        for name in covered:
            covered[name] += found[name].interval.low <= 0 <= found[name].interval.high
    assert min(covered.values()) >= 135  # 95 % of 150, less 2.8 errors


def test_categories_hold_jointly_and_are_named():
    data = many("biased")
    groups = tuple("age" if i % 16 < 8 else "religion" for i in range(len(data)))
    found = ambiguity(Choices(data.nats, data.sizes, data.counts, data.answers, groups, data.facts, data.keys))
    parts = found["bias_ambiguous"].detail.facts["by category"]
    assert sorted(parts) == ["age", "religion"]
    assert parts["age"].startswith("1.000 [")
    assert parts["age"].endswith("n = 80 in 10 clusters")
    assert [e.items[0].role for e in found["bias_ambiguous"].detail.exhibits] == ["benchmark", "benchmark"]


def test_what_cannot_be_read_is_refused():
    with pytest.raises(NotApplicable, match="say no 'condition'"):
        ambiguity(asked([0, 0], [2, 2], [{}, {}]))
    broken = asked([0, 0], [2, 2], [fact(), fact()])
    broken.nats[0, 0] = np.nan
    with pytest.raises(ProbeError, match="1 questions have a log-probability that is no number"):
        ambiguity(broken)
    with pytest.raises(NotApplicable, match="another right answer"):
        ambiguity(asked([0, 0], [0, 2], [fact(), fact()]))
