"""What a model leaves behind and a probe looks at: arrays and words, no device, no file.

A probe asks for evidence by role (the parameter's name) and kind (its annotation). Roles:

generated    the model's outputs
train        the items it was, or would have been, fitted on
held_out     real items it has not seen
anchor       outputs for some inputs (latents, prompts)
perturbed    outputs for those inputs, slightly moved, with the same chance
again        outputs for those inputs (or any, if latents are the chance) with fresh chance
benchmark    the items of a benchmark file named in the suite, as the model scored or answered them
answered     what the model made of a benchmark's prompts, for a lens to look at
source       held-out items that a translator was given; `generated` is what it made of them, one for one
cycled       its outputs translated back
moved        its outputs, with what no eye sees drawn anew
recycled     those, translated back
spent        the resources the model has used so far
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from genbench.core.evidence.answers import FORMS, Choices, Completions, Dialogues, Pairs, Prompts
from genbench.core.evidence.energy import Energy, Part, Stage
from genbench.core.evidence.items import Annotations, Arrays, Declared, Features, Fingerprints, Labels, Texts, Variants
from genbench.core.evidence.joint import Aligned, Marked, Paths, Remakes, Sweep, Truncations
from genbench.core.evidence.log_probs import LogProbs, ShadowLogProbs, TokenLogProbs
from genbench.core.evidence.verdicts import LOGIT, Verdicts

ROLES = (
    "generated", "train", "held_out", "anchor", "perturbed", "again", "benchmark", "answered",
    "source", "cycled", "moved", "recycled", "spent",
)  # fmt: skip

Rng: TypeAlias = np.random.Generator

KINDS: tuple[type, ...] = (
    Features, LogProbs, TokenLogProbs, ShadowLogProbs, Fingerprints, Annotations, Labels, Texts, Variants, Arrays,
    Pairs, Choices, Completions, Dialogues, Energy,
    Prompts, Aligned, Sweep, Marked, Remakes, Paths, Truncations, Declared, Verdicts,
)  # fmt: skip

__all__ = [
    "FORMS", "KINDS", "LOGIT", "ROLES", "Aligned", "Annotations", "Arrays", "Choices", "Completions", "Declared",
    "Dialogues", "Energy", "Features", "Fingerprints", "Labels", "LogProbs", "Marked", "Pairs", "Part", "Paths",
    "Prompts", "Remakes", "Rng", "ShadowLogProbs", "Stage", "Sweep", "Texts", "TokenLogProbs", "Truncations",
    "Variants", "Verdicts",
]  # fmt: skip
