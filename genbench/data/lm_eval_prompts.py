"""Generation tasks of lm-evaluation-harness, read from their YAML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genbench.core.data import Dataset, Prompt, dataset
from genbench.core.errors import DataError, suggestion
from genbench.data._lm_eval import SEED, Import, Task
from genbench.data._lm_eval_docs import Doc
from genbench.data._lm_eval_honoured import MATCHES
from genbench.data._splits import assemble

# Of one response; the probe applies them. `take_first` picks the one there is.
FILTERS: Mapping[str, tuple[str, ...]] = {
    "regex": ("regex_pattern", "group_select", "fallback"),
    "remove_whitespace": (),
    "lowercase": (),
    "uppercase": (),
    "take_first": (),
}


@dataset(modality="text_prompts", licence="the task's own")
def lm_eval_prompts(
    *,
    path: str,
    task: str | None = None,
    num_fewshot: int | None = None,
    seed: int = SEED,
    docs: str | None = None,
    shots: str | None = None,
    accept: tuple[str, ...] = (),
    filter: str | None = None,
) -> Dataset:
    """A task of `output_type: generate_until`; settings as those of `lm_eval_choices`.

    How long a model writes, and with which chance, are the model's settings and not the data's: the task is refused,
    with what to give the model, until `accept` holds `generation_kwargs`. `until` and the filters are kept for the
    probe; filter: the name of one pipeline, where the task has several. `quality.answers.exact_match` compares as the
    task's `exact_match` says.
    """
    read = Task(Import(path, task, num_fewshot, seed, docs, shots, accept), ("generate_until",))
    facts = {"until": _until(read), "filters": _filters(read, filter), **_match(read)}
    items = [
        Prompt(context, _references(read, doc), facts)
        for doc, context in zip(read.docs, read.contexts(), strict=True)
    ]  # fmt: skip
    return assemble(
        name=read.name,
        modality="text_prompts",
        items=items,
        keys=[f"doc/{i}" for i in range(len(items))],
        licence="the task's own",
        source=str(path),
        facts=read.facts(),
    )


def _until(read: Task) -> list[str]:
    """Where an answer ends; by the harness's default at the delimiter of examples."""
    said = (read.said.get("generation_kwargs") or {}).get("until", read.said.get("fewshot_delimiter", "\n\n"))
    found = [said] if isinstance(said, str) else said
    if not isinstance(found, list) or not all(isinstance(end, str) for end in found):
        raise DataError(f"{read.source.at(('generation_kwargs', 'until'))}: until is a text or a list of texts")
    return [end for end in found if end]


def _filters(read: Task, name: str | None) -> list[dict[str, Any]]:
    """The steps of the one pipeline, or of the one that was named."""
    listed: dict[str, tuple[int, Any]] = {}
    for i, pipeline in enumerate(read.said.get("filter_list") or ()):
        listed[str(pipeline.get("name"))] = (i, pipeline.get("filter"))
    if not listed:
        return []
    if name is None and len(listed) > 1:
        raise DataError(
            f"{read.source.at(('filter_list',))}: several filters; name one by `filter`: {', '.join(listed)}"
        )
    if name is not None and name not in listed:
        raise DataError(f"{read.source.at(('filter_list',))}: no filter {name!r}{suggestion(name, list(listed))}")
    i, steps = listed[name if name is not None else next(iter(listed))]
    for j, step in enumerate(steps or ()):
        place, function = read.source.at(("filter_list", i, "filter", j)), str(step.get("function"))
        if function not in FILTERS:
            raise DataError(f"{place}: filter {function!r} cannot be honoured{suggestion(function, list(FILTERS))}")
        if odd := [key for key in step if key not in ("function", *FILTERS[function])]:
            raise DataError(f"{place}: filter {function!r}: option {odd[0]!r} cannot be honoured")
    return [dict(step) for step in steps or ()]


def _match(read: Task) -> dict[str, Any]:
    """How `exact_match` compares, where the task counts that."""
    metrics = read.said.get("metric_list")
    if metrics is None:
        return {"match": {}}
    said = next((entry for entry in metrics if entry["metric"] == "exact_match"), None)
    return {} if said is None else {"match": {key: said[key] for key in MATCHES if key in said}}


def _references(read: Task, doc: Doc) -> tuple[str, ...]:
    target = read.target(doc)
    if read.said.get("doc_to_choice") is not None:
        target = read.choices(doc)[int(target)]
    found = target if isinstance(target, list) else [target]
    if not found:
        raise DataError(f"{read.name}: a document has no right answer")
    return tuple(str(one) for one in found)
