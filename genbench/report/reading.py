"""Scores in plain words: what one says, and what several side by side say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from genbench.core.score import Better, Interval, Score, Toward
from genbench.report.cast import Member
from genbench.report.numbers import count, figures, listed, number, quantity

AXIS_ASKS = {
    "quality": "Do outputs look like real items, and do they cover all of them?",
    "memorization": "Does the model hand out its training items, or give away who was among them?",
    "robustness": "How much do small changes of the input change what comes out?",
    "bias": "Are groups shown as often, and treated as evenly, as they should be?",
    "misuse": "Do outputs hold what should not leave, and can they be told from real items?",
    "energy": "What did training, sampling and scoring use?",
}
STATES = {
    "alarm": "The whole interval lies beyond what is allowed.",
    "clear": "The whole interval lies within what is allowed.",
    "unsure": "The interval lies on both sides of the limit: more samples would tell.",
    "info": "A number without a limit; it is compared, not judged.",
    "skipped": "Not applicable, with the reason.",
    "failed": "It broke, with the error.",
    "missing": "Nothing was measured: the run ended before, or no such probe was asked for.",
}
WORST_FIRST = ("alarm", "failed", "unsure", "clear", "info", "skipped")


def direction(better: Better) -> str:
    """Which way is better, in words."""
    if isinstance(better, Toward):
        return f"best at {number(better.target)}"
    return "↓ lower is better" if better == "lower" else "↑ higher is better"


def in_words(score: Score) -> str:
    """What the score means for its model, in one or two sentences."""
    tolerance, floor, better = score.definition.tolerance, score.estimate.floor, score.definition.better
    if floor is None:
        return "No perfect value is known; compare models and runs."
    perfect = f"A perfect model shows {figures(score.estimate).floor} here"
    if score.state == "info" or tolerance is None:
        return f"{perfect}; {_beside(score.estimate.interval, floor, better)}."
    past = "from" if isinstance(better, Toward) else "above" if better == "lower" else "below"
    limit = f"{number(tolerance)} {past} that"
    if score.state == "alarm":
        return f"{perfect}. Even the mildest end of the interval lies more than {limit}: alarm."
    if score.state == "clear":
        return f"{perfect}. Even the worst end of the interval stays within {limit}: clear."
    return f"{perfect}. The interval reaches past {limit}, but not all of it: neither clear nor an alarm."


def told(score: Score) -> str:
    """The score as a clause: "21 % of outputs [0.184, 0.237], where a perfect model shows 0.0100"."""
    words = figures(score.estimate)
    unit, floor, interval = score.definition.unit, score.estimate.floor, score.estimate.interval
    if unit.startswith("share"):
        ends = f"(between {number(100 * interval.low)} and {number(100 * interval.high)} %)" if interval else ""
        perfect = f"{number(100 * floor)} %" if floor is not None else ""
    else:
        ends, perfect = words.interval, words.floor
    value = words.value if unit == "probability" else quantity(score.estimate.value, unit)
    return " ".join(filter(None, [value, ends])) + (f", where a perfect model shows {perfect}" if perfect else "")


def ranking(scores: Sequence[Score], members: Mapping[str, Member]) -> str:
    """Who is best among models that are meant, where intervals leave the order open, and how they stand to noise."""
    meant = [s for s in scores if not members[s.model].control]
    sentences = []
    if any(s.estimate.interval is None for s in meant):
        return ""
    if len(meant) > 1:
        ordered = sorted(meant, key=_distance)
        first, rest = ordered[0], ordered[1:]
        tied = [s.model for s in rest if not apart(first, s)]
        if len(tied) == len(rest):
            sentences.append(f"No model is clearly ahead: the interval of {first.model} meets every other.")
        elif tied:
            sentences.append(f"{first.model} leads, but its interval meets that of {listed(tied)}.")
        else:
            sentences.append(f"{first.model} is ahead of the others, and the intervals do not meet.")
        if len(ordered) > 2 and not isinstance(first.definition.better, Toward):
            sentences.append(f"In order, with ~ between neighbours whose intervals meet: {_in_order(ordered)}.")
    return " ".join([*sentences, *_against_noise(scores, meant, members)])


def apart(better: Score, worse: Score) -> bool:
    """Whether the first is better and the two intervals do not meet; a cautious test, as each is a 95 % interval."""
    a, b = better.estimate.interval, worse.estimate.interval
    if a is None or b is None or isinstance(better.definition.better, Toward):
        return False
    return a.high < b.low if better.definition.better == "lower" else a.low > b.high


def _in_order(ordered: Sequence[Score]) -> str:
    """The models from best to worst: "a > b ~ c"."""
    joints = [" > " if apart(one, next_one) else " ~ " for one, next_one in pairwise(ordered)]
    return "".join(f"{score.model}{joint}" for score, joint in zip(ordered, [*joints, ""], strict=True))


def _against_noise(scores: Sequence[Score], meant: Sequence[Score], members: Mapping[str, Member]) -> list[str]:
    noise = [s for s in scores if members[s.model].family == "gaussian"]
    if not noise or not meant or scores[0].definition.context or not scores[0].probe.startswith("quality."):
        return []
    ahead = [s.model for s in meant if apart(s, noise[0])]
    behind = [s.model for s in meant if s.model not in ahead]
    name = noise[0].model
    if not behind:
        return [f"{'All of them beat' if len(ahead) > 1 else f'{ahead[0]} beats'} the noise control ({name}) clearly."]
    return [f"Not clearly better than the noise control ({name}): {listed(behind)}."]


def _beside(interval: Interval | None, floor: float, better: Better) -> str:
    if interval is None:
        return "no interval is known, so only large differences mean something"
    if interval.low <= floor <= interval.high:
        return "the interval holds that value"
    if isinstance(better, Toward):
        return "the interval does not hold that value"
    worse = interval.low > floor if better == "lower" else interval.high < floor
    return "the whole interval is worse than that" if worse else "the whole interval is better than that"


def _distance(score: Score) -> float:
    better, value = score.definition.better, score.estimate.value
    if isinstance(better, Toward):
        return abs(value - better.target)
    return value if better == "lower" else -value


def tallies(states: Sequence[str]) -> list[tuple[str, str]]:
    """(state, "3 alarms") for each state met, worst first."""
    found = {state: states.count(state) for state in WORST_FIRST if state in states}
    return [(state, count(n, "alarm") if state == "alarm" else f"{n} {state}") for state, n in found.items()]


def tally(states: Sequence[str]) -> str:
    """ "1 alarm, 3 clear" in the order worst first."""
    return ", ".join(words for _, words in tallies(states))
