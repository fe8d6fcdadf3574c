"""Intervals of what two samples have or lack beside each other: features, classes, words."""

from __future__ import annotations

import math

import numpy as np

from genbench.core.evidence import Features, Rng, Texts
from genbench.selftest.coverage import Case, by_probe, planted
from genbench.selftest.intervals.distances import alike
from genbench.selftest.plant import Scene
from genbench.selftest.plants.classes_of_ten import SURE, classes_of_ten
from genbench.selftest.plants.moved_cloud import moved_cloud
from genbench.selftest.plants.one_feature_moved import one_feature_moved
from genbench.selftest.plants.prompts_ignored import prompts_ignored
from genbench.selftest.plants.shifted_outputs import BANDWIDTH, shifted_outputs

MEANS, MMD, INFINITE = "quality.means.distance", "quality.mmd.thousandths", "quality.frechet_infinity.distance"
ALIGNED, WORDS = "quality.alignment", "quality.repetition"
_ignored = planted(prompts_ignored, "ignored")


def _topics(rng: Rng) -> Scene:
    """Ninety items a side of six topics."""
    centres = 2 * rng.normal(size=(6, 8))
    sides = ("generated", "held_out", "train")
    return Scene({s: (Features(centres[rng.integers(6, size=90)] + 0.5 * rng.normal(size=(90, 8))),) for s in sides})


def _prose(rng: Rng) -> Scene:
    """Thirty texts a side, of twenty words drawn by Zipf's law from sixty."""
    p = 1 / np.arange(1, 61)
    texts = [" ".join(f"w{i}" for i in row) for row in rng.choice(60, (60, 20), p=p / p.sum())]
    return Scene({"generated": (Texts(tuple(texts[:30])),), "held_out": (Texts(tuple(texts[30:])),)})


def _gaussian_mmd(squared: float, d: int) -> float:
    """Of unit Gaussians in d dimensions at that squared distance."""
    s2 = BANDWIDTH**2
    return 2000 * float((1 + 2 / s2) ** (-d / 2)) * (1 - math.exp(-squared / (2 * (s2 + 2))))


def _effective_classes() -> float:
    """exp(H(mean p) - H(p)) of five of ten even classes."""
    rest = (1 - SURE) / 9
    own = np.array([SURE, *[rest] * 9])
    mean = np.array([*[(SURE + 4 * rest) / 5] * 5, *[rest] * 5])
    return math.exp(float((own * np.log(own)).sum() - (mean * np.log(mean)).sum()))


CASES = (
    Case("root of an unbiased squared distance", "one mean of 18 moved by a half", 0.5 / math.sqrt(18),
         by_probe(MEANS, planted(one_feature_moved, 0.5)), (MEANS,)),
    Case("root of an unbiased squared distance", "18 means alike", 0.0,
         by_probe(MEANS, planted(one_feature_moved, 0.0)), (MEANS,)),
    Case("MMD, variance of the U-statistic", "Gaussian kernel, 16 means moved by 0.2", _gaussian_mmd(16 * 0.04, 16),
         by_probe(MMD, planted(shifted_outputs, 0.2)), (MMD,)),
    Case("Fréchet, extrapolated to endless n", "8 dimensions moved and widened by 0.2",
         8 * 0.04 + 0.04 * float(np.square(np.linspace(0.5, 2.0, 8)).sum()),
         by_probe(INFINITE, planted(moved_cloud, 0.2)), (INFINITE,)),
    Case("Fréchet, extrapolated to endless n", "same distribution, d = 8", 0.0,
         by_probe(INFINITE, planted(moved_cloud, 0.0)), (INFINITE,)),
    Case("logarithm of a ratio, three samples", "rarity of one distribution thrice", 1.0,
         by_probe("quality.rarity.relative", alike), ("quality.rarity.relative",)),
    Case("jackknife in cells, with the floor's error", "MAUVE past that of real items", 0.0,
         by_probe("quality.mauve.mauve", _topics, from_floor=True), ("quality.mauve.mauve",)),
    Case("infinitesimal jackknife of a logarithm", "five of ten classes", _effective_classes(),
         by_probe("quality.classifier_score.score", planted(classes_of_ten, 5)), ("quality.classifier_score.score",)),
    Case("infinitesimal jackknife of a logarithm, with the floor's error", "classifier score past that of real items",
         0.0, by_probe("quality.classifier_score.score", planted(classes_of_ten, 0), from_floor=True),
         ("quality.classifier_score.score",)),
    Case("U-statistic of outputs and prompts", "prompts ignored", 0.5, by_probe(f"{ALIGNED}.preferred", _ignored),
         (f"{ALIGNED}.preferred",)),
    Case("Student's, with the floor's U-statistic", "score past that of prompts dealt anew", 0.0,
         by_probe(f"{ALIGNED}.score", _ignored, from_floor=True), (f"{ALIGNED}.score",)),
    Case("linearized, with the floor's error", "four words again, past real texts", 0.0,
         by_probe(f"{WORDS}.repeated", _prose, from_floor=True), (f"{WORDS}.repeated",)),
    Case("jackknife by groups, with the floor's error", "self-BLEU past real texts", 0.0,
         by_probe(f"{WORDS}.self_bleu", _prose, from_floor=True), (f"{WORDS}.self_bleu",)),
    Case("jackknife by groups, with the floor's error", "distinct words past real texts", 0.0,
         by_probe(f"{WORDS}.distinct_1", _prose, from_floor=True), (f"{WORDS}.distinct_1", f"{WORDS}.distinct_2")),
)  # fmt: skip
