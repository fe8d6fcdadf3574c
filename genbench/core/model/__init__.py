"""A model is anything with capabilities. Each is a protocol; a family implements those it honestly can.

Here they stand in one list, with the kinds of evidence that each gives and the words in which its absence is said.
"""

from __future__ import annotations

from genbench.core.evidence import (
    Choices,
    Completions,
    Dialogues,
    LogProbs,
    Pairs,
    Paths,
    Prompts,
    Remakes,
    ShadowLogProbs,
    Sweep,
    TokenLogProbs,
    Truncations,
    Verdicts,
)
from genbench.core.model.answering import Completer, Converses, Message, Templated
from genbench.core.model.families import FamilySpec, family
from genbench.core.model.fitting import Fittable, History, Persistent, Placeable, Tick, Training
from genbench.core.model.sampling import (
    Between,
    Decodes,
    Illustrator,
    Interpolates,
    Perturbable,
    Reproduces,
    Returns,
    Sampler,
    Translator,
    Truncates,
)
from genbench.core.model.scoring import (
    Conditional,
    Contrast,
    Contrasts,
    Density,
    Differentiable,
    Discriminates,
    Encodes,
    Shadowed,
    Swappable,
    TokenDensity,
)
from genbench.core.model.standing import Overlooks, Receives, Remote, Stands

CAPABILITIES: tuple[type, ...] = (
    Sampler, Perturbable, Density, TokenDensity, Shadowed, Conditional, Swappable, Contrasts, Differentiable, Completer,
    Converses, Illustrator, Translator, Returns, Reproduces, Decodes, Interpolates, Truncates,
    Encodes, Discriminates, Fittable, Persistent, Placeable,
)  # fmt: skip

# By which capabilities a model gives a kind of evidence: any one of them will do, and a refusal names the first.
GIVES: dict[type, tuple[type, ...]] = {
    LogProbs: (Density,),
    TokenLogProbs: (TokenDensity,),
    ShadowLogProbs: (Shadowed,),
    Verdicts: (Discriminates,),
    Pairs: (Density, Contrasts),
    Choices: (Conditional,),
    Completions: (Completer,),
    Dialogues: (Converses,),
    Prompts: (Completer, Illustrator),
    Sweep: (Reproduces, Translator),
    Remakes: (Reproduces,),
    Paths: (Interpolates,),
    Truncations: (Truncates,),
}
# What is said of a model that is without: "the model cannot be sampled".
LACKS: dict[type, str] = {
    Sampler: "cannot be sampled",
    Density: "gives no log-probabilities",
    TokenDensity: "gives no log-probabilities of single tokens",
    Shadowed: "has no shadow models beside it; the family `shadows` trains some, or `shadow_discriminators`",
    Discriminates: "keeps no discriminator of its own",
    Contrasts: "compares no pairs in a way of its own",
    Differentiable: "gives no gradients",
    Encodes: "reads no latent in an item by a gradient",
    Conditional: "gives no log-probabilities of one text given another",
    Swappable: "is not open: it tells no gradient at its tokens",
    Completer: "completes no prompts",
    Converses: "holds no conversations",
    Illustrator: "draws nothing from captions",
    Translator: "translates no inputs",
    Returns: "does not translate back",
    Receives: "hands out what it makes in memory, and no file is there that could bear metadata",
    Reproduces: "has no version of its own of an item it is given",
    Decodes: "makes no outputs of given latents",
    Interpolates: "gives no unrounded outputs between two latents",
    Truncates: "cannot draw its latents towards their average",
}

__all__ = [
    "CAPABILITIES", "GIVES", "LACKS", "Between", "Completer", "Conditional", "Contrast", "Contrasts", "Converses",
    "Decodes", "Density", "Differentiable", "Discriminates", "Encodes", "FamilySpec", "Fittable", "History",
    "Illustrator", "Interpolates", "Message", "Overlooks", "Persistent", "Perturbable", "Placeable", "Receives",
    "Remote", "Reproduces", "Returns", "Sampler", "Shadowed", "Stands", "Swappable", "Templated", "Tick",
    "TokenDensity", "Training", "Translator", "Truncates", "family",
]  # fmt: skip
