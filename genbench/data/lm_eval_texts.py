"""Perplexity tasks of lm-evaluation-harness, read from their YAML."""

from __future__ import annotations

import numpy as np

from genbench.core.data import Dataset, dataset
from genbench.core.errors import DataError
from genbench.data._lm_eval import Import, Task
from genbench.data._splits import assemble


@dataset(modality="text", licence="the task's own")
def lm_eval_texts(
    *, path: str, task: str | None = None, docs: str | None = None, accept: tuple[str, ...] = ()
) -> Dataset:
    """A task of `output_type: loglikelihood_rolling`: each document's target is a held-out text, whole.

    Settings as those of `lm_eval_choices`. `quality.perplexity` gives bits per byte and perplexity per word. The
    harness reads long texts in windows that do not overlap; a model of `hf` does so with a `stride` as long as its
    `window`. There is nothing here to fit on, so the model must be one that was trained elsewhere.
    """
    read = Task(Import(path, task, docs=docs, accept=accept), ("loglikelihood_rolling",))
    if read.number:
        raise DataError(f"{read.source.at(('num_fewshot',))}: examples before a text are not for perplexity")
    texts = [read.target(doc) for doc in read.docs]
    for i, text in enumerate(texts):
        if not isinstance(text, str) or not text:
            raise DataError(f"{read.name}: document {i}: the target is {text!r}, and no text")
    return assemble(
        name=read.name,
        modality="text",
        items=texts,
        keys=[f"doc/{i}" for i in range(len(texts))],
        splits={"held_out": np.arange(len(texts)), "train": np.empty(0, np.int64), "reserve": np.empty(0, np.int64)},
        licence="the task's own",
        source=str(path),
        facts=read.facts(),
    )
