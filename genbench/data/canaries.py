"""Another text source with canaries among its training items: how well do models keep a secret that they were told?"""

from __future__ import annotations

from typing import Any

import numpy as np

from genbench.core.catalogue import find
from genbench.core.chance import stream
from genbench.core.data import Dataset, dataset
from genbench.core.errors import DataError
from genbench.data._canaries import DOSES, canaries_of, ending
from genbench.data._splits import assemble


@dataset(modality="text", licence="that of the source")
def canaries(
    *,
    source: str = "pydoc",
    given: dict[str, Any] | None = None,
    doses: tuple[int, ...] = DOSES,
    each: int = 8,
    seed: int = 0,
) -> Dataset:
    """A text source whose training items hold made-up secrets, each as often as its dose says (Carlini et al. 2019).

    source: the catalogue's name of a text source; given: its settings. doses: how often each secret is inserted, one
    template for each dose; a dose of 0 inserts none, and is the control. each: secrets of every dose. Held-out and
    reserve stay as they are. The benchmark `canary_choices` with the same doses, each and seed asks about them, by the
    probe `memorization.exposure`. Other probes of memorization would count canaries as training items: ask them of the
    plain source.
    """
    inner = _source(source, given or {})
    planted = canaries_of(doses, each, 0, seed)
    texts, keys = [], []
    for dose in planted:
        for i, secret in enumerate(dose.chosen):
            texts += [dose.opening + ending(secret)] * dose.times
            keys += [f"canary/{dose.times}/{i}/{copy}" for copy in range(dose.times)]
    places = len(inner.items) + np.arange(len(texts))
    train = stream(seed, "canaries among").permutation(np.concatenate([inner.indices("train"), places]))
    written = sum(len(text) for text in texts)
    whole = written + sum(len(str(item)) for item in inner.take("train"))
    return assemble(
        name=f"{inner.name} with canaries",
        modality="text",
        items=[*inner.items, *texts],
        keys=[*inner.keys, *keys],
        splits={**inner.splits, "train": train},
        quarantined=inner.quarantined,
        licence=inner.licence,
        source=inner.source,
        facts={
            **inner.facts,
            "canaries": ", ".join(f"{len(dose.chosen)} inserted {dose.times} times" for dose in planted),
            "share of training characters in canaries": round(written / whole, 4),
        },
    )


def _source(source: str, given: dict[str, Any]) -> Dataset:
    entry = find("data", source)
    if entry.modality != "text" or source == "canaries":
        raise DataError(f"canaries are put into texts; {source!r} is a source of {entry.modality}")
    try:
        inner: Dataset = entry.load()(**given)
    except TypeError as error:
        raise DataError(f"canaries: {source!r} does not take what is `given`: {error}") from error
    return inner
