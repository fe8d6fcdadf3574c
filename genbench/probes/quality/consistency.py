"""Does a chatbot keep to what was said, and to its own words, over the turns of a conversation?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Dialogues
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Exhibit, ItemRef, Json, Metric
from genbench.stats.intervals import effective_n, wilson

SHOWN = 6


@probe(
    reports={
        "kept": Metric(
            unit="share of checks",
            better="higher",
            title="What was said is remembered",
            summary="Share of questions about what was said earlier whose answer holds the right word.",
            reading="1: remembers all. 0: none, as of a model that does not read the conversation.",
            margin=0.05,
        ),
        "contradicted": Metric(
            unit="share of checks",
            better="lower",
            title="What was said is contradicted",
            summary="Share of such questions whose answer holds a word of the same kind that is wrong.",
            reading="0: none. A wrong word is a contradiction; an answer that evades is neither kept nor contradicted.",
            tolerance=0.2,
            margin=0.05,
        ),
    },
    cites=["Welleck et al. 2019, arXiv:1811.00671 (dialogue natural language inference)"],
    control="a chatbot that answers for another user in 3 of 10 checks",
    truth="k of n checks kept: k / n",
)
def consistency(benchmark: Dialogues) -> Estimates:
    """kept = share of the scripts' checks whose reply at that turn holds an `expects` and no `forbids`; contradicted =
    of those that hold a `forbids` and no `expects`.

    A check is {"turn": t, "expects": [...], "forbids": [...]} of the fact `checks`, or {"turn": t, "same_as": s}, which
    asks that both replies hold the same of its `among` words: a persona's own consistency. Whole words, in any case.
    Interval: Wilson at the effective number of checks, scripts being families. Floors 1 and 0.
    """
    kept, wrong, family = [], [], []
    for i, fact in enumerate(benchmark.facts):
        for check in fact.get("checks", ()):
            found = _judged(check, benchmark.replies[i], i)
            kept.append(found == "kept")
            wrong.append(found == "wrong")
            family.append(i)
    if len(set(family)) < 2:
        raise NotApplicable("fewer than two scripts hold `checks` of what was said, as those of persona_scripts do")
    scripts = np.array(family, dtype=np.int64)
    facts: dict[str, Json] = {"checks neither kept nor contradicted": len(kept) - sum(kept) - sum(wrong)}
    keys = tuple(f"{benchmark.keys[i] if benchmark.keys else i}/{n}" for n, i in enumerate(family))
    made = {}
    for name, hits, floor in (("kept", np.array(kept), 1.0), ("contradicted", np.array(wrong), 0.0)):
        effective, value = effective_n(hits, scripts), float(hits.mean())
        bad = dict.fromkeys(int(i) for i in scripts[hits if name == "contradicted" else ~hits])
        exhibits = tuple(Exhibit(f"not {name}" if floor else name, (ItemRef("benchmark", i),)) for i in [*bad][:SHOWN])
        detail = Detail(tuple(hits.astype(float).tolist()), keys, tuple(map(str, family)), exhibits, facts)
        made[name] = Estimate(value, len(hits), wilson(value * effective, effective), floor, detail)
    return made


def _judged(check: Mapping[str, Any], replies: Sequence[str], script: int) -> str:
    """kept, wrong, or "" where the reply says neither. `ProbeError` where the check names no turn, or no words."""
    turns = [check.get(name, 0) for name in ("turn", "same_as")]
    if "turn" not in check or not all(isinstance(t, int) and 0 <= t < len(replies) for t in turns):
        raise ProbeError(f"script {script}: a check's turns are {turns}, and there are 0 to {len(replies) - 1}")
    if "same_as" in check:
        now, before = (_held(replies[turn], check.get("among", ())) for turn in turns)
        return "" if not (now and before) else "kept" if now == before else "wrong"
    if not check.get("expects"):
        raise ProbeError(f"script {script}: a check wants `expects`, or `same_as` and `among`")
    right, false = (bool(_held(replies[turns[0]], check.get(name, ()))) for name in ("expects", "forbids"))
    return "" if right == false else "kept" if right else "wrong"


def _held(reply: str, words: Sequence[str]) -> set[str]:
    plain = reply.lower()
    return {word for word in words if re.search(rf"(?<!\w){re.escape(word.lower())}(?!\w)", plain)}
