"""Are the log-probs of a text what they are said to be? Looked at before one of them is scored with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from genbench.core.errors import ModelError
from genbench.models._endpoint_aligning import Placed, Unreadable, placed, said_of
from genbench.models._endpoint_asking import OPENING, Asking, Found, text_of
from genbench.models._endpoint_client import Answer, Ask, Refused
from genbench.models._endpoint_trust import NOISE, Check, Verdict

# Pairs that part at one word: log-probs must part at just that word's first token.
PAIRS = (
    ("The old man took his red hat and walked to the sea.", "The old man took his big dog and walked to the sea."),
    ("We went home because the rain was cold and the wind", "We went home because the bread was old and the milk"),
    ("A bird sat in the tall tree and sang a song to me.", "A bird sat in the blue boat and sang a song to me."),
    ("My friend has a small house near the river, I think.", "My friend has a small horse near the river, I think."),
)
ALL_OF_THEM = 1_000_000  # more alternatives than any vocabulary holds


def prompt_checks(ask: Asking, drawn: Sequence[Found]) -> tuple[list[Check], tuple[float, ...], list[float]]:
    """(echo, prompt log-probs, repeatable, aligned), log-probs of a fixed text, and sums of alternatives."""
    names = ("echo", "prompt log-probs", "repeatable log-probs", "aligned")
    if ask.chat:
        return [Check(name, "ignored", "a chat gives no log-probs of what was said") for name in names], (), []
    first = PAIRS[0][0]
    (found,) = ask.all([ask.echo(first)])
    if isinstance(found, Refused):
        ask.echo_tokens = 1  # many servers will not generate nothing
        (found,) = ask.all([ask.echo(first)])
    if isinstance(found, ModelError):
        verdict: Verdict = "ignored" if isinstance(found, Refused) else "cannot tell"
        return [Check(name, verdict, str(found)) for name in names], (), []
    checks = [_echoed(found, first)]
    texts = [text for pair in PAIRS for text in pair]
    answers = ask.all([ask.echo(text) for text in [first, first, *texts]])
    read = [_read(found, first), *(_read(a, t) for a, t in zip(answers, [first, first, *texts], strict=True))]
    told = read[0]
    if isinstance(told, str):
        seen = told if checks[0].verdict == "honoured" else "the prompt is not echoed"
        wrong: Verdict = "ignored" if "no log-probs" in told or checks[0].verdict == "ignored" else "wrong"
        rest = [Check(name, "cannot tell", "there are no log-probs of a prompt to look at") for name in names[2:]]
        return [checks[0], Check(names[1], wrong, seen), *rest], (), []
    checks += [_known(told), _repeatable(read[:3])]
    if checks[-1].verdict == "honoured":
        checks.append(_aligned(read[3:], _generated_again(ask, drawn)))
    else:
        checks.append(Check("aligned", "cannot tell", "log-probs that change from one time to the next tell nothing"))
    nats = tuple(p.nats for p in told if p.nats is not None and math.isfinite(p.nats))
    return checks, nats, sums_of([found, *answers])


def _echoed(found: Answer, text: str) -> Check:
    got = text_of(found)
    if got.lstrip().startswith(text):
        return Check("echo", "honoured", "the prompt comes back in front of the text")
    return Check("echo", "ignored", f"the prompt does not come back: got {got[:40]!r}")


def _read(found: Found, text: str) -> list[Placed] | str:
    """The tokens of an echoed text in their places, or why they cannot be had."""
    if isinstance(found, ModelError):
        return str(found)
    try:
        return placed(text, *said_of(found.body["choices"][0]))
    except Unreadable as error:
        return str(error)


def _known(told: Sequence[Placed]) -> Check:
    """Every token but the first must have a log-prob."""
    name, missing = "prompt log-probs", sum(p.nats is None for p in told[1:])
    if missing:
        return Check(name, "ignored", f"{missing} of the {len(told)} tokens of a prompt have no log-prob")
    first = "the first has none, as nothing precedes it" if told[0].nats is None else "the first included"
    return Check(name, "honoured", f"{len(told)} tokens of a prompt have one each, {first}")


def _aligned(read: Sequence[list[Placed] | str], again: tuple[Check | None, str]) -> Check:
    """Two texts that part at token j: their log-probs must part at j, neither before (they would know what is to come)
    nor behind (they would be of the token before)."""
    offsets = [o for a, b in zip(read[::2], read[1::2], strict=True) if (o := _parting(a, b)) is not None]
    contradicted, agreed = again
    if contradicted:
        return contradicted
    common = max(set(offsets), key=offsets.count, default=0)
    if len(offsets) < 2 or offsets.count(common) < max(2, len(offsets) - 1):
        seen = f"log-probs of texts that part at one token part {offsets} tokens from it; two pairs or more must agree"
        return Check("aligned", "cannot tell", seen)
    if common:
        said = "of the next token" if common == -1 else "of the token before" if common == 1 else f"{-common} off"
        return Check("aligned", "wrong", f"off by {abs(common)}: the log-prob beside each token is {said}")
    seen = f"{offsets.count(0)} of {len(offsets)} pairs of texts part in tokens and log-probs at once"
    return Check("aligned", "honoured", f"{seen}; {agreed}")


def _parting(a: list[Placed] | str, b: list[Placed] | str) -> int | None:
    """Tokens from where two texts part to where their log-probs do; None where that cannot be seen."""
    if isinstance(a, str) or isinstance(b, str):
        return None
    least = min(len(a), len(b))
    j = next((i for i in range(least) if (a[i].text, a[i].begin) != (b[i].text, b[i].begin)), None)
    if j is None:
        return None
    apart = [abs((x.nats or 0.0) - (y.nats or 0.0)) if x.nats != y.nats else 0.0 for x, y in zip(a, b)]
    return next((i - j for i in range(least) if apart[i] > NOISE), None)


def _generated_again(ask: Asking, drawn: Sequence[Found]) -> tuple[Check | None, str]:
    """(a contradiction, what agrees): drawn tokens are sent back as a prompt, and must have the log-probs they had."""
    mine: list[tuple[str, list[str], list[float | None]]] = []
    for found in drawn[:4]:
        try:
            if isinstance(found, Answer):
                mine.append((text_of(found), *said_of(found.body["choices"][0])))
        except Unreadable:
            continue
    texts = [OPENING + text for text, _, _ in mine]
    pairs: list[tuple[list[float], list[float]]] = []
    for (_, tokens, then), text, found in zip(mine, texts, ask.all([ask.echo(t) for t in texts]), strict=True):
        read = _read(found, text)
        if isinstance(read, str):
            continue
        begin = next((i for i, p in enumerate(read) if p.begin >= len(OPENING.encode())), len(read))
        same = 0
        while same < min(len(tokens), len(read) - begin) and tokens[same] == read[begin + same].text:
            same += 1
        now = [read[begin + i].nats for i in range(same)]
        kept = [(x, y) for x, y in zip(then, now) if x is not None and y is not None]
        if len(kept) >= 3:
            pairs.append(([x for x, _ in kept], [y for _, y in kept]))
    if not pairs:
        return None, "generated tokens sent back were cut otherwise, so they are not compared"
    by_shift = {shift: _apart(pairs, shift) for shift in (0, -1, 1)}
    n = sum(len(x) for x, _ in pairs)
    if by_shift[0] <= NOISE:
        return None, f"{n} generated tokens sent back have the log-probs they had, to {by_shift[0]:.2g} nats (median)"
    near = min((-1, 1), key=lambda shift: by_shift[shift])
    if by_shift[near] <= NOISE:
        said = "next token" if near == -1 else "token before"
        return Check("aligned", "wrong", f"off by 1: the log-prob beside each token of a prompt is of the {said}"), ""
    seen = f"{n} generated tokens sent back as a prompt have other log-probs, by {by_shift[0]:.2g} nats (median)"
    return Check("aligned", "wrong", seen), ""


def _apart(pairs: Sequence[tuple[list[float], list[float]]], shift: int) -> float:
    """Median distance of `then` at i and `now` at i + shift, the place where a shift of that kind would put it."""
    gaps = [abs(x - now[i + shift]) for then, now in pairs for i, x in enumerate(then) if 0 <= i + shift < len(now)]
    return float(np.median(gaps)) if gaps else math.inf


def _repeatable(read: Sequence[list[Placed] | str]) -> Check:
    """One text, asked for three times."""
    rows = [[p.nats or 0.0 for p in one] for one in read if not isinstance(one, str)]
    if len(rows) < 2 or len({len(row) for row in rows}) > 1:
        return Check("repeatable log-probs", "cannot tell", "no two answers of the same tokens")
    spread = float(np.ptp(np.array(rows), axis=0).max())
    seen = f"one text asked for {len(rows)} times: log-probs differ by at most {spread:.2g} nats"
    return Check("repeatable log-probs", "honoured" if spread <= NOISE else "wrong", seen)


def sums_of(found: Sequence[Found]) -> list[float]:
    """Sum of the probabilities of the alternatives at each place of each answer, and any single one above 1."""
    sums = []
    for answer in found:
        said = answer.body["choices"][0].get("logprobs") if isinstance(answer, Answer) else None
        sums += [sum(_p(x) for x in top) for top in _alternatives(said) if top]
        single = said.get("token_logprobs") if isinstance(said, Mapping) else None
        sums += [_p(x) for x in single if _p(x) > 1.0001] if isinstance(single, list) else []
    return sums


def _alternatives(said: object) -> list[list[object]]:
    """Log-probs of the alternatives at each place, in either of the two spellings."""
    if not isinstance(said, Mapping):
        return []
    tops = said.get("top_logprobs")
    if isinstance(tops, list):
        return [list(top.values()) if isinstance(top, Mapping) else [] for top in tops]
    content = said.get("content")
    places = content if isinstance(content, list) else []
    found = [one.get("top_logprobs") for one in places if isinstance(one, Mapping)]
    return [[a.get("logprob") for a in top if isinstance(a, Mapping)] for top in found if isinstance(top, list)]


def _p(nats: object) -> float:
    """The probability of a log-prob; 0 where it is none."""
    return math.exp(min(float(nats), 50.0)) if isinstance(nats, (int, float)) else 0.0


def normalized(ask: Asking, sums: Sequence[float]) -> Check:
    """No sum over alternatives exceeds 1, and where the whole vocabulary is to be had it makes 1."""
    if ask.chat or not sums:
        return Check("normalized", "cannot tell", "no alternatives (top_logprobs) were returned to add up")
    most = max(sums)
    if most > 1.001:
        return Check("normalized", "wrong", f"probabilities of a few alternatives add up to {most:.4g}, above 1")
    body = {"model": ask.model, "prompt": OPENING, "max_tokens": 1, "temperature": 1.0, "logprobs": ALL_OF_THEM}
    (found,) = ask.all([Ask("/completions", body)])
    said = found.body["choices"][0].get("logprobs") if isinstance(found, Answer) else None
    whole = next(iter(_alternatives(said)), [])
    if len(whole) < 200:
        seen = f"{len(sums)} sums of few alternatives, the greatest {most:.4f}; the whole vocabulary is not given"
        return Check("normalized", "honoured", seen)
    total = sum(_p(x) for x in whole)
    seen = f"the whole vocabulary of {len(whole):,} adds up to {total:.4f}"
    if total > 1.001 or total < 0.95:
        return Check("normalized", "wrong", seen)
    return Check("normalized", "honoured", seen)
