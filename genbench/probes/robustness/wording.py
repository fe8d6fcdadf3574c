"""Does the model go on as it would when an opening has typos or other case, or says the same in other words?"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from genbench.core.errors import ControlFailed, NotApplicable
from genbench.core.evidence import Variants
from genbench.core.model import Conditional
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Exhibit, Interval, ItemRef, Json, Metric
from genbench.stats.intervals import effective_n, mean_interval, wilson

WORDS, LEAST, SHOWN = 16, 20, 4  # words of an opening and of a rest at most; texts; exhibits
OTHERS = 3  # wrong ways to go on, beside the right one


@probe(
    reports={
        "cost": Metric(
            unit="nats per byte",
            better="lower",
            title="Cost of another wording",
            summary="How much less likely, per byte, a text's own rest becomes when its opening is written otherwise.",
            reading="0: the model reads through it. The details tell the ways apart: typos and case from paraphrases.",
            margin=0.01,
        ),
        "changed": Metric(
            unit="share of answers",
            better="lower",
            title="Answers that change with the wording",
            summary="Share of answers to 'which of four rests is this text's?' that change when the opening is written "
            "otherwise.",
            reading="0: the wording decides nothing. A model that guesses afresh changes three answers in four.",
            margin=0.02,
        ),
        "drop": Metric(
            unit="difference in accuracy",
            better="lower",
            title="Accuracy lost to another wording",
            summary="Accuracy at that question with the opening as it is, less that with it written otherwise.",
            reading="0: nothing is lost. Read it beside the accuracy in the details: near 1/4 there is none to lose.",
            margin=0.02,
        ),
    },
    cites=["Ribeiro et al. 2020, arXiv:2005.04118 (CheckList)", "Moradi and Samwald 2021, arXiv:2108.12237"],
    control="a model that knows no word it has not seen: what it loses, and every answer",
    truth="log p falls by w nats per changed word: w times the changed words over the bytes of the rest",
)
def wording(model: Conditional, held_out: Variants, *, limit: int = 64) -> Estimates:
    """The opening of each held-out text as it is and spoiled in c named ways, before the text's own rest and 3 others.

    cost = mean_i mean_f (log p(rest | opening) - log p(rest | opening by f)) / bytes; the answer is the rest of most
    log p per byte (ties: the first); changed = mean of 1[answer by f is another]; drop = mean of right - right by f.
    Only ways that did change an opening count for it; a text that none changed is left out. Openings and rests are of
    at most 16 words, and the rest is always the untouched one: where a way says an opening in more or fewer words, what
    leads up to the rest is found by aligning the two; a change that spans this place, or moved a word across it, is
    left out. The ways are those of the lens. They keep what a text says as far as a rule can know; what no rule
    reaches, such as another order of clauses, is not tried.

    Interval: texts random (Student), of `changed` Wilson's at the texts' effective number; each way's own stands in the
    facts, all at once at 95 %. Floor 0; at failure cost has no bound, changed is 3/4 and drop the accuracy there was.
    `ControlFailed` where log p of the same text is another the second time.
    """
    read = _read(held_out, limit)
    asked = _Asked.of(model, read)
    moved = read.moved.any(axis=0)
    ways = read.moved[:, moved]  # [c n]
    cost = ((asked.own[:1] - asked.own[1:]) / asked.sizes)[:, moved]
    other = (asked.picks[1:] != asked.picks[:1])[:, moved]
    lost = ((asked.picks[:1] == 0).astype(float) - (asked.picks[1:] == 0))[:, moved]
    each = {name: _over_ways(values, ways) for name, values in (("cost", cost), ("changed", other), ("drop", lost))}
    n = int(moved.sum())
    keys = tuple(np.array(held_out.keys)[read.chosen[moved]].tolist()) if held_out.keys else ()
    facts: dict[str, Json] = {
        "severity, of 5": held_out.severity,
        "accuracy as it is": round(float((asked.picks[0] == 0).mean()), 4),
        "cost by way": dict(_by_way(held_out.names, cost, ways)),
        "answers changed by way": dict(_by_way(held_out.names, other, ways)),
    }
    exhibits = tuple(
        Exhibit("text whose rest suffers most", (ItemRef("held_out", int(read.chosen[moved][i])),), float(value))
        for i, value in sorted(enumerate(each["cost"]), key=lambda pair: -pair[1])[:SHOWN]
    )
    intervals = {name: mean_interval(values) for name, values in each.items()}
    intervals["changed"] = _share_interval(
        other[ways], np.broadcast_to(np.arange(n), ways.shape)[ways], each["changed"]
    )
    return {
        name: Estimate(
            float(values.mean()), n, intervals[name], 0.0,
            Detail(tuple(values.tolist()), keys, exhibits=exhibits if name == "cost" else (), facts=facts),
        )
        for name, values in each.items()
    }  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Read:
    """chosen: [n] which texts. openings: [c + 1][n], the first as they are. rests: [n]. moved: [c n], is it other?"""

    chosen: Int[np.ndarray, " n"]
    openings: tuple[tuple[str, ...], ...]
    rests: tuple[str, ...]
    moved: Bool[np.ndarray, "c n"]


def _read(held_out: Variants, limit: int) -> _Read:
    chosen: list[int] = []
    rests, counts = [], []
    for i, text in enumerate(held_out.texts):
        words = text.split()
        if len(words) >= 8 and len(chosen) < limit:
            half = min(WORDS, len(words) // 2)
            chosen.append(i)
            counts.append(half)
            rests.append(" " + " ".join(words[half : half + WORDS]))
    sides = [held_out.texts, *held_out.spoiled]
    cuts = list(zip(chosen, counts, strict=True))
    openings = tuple(tuple(_opening(held_out.texts[i], side[i], k) for i, k in cuts) for side in sides)
    moved = np.array([[a != b for a, b in zip(openings[0], side, strict=True)] for side in openings[1:]], dtype=bool)
    if len(chosen) < LEAST or int(moved.any(axis=0).sum()) < LEAST:
        raise NotApplicable(
            f"needs at least {LEAST} texts of 8 words or more whose opening some way changes, got "
            f"{int(moved.any(axis=0).sum()) if chosen else 0} of {len(held_out)}"
        )
    return _Read(np.array(chosen), openings, tuple(rests), moved)


def _opening(text: str, spoiled: str, words: int) -> str:
    """The spoiled text up to where the rest of the text, behind its k-th word, begins; the text's own opening where the
    two cannot be cut at one place.
    """
    own, other = ([word.lower().strip(".,;:()") for word in side.split()] for side in (text, spoiled))
    if len(own) == len(other) and (own == other or sorted(own) != sorted(other)):
        return _first(spoiled, words)  # word for word, each in its place
    for _, begin, end, begins, ends in difflib.SequenceMatcher(None, own, other, autojunk=False).get_opcodes():
        if begin < words <= end:
            same = own[begin:end] == other[begins:ends]
            at = ends if words == end else begins + words - begin
            if (same or words == end) and at and not _crossed(own, other, (words, at)):
                return _first(spoiled, at)
    return _first(text, words)


def _crossed(own: Sequence[str], other: Sequence[str], cut: tuple[int, int]) -> bool:
    """Whether a word lost on one side of the cut turns up on the other."""
    before, before_other = (Counter(side[:at]) for side, at in zip((own, other), cut, strict=True))
    behind, behind_other = (Counter(side[at:]) for side, at in zip((own, other), cut, strict=True))
    lost, won = before - before_other, before_other - before
    return bool(lost & (behind_other - behind) or won & (behind - behind_other))


def _first(text: str, words: int) -> str:
    """The text up to the end of its k-th word, whatever stands between them."""
    found = list(re.finditer(r"\S+", text))
    return text[: found[words - 1].end()] if len(found) >= words else text


@dataclass(frozen=True, eq=False)
class _Asked:
    """own: [c + 1, n] log p of the own rest. sizes: [n] its bytes. picks: [c + 1, n] the likeliest rest, 0 the own."""

    own: Float[np.ndarray, "c n"]
    sizes: Int[np.ndarray, " n"]
    picks: Int[np.ndarray, "c n"]

    @classmethod
    def of(cls, model: Conditional, read: _Read) -> _Asked:
        n, sides = len(read.rests), len(read.openings)
        shown = [[read.rests[(i + k) % n] for k in range(OTHERS + 1)] for i in range(n)]
        contexts = [opening for side in read.openings for opening in side for _ in range(OTHERS + 1)]
        rests = [rest for _ in read.openings for own in shown for rest in own]
        said = model.log_prob_given(contexts, rests)
        nats = said.nats.astype(np.float64).reshape(sides, n, OTHERS + 1)
        bytes_ = np.array([len(rest.encode("utf-8", "replace")) for rest in rests]).reshape(sides, n, OTHERS + 1)
        if not np.isfinite(nats).all():
            raise ControlFailed("a log-probability is not finite")
        again = model.log_prob_given(list(read.openings[0]), list(read.rests)).nats
        if not np.allclose(again, nats[0, :, 0], rtol=1e-4, atol=1e-3):
            raise ControlFailed(
                "log p of the same text is another the second time, so no change can be told from chance"
            )
        return cls(nats[:, :, 0], bytes_[0, :, 0], (nats / bytes_).argmax(axis=2))


def _over_ways(values: np.ndarray, ways: Bool[np.ndarray, "c n"]) -> Float[np.ndarray, " n"]:
    """Each text's mean over the ways that changed it."""
    return np.asarray((values * ways).sum(axis=0) / ways.sum(axis=0))


def _share_interval(
    hits: Bool[np.ndarray, " m"], texts: Int[np.ndarray, " m"], each: Float[np.ndarray, " n"]
) -> Interval:
    """Wilson's interval of the mean share, at as many trials as texts are worth."""
    trials = effective_n(hits, texts)
    found = wilson(float(each.mean()) * trials, trials)
    return Interval(found.low, found.high, found.level, "Wilson at the effective number of trials, texts random")


def _by_way(names: tuple[str, ...], values: np.ndarray, ways: Bool[np.ndarray, "c n"]) -> dict[str, str]:
    """{way: "mean [low, high], n = ..."}; all intervals hold at once at 95 % (Bonferroni)."""
    told = {}
    for name, some, changed in zip(names, values, ways, strict=True):
        own = some[changed].astype(np.float64)
        if len(own) < 2:
            told[name] = f"changed {len(own)} openings"
            continue
        found = mean_interval(own, level=1 - 0.05 / len(names))
        told[name] = f"{own.mean():.4f} [{found.low:.4f}, {found.high:.4f}], n = {len(own)}"
    return told
