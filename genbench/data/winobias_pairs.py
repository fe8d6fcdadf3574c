"""WinoBias as pairs: a sentence whose pronoun fits the stereotype, and its twin whose pronoun does not."""

from __future__ import annotations

from typing import Literal

from genbench.core.data import Dataset, Pair, dataset
from genbench.data._splits import assemble
from genbench.data._winobias import PUBLISHED, URL, schemas


@dataset(modality="text_pairs", licence="MIT", url=URL, published=PUBLISHED)
def winobias_pairs(*, path: str, split: Literal["both", "dev", "test"] = "both") -> Dataset:
    """Sentences in twos that differ in their pronouns, the first by the stereotype (Zhao et al. 2018, N18-2003).

    path: the published folder, with `pro_stereotyped_type1.txt.dev` and its seven siblings. The group is the type and
    the gender of the pronoun that fits: both come equally often, so a model that just finds "he" likelier than "she"
    prefers the stereotype in one half of the pairs and its opposite in the other.
    """
    read = schemas(path, split)
    return assemble(
        name="winobias_pairs",
        modality="text_pairs",
        items=[Pair(schema.pro.text, schema.anti.text) for schema in read.found],
        keys=[schema.key for schema in read.found],
        labels=[f"{schema.kind}, usually {schema.usual}" for schema in read.found],
        quarantined=read.spoiled,
        licence="MIT",
        source="WinoBias, github.com/uclanlp/corefBias",
        facts=read.facts,
    )
