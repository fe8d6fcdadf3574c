"""A setting that no fit reads makes another model of the same fit: trained once, sampled as it says, told apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from run.conftest import Runs, values

from genbench.core.catalogue import catalogue, find
from genbench.core.digest import digest
from genbench.core.model import Training, family
from genbench.core.settings import settings_of
from genbench.data.digits import digits
from genbench.data.pydoc import pydoc
from genbench.results.codec import decode, encode
from genbench.results.run import Run
from genbench.run.describe import describe, in_words

SMALL = {"steps": 6, "breadth": 8}
DECLARED = {id: e for id, e in catalogue("model").items() if "after_fit" in e.keywords}
# Settings under which each is fitted in a moment.
QUICK: Mapping[str, dict[str, Any]] = {
    "diffusion": {**SMALL, "conditional": True},
    "flow_matching": SMALL,
    "vae": SMALL,
    "stylegan2": {"steps": 2, "breadth": 8, "latent": 8, "depth": 1},
    "gpt": {"steps": 2, "width": 8, "layers": 1},
    "lstm": {"steps": 2, "width": 8},
    "bert": {"steps": 2, "width": 8, "layers": 1, "words": 50},
    "ngram": {"order": 2},
    "text_to_image": {"steps": 2, "breadth": 8, "codes": 8, "grid": 2, "width": 8, "layers": 1, "heads": 1},
}


def parts(*models: dict[str, Any], family: str = "diffusion") -> dict[str, Any]:
    listed = [
        {"name": f"m{i}", "family": family, "data": "digits", "settings": {**SMALL, **own}}
        for i, own in enumerate(models)
    ]
    return {
        "n": 40, "data": {"digits": "digits"}, "lenses": {"image": "image.pixels"}, "models": listed,
        "probes": ["quality.kernel"],
    }  # fmt: skip


def trainings(run: Run) -> int:
    return sum(stage.name == "train" for _, stage in run.stages())


def of(run: Run, model: str) -> list[Any]:
    return [found for (name, _), found in values(run).items() if name == model]


@pytest.mark.parametrize(("family", "setting"), [("diffusion", "sampling_steps"), ("flow_matching", "solver_steps")])
def test_a_fit_that_was_kept_is_sampled_with_the_steps_that_are_asked_for_now(
    run_of: Runs, family: str, setting: str
) -> None:
    many = run_of(**parts({setting: 9}, family=family))
    kept = run_of(**parts({setting: 2}, family=family))
    assert trainings(kept) == 0
    alone = run_of(home="another", **parts({setting: 2}, family=family))  # fitted there, with 2 from the beginning
    assert trainings(alone) == 1
    assert of(kept, "m0") == of(alone, "m0") != of(many, "m0")


def test_models_of_one_run_that_differ_in_sampling_alone_are_trained_once_and_told_apart(run_of: Runs) -> None:
    run = run_of(**parts({"sampling_steps": 2}, {"sampling_steps": 5}))
    assert trainings(run) == 1
    assert of(run, "m0") != of(run, "m1")
    costs = {e["owner"]: e["stage"]["cached"] for e in run.events("cost") if e["stage"]["name"] == "train"}
    assert costs == {"m0": False, "m1": True}  # each is charged with what its fit did cost
    models = {e["name"]: e for e in run.events("model")}
    assert models["m0"]["fit"] == models["m1"]["fit"] != ""
    assert models["m0"]["digest"] != models["m1"]["digest"]
    assert [models[name]["after_fit"]["sampling_steps"] for name in ("m0", "m1")] == [2, 5]
    said = {s.model: (s.provenance.model_digest, s.provenance.after_fit) for s in run.measured}
    assert said == {name: (m["digest"], m["after_fit"]) for name, m in models.items()}


def test_what_a_fit_does_read_makes_another_fit(run_of: Runs) -> None:
    run = run_of(**parts({"steps": 6}, {"steps": 7}, {"rate": 1e-3}))
    assert trainings(run) == 3
    assert len({e["fit"] for e in run.events("model")}) == 3


def test_a_run_that_lost_a_model_resumes_to_the_same_numbers_from_the_shared_fit(run_of: Runs) -> None:
    whole = run_of(**parts({"sampling_steps": 2}, {"sampling_steps": 5}))
    before = values(whole)
    outcomes = whole.path / "outcomes.jsonl"
    kept = [line for line in outcomes.read_text().splitlines() if '"m0"' in line]
    assert 0 < len(kept) < len(outcomes.read_text().splitlines())
    outcomes.write_text("\n".join(kept) + "\n")
    again = run_of(resume=True, **parts({"sampling_steps": 2}, {"sampling_steps": 5}))
    assert again.path == whole.path
    assert values(again) == before
    assert trainings(again) == 1  # that of the first session


def test_a_score_keeps_what_its_model_sampled_with_and_an_older_record_is_read_without(run_of: Runs) -> None:
    (score,) = run_of(**parts({"sampling_steps": 3})).measured
    plain = json.loads(json.dumps(encode(score)))
    assert decode(plain, score.provenance.environment) == score
    del plain["provenance"]["after_fit"]
    older = decode(plain, score.provenance.environment)
    assert older.provenance.after_fit == {}  # type: ignore[union-attr]


def test_a_family_that_names_no_setting_of_its_own_is_refused() -> None:
    with pytest.raises(ValueError, match="Mine: after_fit names 'sampling_step'; did you mean 'sampling_steps'"):

        @family(modality="image", after_fit=["sampling_step"])
        class Mine:
            """A family."""

            def __init__(self, *, sampling_steps: int = 1) -> None: ...


def test_show_says_which_settings_need_no_other_fit() -> None:
    entry = find("model", "diffusion")
    assert "Needs no other fit: sampling_steps" in in_words(entry, describe(entry))


@pytest.mark.parametrize("id", sorted(DECLARED))
def test_what_is_declared_is_read_by_no_fit(id: str) -> None:
    """Or a model would be served weights that its settings would not have given."""
    cls, data = DECLARED[id].load(), pydoc() if DECLARED[id].modality == "text" else digits()
    known, quick = settings_of(cls), QUICK[id]
    other = {name: _another(known[name].default) for name in cls.__genbench__.after_fit}
    states = []
    for settings in ({}, other):
        model = cls(**quick, **settings)
        history = model.fit(data, Training(0))
        arrays, meta = model.state()
        states.append(digest(arrays, meta, history))
    assert states[0] == states[1]
    fresh = cls(**quick, **other)
    fresh.restore(arrays, meta)
    held = vars(fresh) | vars(getattr(fresh, "drawing", fresh))
    assert {name: held[name] for name in other} == other  # what was kept does not overrule it
    assert all(np.isfinite(a).all() for a in arrays.values() if a.dtype.kind == "f")


def _another(value: Any) -> Any:
    if isinstance(value, str):
        return {"heun": "ddim"}[value]
    return value / 2 if isinstance(value, float) else value + 1
