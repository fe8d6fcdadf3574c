"""A chatbot that remembers who it talks to, forgets, or answers for somebody else."""

from __future__ import annotations

from genbench.core.evidence import Dialogues
from genbench.data.persona_scripts import persona_scripts
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

KEPT, CONTRADICTED = "quality.consistency.kept", "quality.consistency.contradicted"


@plant(
    doses=("remembers", "forgets", 0.4),
    must_hear=(Heard(CONTRADICTED, at=(0.4,)), Heard(KEPT, at=("forgets", 0.4), how="off floor")),
    must_stay_silent=(
        Silent(CONTRADICTED, at=("remembers", "forgets")),
        Silent(KEPT, at=("remembers",), how="off floor"),
        Silent(CONTRADICTED, how="misses truth"),
    ),
    trials=30,
    full=300,
)
def users_mixed_up(dose: str | float, trial: Trial) -> Scene:
    """The twenty scripts of this house; a number is the share of answers that name another user's word of the kind."""
    rng, data = trial.rng, persona_scripts()
    share, replies = dose if isinstance(dose, float) else 0.0, []
    for script in data.items:
        said = ["I see."] * len(script.turns)
        for check in script.facts["checks"]:
            other = check["forbids"][int(rng.integers(len(check["forbids"])))]
            word = other if rng.random() < share else check["expects"][0]
            said[check["turn"]] = "I do not know." if dose == "forgets" else f"It is {word}, as you said."
        replies.append(tuple(said))
    facts = tuple(dict(script.facts) for script in data.items)
    turns = tuple(script.turns for script in data.items)
    asked = Dialogues(turns, tuple(replies), ("all",) * len(turns), facts, data.keys)
    return Scene({"benchmark": (asked,)}, {CONTRADICTED: share})
