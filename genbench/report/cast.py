"""Who is in a run: its models in the suite's order, and which of them are controls with a planted fault.

A suite says of a model that it is a control and what is wrong with it; of these families it need not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from genbench.core.score import Score
from genbench.results.run import Run

# What each control family plants; a suite puts one beside its models so that the instrument can be seen to work.
PLANTED = {
    "copycat": "hands out training items on purpose",
    "gaussian": "is noise with the data's mean and spread",
}
# The axes that must alarm on a control, or the instrument has missed what was planted.
MUST_ALARM = {"copycat": "memorization"}


@dataclass(frozen=True)
class Member:
    """A model of the run. control: what it plants, empty for a model that is meant. anchor: its place on the page.

    fit: names the weights it learned here, "" where none. after_fit: its settings that the fit did not read, so that
    members of one fit may differ in them. due: the axis that the suite names as the one on which it must alarm.
    """

    name: str
    anchor: str
    family: str
    data: str
    control: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    fit: str = ""
    after_fit: Mapping[str, Any] = field(default_factory=dict)
    due: str = ""

    @property
    def must_alarm(self) -> str:
        """The axis on which an alarm is due; empty where none is. A copycat at rate 0 copies nothing."""
        return self.due or (MUST_ALARM.get(self.family, "") if float(self.settings.get("rate", 1.0)) > 0 else "")

    def expects(self, score: Score) -> bool:
        """Whether an alarm of this score is what the control was planted for."""
        if self.due and not score.probe.startswith(f"{self.due}."):
            return False
        return bool(self.control) and (self.family not in MUST_ALARM or bool(self.must_alarm))


def cast(run: Run) -> dict[str, Member]:
    """The members by name: those of the suite first, in its order, then any other that left outcomes."""
    introduced = {str(event["name"]): event for event in run.events("model")}
    listed = {str(model["name"]): model for model in run.header.suite.get("models", [])}
    names = dict.fromkeys([*listed, *introduced, *(outcome.model for outcome in run.outcomes)])
    seen_on: dict[str, str] = {}
    for outcome in run.outcomes:
        seen_on.setdefault(outcome.model, outcome.dataset)
    members = {}
    for i, name in enumerate(names):
        asked, event = listed.get(name, {}), introduced.get(name, {})
        family = str(event.get("family") or asked.get("family") or _kind(asked))
        data = str(event.get("data") or seen_on.get(name) or asked.get("data") or "")
        settings = event.get("settings") or asked.get("settings") or {}
        fit, after_fit = str(event.get("fit", "")), event.get("after_fit", {})
        control, due = str(asked.get("control") or PLANTED.get(family, "")), str(asked.get("must_alarm") or "")
        members[name] = Member(name, f"model-{i}", family, data, control, settings, fit, after_fit, due)
    return members


def _kind(asked: Mapping[str, Any]) -> str:
    return next((kind for kind in ("hf", "python", "samples") if asked.get(kind)), "model")
