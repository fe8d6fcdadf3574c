"""Tasks of lm-evaluation-harness: its own contexts, log-likelihoods and scores, and refusals by file, line and name.

`lm_eval_tasks/_reference.json` was made by that harness on the tasks beside it (benchmarks/lm_eval_reference.py).
"""

import hashlib
import importlib.util
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from genbench.core.errors import DataError
from genbench.core.evidence import Choices, Completions, LogProbs
from genbench.data.lm_eval_choices import lm_eval_choices
from genbench.data.lm_eval_prompts import lm_eval_prompts
from genbench.data.lm_eval_texts import lm_eval_texts
from genbench.models.hf import Hf
from genbench.probes.quality.answers import answers
from genbench.probes.quality.choice import choice
from genbench.probes.quality.continuation import continuation
from genbench.probes.quality.perplexity import perplexity

TASKS = Path(__file__).parent / "lm_eval_tasks"
ROOT = Path(__file__).parents[2]
STORIES = ROOT / ".." / "shared" / "data" / "stories260K"
PEER = json.loads((TASKS / "_reference.json").read_text(encoding="utf-8"))["tasks"]
RNG = np.random.default_rng(0)


def asked_digest(rows):
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


@pytest.fixture(scope="module")
def stories(tmp_path_factory):
    if not STORIES.exists():
        pytest.skip("stories260K is not beside the checkout (shared/data/stories260K)")
    spec = importlib.util.spec_from_file_location("convert_llama2c", ROOT / "benchmarks" / "convert_llama2c.py")
    convert = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = convert
    spec.loader.exec_module(convert)
    place = tmp_path_factory.mktemp("stories") / "model"
    return str(convert.convert(STORIES / "stories260K.bin", STORIES / "tok512.bin", place))


@pytest.mark.parametrize("name", ["animals", "endings", "yesno", "last_word"])
def test_what_is_asked_is_what_the_harness_asks(name):
    data = lm_eval_choices(path=str(TASKS), task=name)
    documents = PEER[name]["documents"]
    assert len(data.items) == len(documents)
    for i, question in enumerate(data.items):
        rows = [[question.context, option] for option in question.options]
        assert asked_digest(rows) == documents[f"{i}/none"]["asked"], question.context


def test_prompts_and_texts_are_the_harnesss_own():
    prompts = lm_eval_prompts(path=str(TASKS), task="names", accept=("generation_kwargs",), filter="whole")
    for i, prompt in enumerate(prompts.items):
        assert asked_digest([[prompt.text]]) == PEER["names"]["documents"][f"{i}/whole"]["asked"]
    texts = lm_eval_texts(path=str(TASKS / "stories.yaml"))
    for i, text in enumerate(texts.items):
        assert asked_digest([[text]]) == PEER["stories"]["documents"][f"{i}/none"]["asked"]


def as_choices(data, model):
    wanted = [(q.context, option) for q in data.items for option in q.options]
    made = model.log_prob_given([c for c, _ in wanted], [o for _, o in wanted])
    sizes = np.array([len(q.options) for q in data.items])
    inside = np.arange(sizes.max()) < sizes[:, None]
    nats = np.full(inside.shape, -np.inf)
    nats[inside] = made.nats
    counts = {unit: np.zeros(inside.shape, np.int64) for unit in made.counts}
    for unit, n in made.counts.items():
        counts[unit][inside] = n
    return Choices(
        nats, sizes, counts, np.array([q.answer for q in data.items]), ("all",) * len(sizes),
        tuple(dict(q.facts) for q in data.items), data.keys,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["animals", "endings", "yesno", "last_word"])
def test_log_likelihoods_and_scores_are_the_harnesss_own(name, stories):
    asked = as_choices(lm_eval_choices(path=str(TASKS), task=name), Hf(path=stories))
    documents, results = PEER[name]["documents"], PEER[name]["results"]
    for i, size in enumerate(asked.sizes):
        assert asked.nats[i, :size] == pytest.approx(documents[f"{i}/none"]["said"], abs=1e-4)
    if name == "last_word":
        followed = continuation(asked)
        assert followed["perplexity"].value == pytest.approx(results["perplexity,none"], rel=1e-5)
        assert followed["accuracy"].value == pytest.approx(results["acc,none"])
        written = [documents[f"{i}/none"]["scores"]["acc"] for i in range(len(asked))]
        assert followed["accuracy"].detail.values == tuple(written)
        assert 0 < sum(written) < len(written)
        return
    found = choice(asked, rng=RNG)
    for ours, theirs in (
        ("accuracy", "acc"),
        ("accuracy_per_character", "acc_norm"),
        ("accuracy_per_byte", "acc_bytes"),
    ):
        if f"{theirs},none" in results:
            assert found[ours].value == pytest.approx(results[f"{theirs},none"])
            said = [documents[f"{i}/none"]["scores"][theirs] for i in range(len(asked))]
            assert list(found[ours].detail.values) == said


def test_rolling_perplexity_is_the_harnesss_own_also_where_texts_are_longer_than_the_window(stories):
    data = lm_eval_texts(path=str(TASKS), task="stories")
    made = Hf(path=stories, stride=512).log_prob(data.items)
    documents, results = PEER["stories"]["documents"], PEER["stories"]["results"]
    assert max(made.counts["token"]) > 1024
    said = [documents[f"{i}/none"]["said"][0] for i in range(len(made))]
    assert made.nats == pytest.approx(said, rel=1e-5)
    found = perplexity(LogProbs(made.nats, made.counts, data.keys))
    assert found["bits_per_byte"].value == pytest.approx(results["bits_per_byte,none"], rel=1e-5)
    assert found["word_perplexity"].value == pytest.approx(results["word_perplexity,none"], rel=1e-4)


@pytest.mark.parametrize("pipeline", ["first-word", "whole"])
def test_answers_and_exact_match_are_the_harnesss_own(pipeline, stories):
    data = lm_eval_prompts(path=str(TASKS), task="names", accept=("generation_kwargs",), filter=pipeline)
    documents, results = PEER["names"]["documents"], PEER["names"]["results"]
    said = Hf(path=stories, temperature=0.0, longest=24).complete([p.text for p in data.items], [0] * len(data.items))
    theirs = [documents[f"{i}/{pipeline}"]["said"][0] for i in range(len(said))]
    cut = [text.split("\n")[0].split("!")[0].strip() for text in said]
    assert cut == [text.strip() for text in theirs]
    asked = Completions(
        tuple(p.text for p in data.items), tuple(said), tuple(p.references for p in data.items), ("all",) * len(said),
        tuple(dict(p.facts) for p in data.items), data.keys,
    )  # fmt: skip
    found = answers(asked)["exact_match"]
    assert found.value == pytest.approx(results[f"exact_match,{pipeline}"])
    scores = [documents[f"{i}/{pipeline}"]["scores"]["exact_match"] for i in range(len(said))]
    assert list(found.detail.values) == scores
    assert found.detail.facts["equal"] == "by the task's own rule"


# --- what cannot be honoured is refused by name ---

GOOD = {
    "task": "sums", "dataset_path": "json", "dataset_kwargs": {"data_files": {"test": "sums.jsonl"}},
    "output_type": "multiple_choice", "test_split": "test", "doc_to_text": "{{q}}", "doc_to_choice": ["3", "4"],
    "doc_to_target": "{{a}}",
}  # fmt: skip
DOCS = [{"q": "2 + 2 =", "a": 1}, {"q": "2 + 1 =", "a": 0}]


def written(folder, change=None, docs=DOCS, text=""):
    (folder / "sums.jsonl").write_text("\n".join(map(json.dumps, docs)), encoding="utf-8")
    path = folder / "sums.yaml"
    path.write_text(yaml.safe_dump({**GOOD, **(change or {})}, sort_keys=False) + text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("change", "text", "said"),
    [
        (
            {},
            "process_docs: !function utils.clean\n",
            "sums.yaml:13: process_docs: !function utils.clean: a task's own",
        ),
        (
            {},
            "fewshot_config: {sampler: first_n, samples: !function utils.list}\n",
            "fewshot_config.samples: !function",
        ),
        ({}, "use_prompt: promptsource:x\n", "sums.yaml:13: use_prompt: cannot be honoured"),
        ({}, "doc_to_txt: x\n", "doc_to_txt: cannot be honoured; did you mean 'doc_to_text'?"),
        ({"repeats": 4}, "", "repeats: cannot be honoured"),
        ({"fewshot_config": {"fewshot_indices": [1]}}, "", "fewshot_config.fewshot_indices: cannot be honoured"),
        (
            {"metric_list": [{"metric": "acc"}, {"metric": "mcc"}]},
            "",
            "metric mcc: no probe gives it for multiple_choice",
        ),
        ({"metric_list": [{"metric": "acc", "k": 3}]}, "", "metric acc: option k cannot be honoured"),
        ({"metric_list": [{"metric": "acc", "aggregation": "median"}]}, "", "aggregation median cannot be honoured"),
        ({"output_type": "generate_until"}, "", "`lm_eval_prompts` reads it"),
        ({"output_type": "multi_choice"}, "", "did you mean 'multiple_choice'?"),
        ({"doc_to_text": "{{a}}"}, "", "a context per choice, cannot be honoured"),
        ({"doc_to_text": "{{b}}"}, "", "'b' is undefined"),
        ({"doc_to_text": "{{ q.__class__.__mro__ }}"}, "", "unsafe"),
        ({"doc_to_text": "{{ q"}, "", "template '{{ q'"),
        ({"doc_to_choice": "{{q}}"}, "", "doc_to_choice makes no list"),
        ({"doc_to_target": "[0, 1]"}, "", "several right choices cannot be honoured"),
        ({"doc_to_target": "7"}, "", "target 7 is none of its 2 choices"),
        ({"num_fewshot": 3}, "", "3 examples wanted"),
        ({"dataset_path": "allenai/x"}, "", "name the file by `docs`"),
        ({"dataset_kwargs": {"data_files": {"test": "no.jsonl"}}}, "", "no file 'no.jsonl', here or beside the task"),
        ({"dataset_kwargs": {"data_files": {"test": "sums.jsonl"}, "field": "x"}}, "", "'field' cannot be honoured"),
        ({"test_split": "dev"}, "", "names no file for the split 'dev'"),
        ({"include": "no.yaml"}, "", "no file 'no.yaml' to include"),
        ({"include": "sums.yaml"}, "", "includes itself"),
        ({}, "a: [\n", "sums.yaml:"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_file_line_and_name(tmp_path, change, text, said):
    with pytest.raises(DataError) as refused:
        lm_eval_choices(path=written(tmp_path, change, text=text))
    assert said in str(refused.value)


def test_all_that_is_refused_is_said_at_once(tmp_path):
    with pytest.raises(DataError) as refused:
        lm_eval_choices(path=written(tmp_path, {"repeats": 2, "process_results": "x"}))
    assert str(refused.value).count("cannot be honoured") == 2


def test_a_likelihood_task_that_names_no_metric_is_asked_for_both_of_the_harness(tmp_path):
    said = yaml.safe_load((TASKS / "last_word.yaml").read_text())
    shutil.copy(TASKS / "last_word.jsonl", tmp_path)
    (tmp_path / "task.yaml").write_text(yaml.safe_dump({k: v for k, v in said.items() if k != "metric_list"}))
    assert lm_eval_choices(path=str(tmp_path / "task.yaml")).facts["left out"] == "nothing"


def test_a_metric_may_be_left_out_with_leave_and_that_is_recorded(tmp_path):
    path = written(tmp_path, {"metric_list": [{"metric": "acc"}, {"metric": "mcc"}]})
    data = lm_eval_choices(path=path, accept=("mcc",))
    assert data.facts["left out"] == "mcc"
    with pytest.raises(DataError, match="metric mcc"):
        lm_eval_choices(path=path, accept=("process_docs",))


def test_files_of_ones_own_stand_in_for_a_hubs_splits(tmp_path):
    path = written(tmp_path, {"dataset_path": "some/hub", "fewshot_split": "train", "num_fewshot": 1})
    shots = tmp_path / "shots.jsonl"
    shots.write_text('{"q": "0 + 3 =", "a": 0}\n')
    data = lm_eval_choices(path=path, docs=str(tmp_path / "sums.jsonl"), shots=str(shots))
    assert data.items[0].context == "0 + 3 = 3\n\n2 + 2 ="
    assert data.items[0].options == (" 3", " 4")
    with pytest.raises(DataError, match=r"in it|from what is asked"):
        lm_eval_choices(path=written(tmp_path, {"num_fewshot": 1}), shots=str(shots))


def test_the_number_of_examples_is_overridden_as_on_the_command_line(tmp_path):
    path = written(tmp_path, {"num_fewshot": 1, "fewshot_split": "test"})
    assert lm_eval_choices(path=path, num_fewshot=0).items[0].context == "2 + 2 ="
    assert lm_eval_choices(path=path).items[0].context == "2 + 1 = 3\n\n2 + 2 ="
    with pytest.raises(DataError, match="the harness keeps to that"):
        lm_eval_choices(path=written(tmp_path, {"num_fewshot": 0}), num_fewshot=2)


def test_columns_get_the_types_that_the_harness_would_see(tmp_path):
    docs = [{"q": 1, "a": 0, "more": {"x": 1}}, {"q": 2.5, "a": 1, "more": {"y": "z"}}]
    path = written(tmp_path, {"doc_to_text": "{{q}} {{more.x}} {{more.y}}"}, docs)
    assert [q.context for q in lm_eval_choices(path=path).items] == ["1.0 1 None", "2.5 None z"]
    with pytest.raises(DataError, match="all look like dates"):
        lm_eval_choices(path=written(tmp_path, docs=[{"q": "2020-01-02", "a": 0}] * 2))
    with pytest.raises(DataError, match="holds number and str"):
        lm_eval_choices(path=written(tmp_path, docs=[{"q": "x", "a": 0}, {"q": 3, "a": 0}]))


def test_generation_is_refused_until_the_model_is_told_how_to_write(tmp_path):
    with pytest.raises(DataError, match=r"temperature: 0.0` and `longest: 24`"):
        lm_eval_prompts(path=str(TASKS / "names.yaml"), filter="whole")
    with pytest.raises(DataError, match="several filters; name one"):
        lm_eval_prompts(path=str(TASKS / "names.yaml"), accept=("generation_kwargs",))
    steps = [{"name": "vote", "filter": [{"function": "majority_vote"}]}]
    change = {"output_type": "generate_until", "doc_to_choice": None, "filter_list": steps}
    with pytest.raises(DataError, match="filter 'majority_vote' cannot be honoured"):
        lm_eval_prompts(path=written(tmp_path, change), accept=("generation_kwargs",))


def test_a_folder_of_several_tasks_wants_a_name():
    with pytest.raises(DataError, match="holds 6 tasks; name one by `task`"):
        lm_eval_choices(path=str(TASKS))
    with pytest.raises(DataError, match="did you mean 'animals'"):
        lm_eval_choices(path=str(TASKS), task="animal")
