"""Who must be able to do what before evidence in a role and of a kind can exist."""

from __future__ import annotations

from genbench.core.evidence import FORMS, Declared, Energy, Labels, Prompts, Variants
from genbench.core.lens import OFFERS, Coarsens, Perturbs, Reads
from genbench.core.model import GIVES, LACKS, Completer, Perturbable, Receives, Returns, Sampler, Translator
from genbench.core.probe import Need

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
    if need.kind in GIVES and (because := _unable(GIVES[need.kind], model)):
        return because
    if need.kind in FORMS:
        return None if need.role in FROM_DATA else _unasked(FORMS[need.kind], benchmark)
    if need.role == "answered":
        if because := _unable(GIVES[Prompts], model) or _unasked(FORMS[Prompts], benchmark):
            return because
    elif need.role in FROM_MODEL and not _by_turns(need.kind) and (because := _unmade(need.role, model, lens)):
        return because
    if need.kind in OFFERS:
        if lens is None:
            return "needs a lens, and none is known for this modality; name one under `lenses`"
        if not _can(lens, OFFERS[need.kind]):
            return f"the lens {lens.__name__} gives no {need.kind.__name__}"
        if need.kind is Variants and not _can(lens, Reads):
            return f"the lens {lens.__name__} reads no strings"
    return None


def _by_turns(kind: type) -> bool:
    """Whether model and lens both have a part in it: it is made of items or latents that they are given."""
    return kind in GIVES and kind in OFFERS


def _undeclared(need: Need, model: type) -> str | None:
    if need.role != "generated":
        return "only outputs are asked what their files say of them"
    return None if _can(model, Receives) else _no(Receives)


def _unable(able: tuple[type, ...], model: type) -> str | None:
    return None if any(_can(model, capability) for capability in able) else _no(able[0])


def _unasked(form: str, benchmark: str | None) -> str | None:
    """Why there is nothing to ask about."""
    if benchmark is None:
        return f"needs a benchmark of {form}: name a dataset as `benchmark` of this probe"
    if (held := benchmark.rpartition("_")[2]) != form:
        return f"needs a benchmark of {form}, and the one named holds {held}"
    return None


def _no(capability: type) -> str:
    """What the model lacks, in words, with the protocol's name for who wants to add it."""
    return f"the model {LACKS.get(capability, 'lacks what this probe asks')} (it is no {capability.__name__})"


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
