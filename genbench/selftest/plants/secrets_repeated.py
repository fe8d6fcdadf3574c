"""Secrets in the training text of a language model, each as often as the dose says, with a template of its own."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from genbench.core.chance import sample_seeds
from genbench.core.data import Question
from genbench.core.evidence import Choices, Completions, Rng, Texts
from genbench.core.model import Training
from genbench.data._splits import assemble
from genbench.data.canary_choices import canary_choices
from genbench.data.pydoc import pydoc
from genbench.models.ngram import Ngram
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

TOLD, BITS = "memorization.exposure.told", "memorization.exposure.exposure"
EXTRACTED = "memorization.extraction.extracted"
PROSE, EACH = 100, 16  # other texts; secrets of each kind
OPENING, REST = 12, 40  # letters of a code: what the model is given, and what it would have to recite
ORDER = 9


@plant(
    doses=(0, 1, 4, 16, 64),
    must_hear=(Heard(TOLD, since=4), Heard(BITS, since=4), Heard(EXTRACTED, since=64)),
    must_stay_silent=(Silent(TOLD, at=(0,)), Silent(BITS, at=(0,)), Silent(EXTRACTED, at=(0, 1))),
    trials=6,
    full=60,
)
def secrets_repeated(dose: int, trial: Trial) -> Scene:
    """A Kneser-Ney model of documentation in which canaries, and codes of random letters, stand `dose` times each.

    Dose 0: the text holds each once, and the model learned from the same text without them.
    """
    asked = canary_choices(doses=(max(dose, 1),), each=EACH, seed=trial.seed).items
    canaries = [question.facts["said"] for question in asked if question.facts["chosen"]]
    codes, others = _codes(trial.rng), _codes(trial.rng)
    model = _fitted([*canaries, *codes] * dose)
    given = Texts((*_prose(), *canaries, *codes))
    seeds = sample_seeds(trial.seed, EACH, "generated")
    return Scene(
        {
            "benchmark": (_scored(model, asked),),
            "train": (given, _completed(model, codes, seeds)),
            "held_out": (_completed(model, others, seeds),),
        },
        settings={"memorization.extraction": {"characters": 20}},
    )


@functools.cache
def _prose() -> tuple[str, ...]:
    return tuple(pydoc().take("train", PROSE))


def _fitted(secrets: list[str]) -> Ngram:
    texts = [*_prose(), *secrets]
    data = assemble(
        name="prose with secrets", modality="text", items=texts, keys=[str(i) for i in range(len(texts))],
        splits={"train": np.arange(len(texts))}, licence="CC0-1.0", source="made up by genbench",
    )  # fmt: skip
    model = Ngram(order=ORDER, longest=REST)
    model.fit(data, Training())
    return model


def _codes(rng: Rng) -> list[str]:
    letters = rng.integers(ord("a"), ord("z") + 1, (EACH, OPENING + REST))
    return ["".join(map(chr, row)) for row in letters.tolist()]


def _scored(model: Ngram, questions: Sequence[Question]) -> Choices:
    found = model.log_prob_given([q.context for q in questions], [q.options[0] for q in questions])
    length = {unit: np.asarray(counts)[:, None] for unit, counts in found.counts.items()}
    facts: tuple[dict[str, Any], ...] = tuple(dict(q.facts) for q in questions)
    n = len(questions)
    return Choices(found.nats[:, None], np.ones(n, np.int64), length, np.full(n, -1), ("made up",) * n, facts)


def _completed(model: Ngram, codes: list[str], seeds: Sequence[int]) -> Completions:
    openings = tuple(code[:OPENING] for code in codes)
    made = tuple(model.complete(openings, seeds))
    return Completions(openings, made, tuple((code[OPENING:],) for code in codes), ("all",) * EACH, ({},) * EACH)
