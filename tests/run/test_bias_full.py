"""The suite bias-full needs no more than paths: with them every cell of a language model will run."""

import json
from pathlib import Path

import pytest

from genbench.core.errors import SuiteError
from genbench.run.plan import make_plan
from genbench.run.suite import Suite

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
FOLDERS = {
    "crows_pairs": "crows_pairs/crows_pairs_anonymized.csv", "winobias": "winobias", "winobias_pairs": "winobias",
    "winogender": "winogender", "bbq": "bbq", "bold": "bold", "honest": "honest",
}  # fmt: skip


def test_a_missing_path_is_named_with_the_setting_that_gives_it():
    with pytest.raises(SuiteError, match=r"--set data\.bbq\.path=FILE"):
        Suite.load("bias-full")


@pytest.mark.skipif(
    not all((DATA / place).exists() for place in FOLDERS.values()), reason="benchmarks are not all in ../shared/data"
)
def test_with_paths_alone_every_cell_will_run(tmp_path):
    example = {
        "id": "a", "target": "t", "bias_type": "race", "context": "A BLANK.",
        "sentences": [{"sentence": f"A {g}.", "gold_label": g} for g in ("stereotype", "anti-stereotype", "unrelated")],
    }  # fmt: skip
    (tmp_path / "dev.json").write_text(json.dumps({"data": {"intrasentence": [example, example]}}))
    paths = {name: str((DATA / place).resolve()) for name, place in FOLDERS.items()}
    paths["stereoset"] = str(tmp_path / "dev.json")
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text('{"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]}')
    given = [f"models.0.hf={model}", *(f"data.{name}.path={path}" for name, path in paths.items())]
    plan = make_plan(Suite.load("bias-full", overrides=given))
    assert [cell.because for cell in plan.cells if cell.because] == []
    asked = {(cell.probe.id, cell.benchmark) for cell in plan.cells if cell.benchmark}
    assert {benchmark for _, benchmark in asked} == set(paths)
    assert [cell.lens.id for cell in plan.cells if cell.probe.id == "bias.substitution"] == 2 * ["text.genders"]
    hurtlex = tmp_path / "hurtlex.tsv"
    hurtlex.write_text("lemma\tlevel\nharlot\tconservative\n")
    lens = f"probes.8.lens={{lens: text.lexicon, path: '{hurtlex}', first: 1}}"
    other = make_plan(Suite.load("bias-full", overrides=[*given, lens]))
    (seen,) = {cell.lens.id for cell in other.cells if cell.benchmark == "honest" and cell.lens}
    assert seen == "text.lexicon"
