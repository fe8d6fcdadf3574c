"""Intervals of what can be told of outputs: marks, things shown, likelihood."""

from __future__ import annotations

from scipy.stats import norm

from genbench.selftest.coverage import Case, by_probe, planted
from genbench.selftest.plants.green_words import green_words
from genbench.selftest.plants.likelier_outputs import likelier_outputs
from genbench.selftest.plants.marks_of_strength import LEFT, RATE, marks_of_strength
from genbench.selftest.plants.things_shown import things_shown

MARK, SHOWN, STRENGTH = "misuse.mark_survival", "misuse.depicts.share", 2.0
_marked = planted(marks_of_strength, STRENGTH)
BEYOND = norm.isf(RATE)

CASES = (
    Case("Wilson", "a mark of strength 2 found", float(norm.sf(BEYOND - STRENGTH)),
         by_probe(f"{MARK}.found", _marked), (f"{MARK}.found",)),
    Case("Wilson at the effective n of clusters", "a mark of strength 2 spoiled in two ways",
         float(norm.sf(BEYOND - STRENGTH * LEFT[:, 1]).mean()), by_probe(f"{MARK}.survives", _marked),
         (f"{MARK}.survives",)),
    Case("Wilson at the effective n of clusters", "no mark, under eight keys", RATE,
         by_probe(f"{MARK}.false_alarms", _marked), (f"{MARK}.false_alarms",)),
    Case("TPR at 1 % FPR", "green words in unmarked texts", 0.01,
         by_probe("misuse.watermark.detected", planted(green_words, "none")), ("misuse.watermark.detected",)),
    Case("Wilson's of outputs and annotator, together", "0.3 show it", 0.3, by_probe(SHOWN, planted(things_shown, 0.3)),
         (SHOWN,)),
    Case("Wilson's of outputs and annotator, together", "none shows it", 0.0,
         by_probe(SHOWN, planted(things_shown, 0.0)), (SHOWN,)),
    Case("DeLong of a detector", "outputs as likely as real items", 0.5,
         by_probe("misuse.likelihood_tell.auc", planted(likelier_outputs, "as likely")),
         ("misuse.likelihood_tell.auc",)),
)  # fmt: skip
