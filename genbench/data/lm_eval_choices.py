"""Multiple choice and likelihood tasks of lm-evaluation-harness, read from their YAML."""

from __future__ import annotations

from typing import Any

from genbench.core.data import Dataset, Question, dataset
from genbench.core.errors import DataError
from genbench.data._lm_eval import SEED, Import, Task
from genbench.data._splits import assemble
from genbench.data._tasks import lengths


@dataset(modality="text_choices", licence="the task's own")
def lm_eval_choices(
    *,
    path: str,
    task: str | None = None,
    num_fewshot: int | None = None,
    seed: int = SEED,
    docs: str | None = None,
    shots: str | None = None,
    accept: tuple[str, ...] = (),
) -> Dataset:
    """A task of `output_type: multiple_choice` or `loglikelihood`, each document with the harness's own context.

    path: its YAML file, or a folder with it; task: its name there. num_fewshot and seed: as `--num_fewshot` and the
    fourth of `--seed`. docs, shots: JSON Lines files in place of the split asked and the split of examples, for tasks
    whose documents lie on a hub. accept: metrics of the task that no probe gives and that may be left out. What else
    cannot be honoured is refused with its file and line.

    An option is the target delimiter and the choice; of `loglikelihood` the one option is the target. `quality.choice`
    gives acc, acc_norm (per character) and acc_bytes (per byte); `quality.continuation` perplexity and, as its
    accuracy, the acc of targets: whether the model would write just these, where it is one that sees all its tokens.
    """
    read = Task(Import(path, task, num_fewshot, seed, docs, shots, accept), ("multiple_choice", "loglikelihood"))
    before = str(read.said.get("target_delimiter", " "))
    questions = []
    for i, (doc, context) in enumerate(zip(read.docs, read.contexts(), strict=True)):
        target = read.target(doc)
        if read.kind == "loglikelihood":
            if not isinstance(target, str) or not target:
                raise DataError(f"{read.name}: document {i}: the target is {target!r}, and no text")
            questions.append(Question(context, (target,)))
            continue
        offered = read.choices(doc)
        made = tuple(f"{before}{option}" for option in offered)
        questions.append(Question(context, made, _place(target, offered, read, i), {"lengths": lengths(offered)}))
    return assemble(
        name=read.name,
        modality="text_choices",
        items=questions,
        keys=[f"doc/{i}" for i in range(len(questions))],
        licence="the task's own",
        source=str(path),
        facts=read.facts(),
    )


def _place(target: Any, options: list[str], read: Task, i: int) -> int:
    """The right option; the harness would count a document without one as wrong, and here it is named."""
    place, there = -1, read.source.at(("doc_to_target",))
    if isinstance(target, str) and target in options:
        place = options.index(target)
    elif isinstance(target, int | float) and target == int(target):
        place = int(target)
    elif isinstance(target, list):
        raise DataError(f"{there}: document {i}: several right choices cannot be honoured: {target}")
    if not 0 <= place < len(options):
        raise DataError(f"{there}: document {i}: target {target!r} is none of its {len(options)} choices")
    return place
