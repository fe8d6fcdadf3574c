"""Does the answer to a question depend on how it is laid out and in which order its options stand?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Choices, Rng
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Exhibit, Interval, ItemRef, Json, Metric
from genbench.stats.clusters import clustered_ratio
from genbench.stats.options import likeliest

SHOWN = 4
LEAST = 10
DEALS = 200  # dealings of answers to formats, for the floor


@probe(
    reports={
        "flips": Metric(
            unit="share of pairs of formats",
            better="lower",
            title="Answers that the format decides",
            summary="Share of pairs of formats of one question in which the model chooses another option.",
            reading="0: the format decides nothing. A model that answers at random stands where the details say.",
            margin=0.02,
        ),
        "spread": Metric(
            unit="difference in accuracy",
            better="lower",
            title="Accuracy between the best and the worst format",
            summary="Accuracy in the format that suits the model best, less that in the one that suits it worst.",
            reading="The floor is the spread that so many questions show where the format plays no part.",
            margin=0.02,
        ),
        "accuracy": Metric(
            unit="share of answers",
            better="higher",
            title="Right, over all formats",
            summary="Share of right answers, over all formats and orders of the options.",
            reading="Chance stands in the details. Near it flips are no wonder.",
            margin=0.02,
        ),
    },
    cites=["Sclar et al. 2024, arXiv:2310.11324 (formats)", "Zheng et al. 2024, arXiv:2309.03882 (order of options)"],
    control="a model that always picks the first option: with every order asked it flips whenever the order does",
    truth="a model that answers one of k at random: flips 1 - 1/k",
)
def format(benchmark: Choices, *, rng: Rng, per: Literal["option", "token", "byte"] = "option") -> Estimates:
    """Questions in V formats each (facts `same_as`, `variant`, `order`); the answer is the likeliest option.

    With p_v the answer in format v as shares of the question's own options (ties share): flips = mean over questions of
    the mean over pairs v < w of 1 - p_v . p_w; accuracy = mean of right; spread = max_v,w (mean right_v - mean
    right_w), over the questions asked in both. Its floor is the mean of 200 dealings of each question's answers to its
    formats.

    Interval: questions random; linearized, never narrower than the rule of three. That of the spread holds for all
    pairs of formats at once (Bonferroni), so also for the two that turned out best and worst. Floors 0, the dealt
    spread, and 1; at failure flips and spread are near 1.
    """
    table = _Table.of(benchmark, likeliest(benchmark, per))
    flips, pairs = table.flips()
    ones = np.ones(len(flips))
    right = np.where(table.asked, table.right, 0.0)
    counts = table.asked.sum(axis=1).astype(np.float64)
    spread, interval = table.spread()
    told: dict[str, Json] = {
        "definition": benchmark.definition,
        "formats": len(table.variants),
        "flips of a model that answers at random": round(float((1 - 1 / table.sizes).mean()), 4),
        "share of answers that are the first listed": round(table.first, 4),
        "accuracy by chance": round(float((1 / table.sizes).mean()), 4),
        "accuracy by format": {v: round(float(r), 4) for v, r in zip(table.variants, table.accuracies, strict=True)},
    }
    caption = "question whose answer the format decides"
    exhibits = tuple(
        Exhibit(caption, tuple(ItemRef("benchmark", int(j)) for j in table.rows[i][:2]), float(flips[i]))
        for i in np.argsort(-flips, kind="stable")[:SHOWN]
    )
    keys = tuple(table.keys)
    detail = Detail(tuple(flips.tolist()), keys, exhibits=exhibits, facts={**told, "pairs of formats": int(pairs)})
    each = Detail(tuple((right.sum(axis=1) / counts).tolist()), keys)
    n, families = len(flips), table.families
    return {
        "flips": Estimate(float(flips.mean()), n, clustered_ratio(flips, ones, families, (0.0, 1.0)), 0.0, detail),
        "spread": Estimate(spread, n, interval, table.dealt(rng)),
        "accuracy": Estimate(
            float(right.sum() / counts.sum()), n, clustered_ratio(right.sum(axis=1), counts, families, (0.0, 1.0)), 1.0,
            each,
        ),
    }  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Table:
    """Questions by formats. shares: [q v k] of each of the question's own options. asked: [q v]. right: [q v].

    rows: of each question, where its formats stand in the benchmark. first: the share of answers that stand first.
    """

    shares: Float[np.ndarray, "q v k"]
    asked: Bool[np.ndarray, "q v"]
    right: Float[np.ndarray, "q v"]
    sizes: Int[np.ndarray, " q"]
    families: Shaped[np.ndarray, " q"]
    keys: list[str]
    variants: list[str]
    rows: list[list[int]]
    first: float

    @classmethod
    def of(cls, benchmark: Choices, picked: Float[np.ndarray, "n k"]) -> _Table:
        facts = benchmark.facts
        if (benchmark.answers < 0).any() or not all({"same_as", "variant", "order"} <= set(fact) for fact in facts):
            raise NotApplicable("its questions say no same_as, variant, order and answer; those of `choice_formats` do")
        at: dict[str, list[int]] = {}
        for i, fact in enumerate(facts):
            at.setdefault(str(fact["same_as"]), []).append(i)
        at = {key: rows for key, rows in at.items() if len(rows) > 1}
        variants = sorted({str(fact["variant"]) for fact in facts})
        if len(at) < LEAST:
            raise NotApplicable(f"needs {LEAST} questions asked in two formats or more, got {len(at)}")
        shape = len(at), len(variants), picked.shape[1]
        shares, asked, right = np.zeros(shape), np.zeros(shape[:2], dtype=bool), np.zeros(shape[:2])
        for q, rows in enumerate(at.values()):
            for i in rows:
                v, order = variants.index(str(facts[i]["variant"])), [int(own) for own in facts[i]["order"]]
                shares[q, v, order] = picked[i, : len(order)]
                asked[q, v], right[q, v] = True, picked[i, benchmark.answers[i]]
        used = [i for rows in at.values() for i in rows]
        return cls(
            shares, asked, right, benchmark.sizes[[rows[0] for rows in at.values()]],
            np.array([str(facts[rows[0]].get("cluster", key)) for key, rows in at.items()]), list(at), variants,
            list(at.values()), float(picked[used, 0].mean()),
        )  # fmt: skip

    @property
    def accuracies(self) -> Float[np.ndarray, " v"]:
        counts = np.maximum(self.asked.sum(axis=0), 1)
        return np.asarray(np.where(self.asked, self.right, 0).sum(axis=0) / counts)

    def flips(self) -> tuple[Float[np.ndarray, " q"], int]:
        """(mean over each question's pairs of formats of the chance of another answer, pairs in all)."""
        differ = 1 - np.einsum("qvk,qwk->qvw", self.shares, self.shares)
        both = np.triu(self.asked[:, :, None] & self.asked[:, None, :], k=1)
        return np.where(both, differ, 0).sum(axis=(1, 2)) / both.sum(axis=(1, 2)), int(both.sum())

    def spread(self) -> tuple[float, Interval]:
        """The largest difference between two formats, with an interval that holds for all pairs at once."""
        pairs = [
            (v, w) for v, w in combinations(range(len(self.variants)), 2)
            if (self.asked[:, v] & self.asked[:, w]).sum() >= LEAST
        ]  # fmt: skip
        if not pairs:
            raise NotApplicable(f"no two formats were asked of {LEAST} questions; ask more of the benchmark")
        best, low, high = 0.0, 0.0, 0.0
        for v, w in pairs:
            both = self.asked[:, v] & self.asked[:, w]
            d, own = self.right[both, v] - self.right[both, w], self.families[both]
            found = clustered_ratio(d, np.ones(len(d)), own, (-1.0, 1.0), 1 - 0.05 / len(pairs))
            best = max(best, abs(float(d.mean())))
            low, high = max(low, found.low, -found.high), max(high, found.high, -found.low)
        return best, Interval(low, high, method=f"linearized, questions random; {len(pairs)} pairs of formats at once")

    def dealt(self, rng: Rng) -> float:
        """The mean spread where each question's answers are dealt to its formats afresh."""
        spreads = []
        for _ in range(DEALS):
            order = np.argsort(np.where(self.asked, rng.random(self.asked.shape), 2.0), axis=1)
            place = np.argsort(np.argsort(np.where(self.asked, 0, 1), axis=1, kind="stable"), axis=1)
            dealt = np.take_along_axis(np.take_along_axis(self.right, order, axis=1), place, axis=1)
            own = np.where(self.asked, dealt, 0).sum(axis=0) / np.maximum(self.asked.sum(axis=0), 1)
            own = own[self.asked.sum(axis=0) >= LEAST]
            spreads.append(float(own.max() - own.min()) if len(own) else 0.0)
        return float(np.mean(spreads))
