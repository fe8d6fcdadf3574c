"""What of a task of lm-evaluation-harness is honoured, what changes no score, and what is refused, by file and line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from genbench.core.errors import DataError, suggestion
from genbench.data._lm_eval_yaml import Source, Where

HONOURED = frozenset(
    (
        "dataset_path", "dataset_kwargs", "training_split", "validation_split", "test_split", "fewshot_split",
        "doc_to_text", "doc_to_target", "doc_to_choice", "description", "target_delimiter", "fewshot_delimiter",
        "fewshot_config", "num_fewshot", "metric_list", "output_type", "generation_kwargs", "filter_list", "gen_prefix",
    )
)  # fmt: skip
ASIDE = frozenset(  # changes no score
    (
        "task", "task_alias", "tag", "group", "metadata", "version", "dataset_name", "should_decontaminate",
        "doc_to_decontamination_query", "task_list",
    )
)  # fmt: skip
HARMLESS: Mapping[str, tuple[Any, ...]] = {"repeats": (1,), "unsafe_code": (False,)}
ELSEWHERE = frozenset(  # known to the harness, and not to be had here
    ("process_docs", "process_results", "use_prompt", "doc_to_image", "doc_to_audio", "custom_dataset", "repeats")
)
SHOTS = frozenset(
    (
        "sampler", "split", "samples", "doc_to_text", "doc_to_choice", "doc_to_target", "gen_prefix",
        "fewshot_delimiter", "target_delimiter",
    )
)  # fmt: skip
METRICS: Mapping[str, tuple[str, ...]] = {
    "multiple_choice": ("acc", "acc_norm", "acc_bytes"),
    "loglikelihood": ("perplexity", "acc"),
    "loglikelihood_rolling": ("word_perplexity", "byte_perplexity", "bits_per_byte"),
    "generate_until": ("exact_match",),
}
AGGREGATIONS = ("mean", "perplexity", "weighted_perplexity", "bits_per_byte")
MATCHES = ("regexes_to_ignore", "ignore_case", "ignore_punctuation", "ignore_numbers")


def left_out(source: Source, kind: str, accept: Sequence[str]) -> list[str]:
    """What goes unhonoured with the user's leave; `DataError` lists at once all that has none, or can have none."""
    left: list[str] = []
    problems = [*_functions(source, accept), *_keys(source)]
    for name, problem in (*_unscored(source, kind), *_generation(source, kind)):
        if name in accept:
            left.append(name)
        else:
            problems.append(f"{problem}; accept: [{name}] goes on without")
    if problems:
        raise DataError("cannot be asked as lm-evaluation-harness would:\n  " + "\n  ".join(problems))
    return left


def _functions(source: Source, accept: Sequence[str]) -> Iterator[str]:
    for where, code in source.functions():
        if where[0] != "metric_list" or _metric(source, where) not in accept:
            name = ".".join(map(str, where))
            yield f"{source.at(where)}: {name}: !function {code.name}: a task's own code is not run"


def _metric(source: Source, where: Where) -> str:
    """The name of the metric within whose entry a value stands."""
    at = where[1] if len(where) > 1 else None
    entry = source.values["metric_list"][at] if isinstance(at, int) else None
    return _name(entry) if isinstance(entry, Mapping) else ""


def _name(entry: Mapping[str, Any]) -> str:
    return str(getattr(entry.get("metric"), "name", entry.get("metric")))


def _keys(source: Source) -> Iterator[str]:
    code = {where[:2] for where, _ in source.functions()} | {where[:1] for where, _ in source.functions()}
    for key, value in source.values.items():
        if (
            value is None
            or (key in HARMLESS and value in HARMLESS[key])
            or key in HONOURED
            or key in ASIDE
            or (key,) in code
        ):
            continue
        near = "" if key in ELSEWHERE else suggestion(key, sorted(HONOURED))
        yield f"{source.at((key,))}: {key}: cannot be honoured{near}"
    for key in source.values.get("fewshot_config") or {}:
        where = ("fewshot_config", str(key))
        if key not in SHOTS and where not in code:
            yield f"{source.at(where)}: fewshot_config.{key}: cannot be honoured{suggestion(str(key), sorted(SHOTS))}"


def _unscored(source: Source, kind: str) -> Iterator[tuple[str, str]]:
    """(metric, what is wrong with it) of those that no probe gives."""
    for i, entry in enumerate(source.values.get("metric_list") or ()):
        place = source.at(("metric_list", i))
        if not isinstance(entry, Mapping) or "metric" not in entry:
            raise DataError(f"{place}: an entry of metric_list names its `metric`")
        name, known = _name(entry), METRICS[kind]
        options = {k for k in entry if k not in ("metric", "aggregation", "higher_is_better", "hf_evaluate")}
        odd = sorted(options - set(MATCHES if name == "exact_match" else ()))
        if name not in known:
            yield name, f"{place}: metric {name}: no probe gives it for {kind}; known: {', '.join(known)}"
        elif odd:
            yield name, f"{place}: metric {name}: option {odd[0]} cannot be honoured"
        elif entry.get("aggregation", "mean") not in AGGREGATIONS:
            yield name, f"{place}: metric {name}: aggregation {entry['aggregation']} cannot be honoured"


def _generation(source: Source, kind: str) -> Iterator[tuple[str, str]]:
    """How a model writes, which it must be told itself."""
    if kind != "generate_until":
        return
    said = source.values.get("generation_kwargs") or {}
    heat = said.get("temperature", 0.0) if said.get("do_sample") else 0.0
    yield (
        "generation_kwargs",
        (
            f"{source.at(('generation_kwargs',))}: generation_kwargs: how a model writes is its own setting; give it "
            f"`temperature: {heat}` and `longest: {said.get('max_gen_toks', 256)}` (`until` is honoured)"
        ),
    )
