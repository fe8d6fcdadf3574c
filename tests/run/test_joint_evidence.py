"""Evidence that takes model and lens by turns is made in a run, kept, and refused in words where it cannot be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from genbench.core.evidence import Aligned, Annotations, Arrays, Features, Marked, Prompts, Remakes, Sweep
from genbench.core.probe import Need
from genbench.core.score import Skipped
from genbench.lenses.image.clip import Clip
from genbench.lenses.image.pixels import Pixels
from genbench.lenses.text.ngrams import Ngrams
from genbench.models.cyclegan import Cyclegan
from genbench.models.gaussian import Gaussian
from genbench.models.ngram import Ngram
from genbench.models.text_to_image import TextToImage
from genbench.models.vae import Vae
from genbench.results.run import Run
from genbench.run.roles import unmet

Runs = Callable[..., Run]
DATA = {"digits": "digits"}
SMALL = {"breadth": 4, "blocks": 1, "steps": 8, "batch": 8, "source": "6", "target": "8"}


def values(run: Run) -> dict[str, float]:
    return {s.id: s.estimate.value for s in run.measured}


@pytest.mark.slow
def test_a_translators_roles_are_made_kept_and_of_the_right_domains(run_of: Runs) -> None:
    parts = {
        "n": 20,
        "held_out_n": 60,
        "data": DATA,
        "models": [{"name": "cycle", "family": "cyclegan", "data": "digits", "settings": SMALL}],
        "probes": [
            "robustness.cycle",
            "robustness.corruption",
            {"probe": "robustness.adversarial", "settings": {"steps": 3}},
            {"probe": "misuse.mark_survival", "settings": {"false_alarm_rate": 0.05}},
        ],
        "lenses": {"image": "image.pixels"},
    }
    run = run_of(**parts)
    found = values(run)
    assert {"robustness.cycle.error", "robustness.cycle.hidden", "robustness.corruption.movement"} <= set(found)
    assert "misuse.mark_survival.found" in found
    cycle = next(s for s in run.measured if s.id == "robustness.cycle.error")
    data_keys = set(cycle.estimate.detail.keys)
    assert len(data_keys) == cycle.estimate.n
    attack = next(s for s in run.measured if s.id == "robustness.adversarial.excess")
    assert set(attack.estimate.detail.keys) <= data_keys  # attacked where it is translated from
    assert values(run_of(**parts)) == found  # from the cache


def test_answers_are_judged_beside_their_prompts(run_of: Runs, tmp_path: Path) -> None:
    file = tmp_path / "prompts.jsonl"
    lines = [{"prompt": f"a picture, number {i}", "references": ["any"]} for i in range(6) for _ in range(4)]
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    small = {"breadth": 8, "codes": 16, "grid": 4, "width": 16, "layers": 1, "heads": 2, "steps": 10}
    run = run_of(
        n=40,
        data={**DATA, "neutral": {"source": "prompts_jsonl", "path": str(file)}},
        models=[
            {"name": "drawn", "family": "text_to_image", "data": "digits", "settings": small},
            {"name": "noise", "family": "gaussian", "data": "digits"},
        ],
        probes=[{"probe": "bias.attributes", "benchmark": "neutral"}],
        lenses={"image": {"lens": "image.classifier", "steps": 30}},
    )
    score = next(s for s in run.measured if s.id == "bias.attributes.skew")
    assert (score.estimate.n, score.estimate.detail.facts["prompts"]) == (24, 6)
    assert score.provenance.benchmark == "neutral"
    refused = [o for o in run.outcomes if isinstance(o, Skipped) and o.model == "noise"]
    assert refused
    assert all(o.planned for o in refused)


def test_what_a_model_makes_again_is_compared_with_what_it_was_given(run_of: Runs) -> None:
    run = run_of(
        n=40,
        train_n=40,
        held_out_n=40,
        data=DATA,
        models=[{"name": "ae", "family": "autoencoder", "data": "digits", "settings": {"steps": 20, "breadth": 8}}],
        probes=["memorization.reconstruction", "robustness.corruption"],
        lenses={"image": "image.pixels"},
    )
    score = next(s for s in run.measured if s.id == "memorization.reconstruction.auc")
    assert score.estimate.n == 40
    assert score.estimate.detail.facts["versions"] == "encoded and decoded"
    assert any(s.id == "robustness.corruption.excess" for s in run.measured)


@pytest.mark.parametrize(
    ("need", "model", "lens", "benchmark", "because"),
    [
        (Need("source", "source", Sweep), Cyclegan, Pixels, None, None),
        (Need("source", "source", Sweep), Vae, Pixels, None, None),
        (Need("source", "source", Sweep), Gaussian, Pixels, None, "no version of its own"),
        (Need("source", "source", Sweep), Vae, None, None, "needs a lens"),
        (Need("train", "train", Remakes), Gaussian, Pixels, None, "no version of its own"),
        (Need("generated", "generated", Marked), Gaussian, Pixels, None, None),
        (Need("generated", "generated", Marked), Ngram, Ngrams, None, "gives no Marked"),
        (Need("recycled", "recycled", Arrays), Cyclegan, Ngrams, None, "what no eye sees"),
        (Need("moved", "moved", Arrays), Vae, Pixels, None, "translates no inputs"),
        (Need("answered", "answered", Aligned), TextToImage, Clip, "text_prompts", None),
        (Need("answered", "answered", Aligned), TextToImage, Pixels, "text_prompts", "gives no Aligned"),
        (Need("answered", "answered", Annotations), TextToImage, Pixels, "text_prompts", "gives no Annotations"),
        (Need("answered", "answered", Features), TextToImage, None, "text_prompts", "needs a lens"),
        (Need("benchmark", "benchmark", Prompts), TextToImage, None, "text_prompts", None),
        (Need("benchmark", "benchmark", Prompts), TextToImage, None, None, "needs a benchmark of prompts"),
        (Need("benchmark", "benchmark", Prompts), Gaussian, None, "text_prompts", "completes no prompts"),
    ],
)
def test_a_plan_says_what_is_missing(
    need: Need, model: type, lens: type | None, benchmark: str | None, because: str | None
) -> None:
    found = unmet(need, model, lens, benchmark)
    assert (found is None) if because is None else (found is not None and because in found)
