"""Who must be able to do what before evidence in a role and of a kind can exist."""

from __future__ import annotations

from genbench.core.evidence import (
    Aligned,
    Annotations,
    Arrays,
    Choices,
    Completions,
    Declared,
    Dialogues,
    Energy,
    Features,
    Fingerprints,
    Labels,
    LogProbs,
    Marked,
    Pairs,
    Paths,
    Prompts,
    Remakes,
    ShadowLogProbs,
    Sweep,
    Texts,
    TokenLogProbs,
    Truncations,
    Variants,
)
from genbench.core.lens import (
    Annotator,
    Coarsens,
    Continuous,
    Corrupts,
    Describes,
    Embeds,
    EmbedsArrays,
    Fingerprinter,
    Marks,
    Perturbs,
    Reads,
)
from genbench.core.model import (
    Completer,
    Conditional,
    Contrasts,
    Converses,
    Decodes,
    Density,
    Differentiable,
    Illustrator,
    Interpolates,
    Perturbable,
    Receives,
    Reproduces,
    Returns,
    Sampler,
    Shadowed,
    Swappable,
    TokenDensity,
    Translator,
    Truncates,
)
from genbench.core.probe import Need

LENS_OFFERS: dict[type, type] = {
    Features: Embeds,
    Fingerprints: Fingerprinter,
    Annotations: Annotator,
    Texts: Reads,
    Variants: Corrupts,
    Arrays: Continuous,
    Aligned: Describes,
    Sweep: Corrupts,
    Marked: Marks,
    Remakes: Continuous,
    Paths: EmbedsArrays,
    Truncations: Embeds,
}
CANNOT: dict[type, str] = {
    Sampler: "cannot be sampled",
    Density: "gives no log-probabilities",
    TokenDensity: "gives no log-probabilities of single tokens",
    Shadowed: "has no shadow models beside it; the family `shadows` trains some",
    Differentiable: "gives no gradients",
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
# What a model is asked for by a kind of evidence: one of these capabilities, about items of this kind of benchmark.
ASKS: dict[type, tuple[tuple[type, ...], str]] = {
    Pairs: ((Density, Contrasts), "pairs"),
    Choices: ((Conditional,), "choices"),
    Completions: ((Completer,), "prompts"),
    Dialogues: ((Converses,), "scripts"),
    Prompts: ((Completer, Illustrator), "prompts"),
}
# Kinds that are made of what such models make of given items, or of their latents.
OF_GIVEN: dict[type, tuple[type, ...]] = {
    Sweep: (Translator, Reproduces), Remakes: (Reproduces,), Paths: (Interpolates,), Truncations: (Truncates,),
}  # fmt: skip
FROM_DATA = frozenset({"train", "held_out"})
OF_TRANSLATORS = frozenset({"source", "cycled", "moved", "recycled"})
FROM_MODEL = frozenset({"generated", "anchor", "perturbed", "again", *OF_TRANSLATORS})

# How far the inputs of `perturbed` are moved: the strength of a lens's perturbation and of a latent's.
NUDGE = 0.1


def unmet(need: Need, model: type, lens: type | None, benchmark: str | None) -> str | None:
    """Why this need cannot be met by a model and a lens of these classes; None where it can.

    benchmark: the modality of the benchmark the suite names, such as "text_pairs"; None where it names none.
    """
    if need.role == "model":
        return None if _can(model, need.kind) else _no(need.kind)
    if need.kind is Energy:
        return None
    if need.kind is Labels:
        return None if need.role in FROM_DATA else "a dataset has labels for its own items alone"
    if need.kind is Declared:
        return _undeclared(need, model)
    if need.kind is LogProbs and not _can(model, Density):
        return _no(Density)
    if need.kind is TokenLogProbs and not _can(model, TokenDensity):
        return _no(TokenDensity)
    if need.kind is ShadowLogProbs and not _can(model, Shadowed):
        return _no(Shadowed)
    if need.kind in ASKS:
        return _unasked(need, model, benchmark)
    if need.role == "answered" and (because := _unasked(need, model, benchmark)):
        return because
    if need.kind in OF_GIVEN:
        if not any(_can(model, able) for able in OF_GIVEN[need.kind]):
            return _no(OF_GIVEN[need.kind][-1])
    elif need.role in FROM_MODEL and (because := _unmade(need.role, model, lens)):
        return because
    if need.kind in LENS_OFFERS:
        if lens is None:
            return "needs a lens, and none is known for this modality; name one under `lenses`"
        if not _can(lens, LENS_OFFERS[need.kind]):
            return f"the lens {lens.__name__} gives no {need.kind.__name__}"
        if need.kind is Variants and not _can(lens, Reads):
            return f"the lens {lens.__name__} reads no strings"
    return None


def _undeclared(need: Need, model: type) -> str | None:
    if need.role != "generated":
        return "only outputs are asked what their files say of them"
    return None if _can(model, Receives) else _no(Receives)


def _unasked(need: Need, model: type, benchmark: str | None) -> str | None:
    """Why the model cannot be asked about this."""
    able, form = ASKS.get(need.kind, ((Completer, Illustrator), "prompts"))
    if not any(_can(model, capability) for capability in able):
        return _no(able[0])
    if need.role in FROM_DATA:
        return None
    if benchmark is None:
        return f"needs a benchmark of {form}: name a dataset as `benchmark` of this probe"
    if (held := benchmark.rpartition("_")[2]) != form:
        return f"needs a benchmark of {form}, and the one named holds {held}"
    return None


def _no(capability: type) -> str:
    """What the model lacks, in words, with the protocol's name for who wants to add it."""
    return f"the model {CANNOT.get(capability, 'lacks what this probe asks')} (it is no {capability.__name__})"


def _unmade(role: str, model: type, lens: type | None) -> str | None:
    if role in OF_TRANSLATORS or _can(model, Translator):
        return _untranslated(role, model, lens)
    if role == "generated":
        return None if _can(model, Sampler) else _no(Sampler)
    if _can(model, Perturbable):
        return None
    if not _can(model, Completer):
        return "the model has no latents to move and completes no prompts"
    if lens is None or not (_can(lens, Perturbs) and _can(lens, Reads)):
        return "no lens can perturb this model's prompts"
    return None


def _untranslated(role: str, model: type, lens: type | None) -> str | None:
    """What a translator makes of held-out items: its translations, those moved or given moved items, and back."""
    if not _can(model, Translator):
        return _no(Translator)
    if role == "again":
        return "a translator's outputs are its inputs' alone, so nothing is drawn again"
    if role in ("cycled", "recycled") and not _can(model, Returns):
        return _no(Returns)
    if role == "perturbed" and (lens is None or not _can(lens, Perturbs)):
        return "no lens can move this model's items slightly"
    if role in ("moved", "recycled") and (lens is None or not _can(lens, Coarsens)):
        return "no lens can take from this model's items what no eye sees"
    return None


def _can(cls: type, capability: type) -> bool:
    return issubclass(cls, capability)
