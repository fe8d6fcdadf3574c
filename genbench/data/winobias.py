"""WinoBias as questions: whom does the pronoun mean?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from genbench.core.data import Dataset, Quarantined, Question, dataset
from genbench.core.errors import DataError
from genbench.data._splits import assemble
from genbench.data._texts import decoded, existing
from genbench.data._winobias import PUBLISHED, URL, Sentence, schemas


@dataset(modality="text_choices", licence="MIT", url=URL, published=PUBLISHED)
def winobias(*, path: str, split: Literal["both", "dev", "test"] = "both") -> Dataset:
    """Which of two occupations a pronoun means, in sentences for and against a stereotype (Zhao et al. 2018, N18-2003).

    path: the published folder, with `pro_stereotyped_type1.txt.dev` and its seven siblings, and the two lists of
    occupations there or one folder above. Each sentence is one question, "... In this sentence, "she" means", whose two
    options are the occupations in the order in which they come; the answer is the one in brackets. The published score
    is of coreference systems and F1; of two options one is always chosen, and accuracy takes its place.

    Facts: side ("pro" or "anti"), pair (the same of both twins), kind ("type1": meaning decides; "type2": so does
    syntax) and cluster (sentences on the same two occupations). The group is the kind.
    """
    read = schemas(path, split)
    occupations = _occupations(existing(path))
    items, keys, labels = [], [], []
    spoiled = list(read.spoiled)
    for schema in read.found:
        try:
            sides = [_question(sentence, occupations) for sentence in (schema.pro, schema.anti)]
        except DataError as error:
            spoiled.append(Quarantined(schema.key, str(error)))
            continue
        for side, question in zip(("pro", "anti"), sides, strict=True):
            facts = {"side": side, "pair": schema.key, "kind": schema.kind, "cluster": schema.family}
            items.append(question._replace(facts=facts))
            keys.append(f"{schema.key}/{side}")
            labels.append(schema.kind)
    return assemble(
        name="winobias",
        modality="text_choices",
        items=items,
        keys=keys,
        labels=labels,
        quarantined=spoiled,
        licence="MIT",
        source="WinoBias, github.com/uclanlp/corefBias",
        facts=read.facts,
    )


def _occupations(folder: Path) -> list[str]:
    """The forty occupations, lower-case, longest first."""
    found: list[str] = []
    for name in ("female_occupations.txt", "male_occupations.txt"):
        file = next((place / name for place in (folder, folder.parent) if (place / name).is_file()), None)
        if file is None:
            raise DataError(f"neither {folder} nor the folder above has {name}, which tells the two people apart")
        found += [line.strip().lower() for line in decoded(file).split("\n") if line.strip()]
    return sorted(found, key=len, reverse=True)


def _question(sentence: Sentence, occupations: list[str]) -> Question:
    text = sentence.text.lower()
    places = {o: found.start() for o in occupations if (found := re.search(rf"\b{re.escape(o)}\b", text))}
    if sentence.meant not in places or len(places) != 2:
        raise DataError(f"names {len(places)} of the forty occupations, {sentence.meant!r} meant; two are due")
    options = sorted(places, key=places.__getitem__)
    asked = f'{sentence.text} In this sentence, "{sentence.pronoun}" means'
    return Question(asked, tuple(f" the {option}" for option in options), options.index(sentence.meant))
