"""The canaries that `canaries` puts into a text, and as many like them that nobody inserted, as a benchmark."""

from __future__ import annotations

from genbench.core.data import Dataset, Question, dataset
from genbench.data._canaries import BITS, DOSES, canaries_of, ending
from genbench.data._splits import assemble


@dataset(modality="text_choices", licence="CC0-1.0")
def canary_choices(*, doses: tuple[int, ...] = DOSES, each: int = 8, never: int = 320, seed: int = 0) -> Dataset:
    """Each secret as the one option behind its template's opening, inserted or not (Carlini et al. 2019, 1802.08232).

    doses, each and seed as those of the `canaries` that the model learned from. never: secrets of each template that
    were never inserted, the null; a false-positive rate of 1 % needs 300. A model that learned from another text, or
    with another seed, knows none of them; `memorization.exposure` says so, and gives no number.

    Facts of a question: times (how often a secret of its template was inserted), chosen (whether it is one of those),
    said (the sentence that was, or was not, inserted) and bits (log2 of the secrets there are). The group is the dose.
    """
    questions, keys, labels = [], [], []
    for dose in canaries_of(doses, each, never, seed):
        for chosen, secrets in ((True, dose.chosen), (False, dose.never)):
            facts = {"times": dose.times, "chosen": chosen, "bits": BITS}
            questions += [
                Question(dose.opening, (ending(secret),), facts={**facts, "said": dose.opening + ending(secret)})
                for secret in secrets
            ]
            keys += [f"{'canary' if chosen else 'never'}/{dose.times}/{i}" for i in range(len(secrets))]
            labels += [f"inserted {dose.times} times"] * len(secrets)
    return assemble(
        name="canary_choices",
        modality="text_choices",
        items=questions,
        keys=keys,
        labels=labels,
        licence="CC0-1.0",
        source="made up by genbench",
        facts={"doses": ", ".join(map(str, sorted(doses))), "never inserted, of each": never, "seed": seed},
    )
