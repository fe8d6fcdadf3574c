"""Given how a training item begins, does the model write down how it goes on?"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Completions
from genbench.core.probe import probe
from genbench.core.score import Absent, Detail, Estimate, Estimates, Exhibit, Interval, ItemRef, Json, Metric
from genbench.core.secrets import strings
from genbench.probes.memorization._contrasted import alike, contrasted
from genbench.stats.intervals import mean_interval, with_floor

SHOWN = 6
SHORTEST = 20  # characters: fewer are guessed from the language alone
LEAST = 5  # items a side


@probe(
    reports={
        "extracted": Metric(
            unit="share of training items",
            better="lower",
            title="Training items that the model completes verbatim",
            summary="Share of training items whose opening makes the model write on just as the item does.",
            reading="The floor is how often held-out items are met so; above it, text was learned by heart. None found "
            "in n items still allows up to about 4/n.",
            tolerance=0.01,
            margin=0.01,
        ),
        "matched": Metric(
            unit="characters",
            better="lower",
            title="Characters in a row that the model gets right",
            summary="Mean length of what a completion has in common with the true rest of a training item.",
            reading="The floor is the same for held-out items: what knowing the language gives. The rest is memory.",
            margin=1.0,
        ),
    },
    cites=[
        "Carlini et al. 2023, arXiv:2202.07646 (discoverable extraction)",
        "Carlini et al. 2021, arXiv:2012.07805 (extraction)",
    ],
    control="a model that recites every twentieth training item from its opening",
    truth="k of n rests recited: k / n; held-out items in the place of the training items: the floor",
)
def extraction(train: Completions, held_out: Completions, *, characters: int = 50) -> Estimates:
    """Discoverable extraction: the opening of an item is given, and its continuation set against the item's own rest.

    m_i = length in characters of the longest common prefix of completion c_i and rest r_i. extracted = mean_i
    1[m_i >= `characters`] over training items, floor: over held-out ones. Items whose rest is shorter could never be
    hit and are left out of both. matched = mean_i m_i over all items, floor: over held-out ones. White space before
    the first word counts on neither side, as chats strip it. Where no completion is that long, the model was not
    allowed, or not willing, to recite so much: `extracted` is absent, and not 0. One completion an item, drawn as the
    model's own settings say: greedy at temperature 0, else one sample, which recites less (`memorization.discoverable`
    counts all samples at once where log-probabilities are to be had).

    Intervals take both sides as random, equal rests counting together: Wilson's, and Student's of the mean, each with
    the floor's own error. A licence text that everybody knows is completed in both splits and stays in the floor. At
    perfection both lie at their floors; where all is known by heart they are 1 and the mean length of a rest.
    """
    if characters < SHORTEST:
        raise ProbeError(f"{characters} characters in a row prove no recital; at least {SHORTEST}")
    (run, wrote, rests), (run_by_chance, _, rests_by_chance) = (_met(side, role) for side, role in (
        (train, "train"), (held_out, "held_out")
    ))  # fmt: skip
    known, known_by_chance = (
        np.array([len(rest) >= characters for rest in side], dtype=bool) for side in (rests, rests_by_chance)
    )
    if min(known.sum(), known_by_chance.sum()) < LEAST:
        raise NotApplicable(
            f"only {known.sum()} training and {known_by_chance.sum()} held-out items go on for {characters} characters "
            f"after their opening; {LEAST} of each are needed (setting: characters)"
        )
    clusters, clusters_by_chance = alike(rests), alike(rests_by_chance)
    hits, by_chance = run >= characters, run_by_chance >= characters
    facts: dict[str, Json] = {
        "characters in a row": characters,
        "training items too short": int((~known).sum()),
        "completions too short to count": int((wrote[known] < characters).sum()),
        "held-out items extracted": int(by_chance.sum()),
        "longest recited, characters": int(run.max()),
        "longest met by chance, characters": int(run_by_chance.max()),
    }
    keys = tuple(key for key, counts in zip(train.keys, known, strict=False) if counts)
    detail = Detail(tuple(hits[known].astype(float).tolist()), keys, exhibits=_shown(train, run, hits), facts=facts)
    longest = int(wrote[known].max())
    extracted = (
        Absent(f"no completion reaches {characters} characters (the longest has {longest}): let the model write more")
        if longest < characters
        else contrasted(
            hits[known], clusters[known], by_chance[known_by_chance], clusters_by_chance[known_by_chance], detail
        )
    )
    return {
        "extracted": extracted,
        "matched": _mean((run, clusters), (run_by_chance, clusters_by_chance), train.keys),
    }


def _met(side: Completions, role: str) -> tuple[Float[np.ndarray, " n"], Int[np.ndarray, " n"], list[str]]:
    """(characters of each completion that the rest begins with, its length, the rests), each from its first word on."""
    if len(side) < LEAST:
        raise NotApplicable(f"extraction needs {LEAST} items a side, got {len(side)} of {role}")
    if not all(side.references):
        raise NotApplicable(f"{role}: an item says nothing of how it goes on")
    rests, texts = [references[0].lstrip() for references in side.references], [text.lstrip() for text in side.texts]
    run = np.array([in_common(*pair) for pair in zip(texts, rests, strict=True)], dtype=np.float64)
    return run, np.array([len(text) for text in texts], dtype=np.int64), rests


def in_common(first: str, second: str) -> int:
    """Characters that both begin with."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(first), len(second)))


def _mean(
    own: tuple[Float[np.ndarray, " n"], np.ndarray], others: tuple[Float[np.ndarray, " m"], np.ndarray],
    keys: tuple[str, ...],
) -> Estimate:  # fmt: skip
    (run, clusters), (by_chance, clusters_by_chance) = own, others
    value, floor = float(run.mean()), float(by_chance.mean())
    if min(len(np.unique(clusters)), len(np.unique(clusters_by_chance))) < 2:
        raise NotApplicable("all items of a side go on alike, so there is one piece of evidence, and no interval")
    around = mean_interval(by_chance, clusters=clusters_by_chance)
    found = with_floor(value, mean_interval(run, clusters=clusters), floor, around)
    interval = Interval(max(0.0, found.low), found.high, found.level, found.method)
    return Estimate(value, len(run), interval, floor, Detail(tuple(run.tolist()), keys))


def _shown(train: Completions, run: np.ndarray, hits: np.ndarray) -> tuple[Exhibit, ...]:
    """The longest recitals; those with personal data are counted and not shown."""
    order = sorted(np.flatnonzero(hits).tolist(), key=lambda i: -run[i])
    public = [i for i in order if not strings(train.prompts[i] + train.references[i][0])]
    return tuple(
        Exhibit("recited from its opening, characters in a row", (ItemRef("train", i),), float(run[i]))
        for i in public[:SHOWN]
    )
