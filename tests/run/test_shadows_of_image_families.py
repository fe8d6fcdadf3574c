"""LiRA and RMIA over families of images: shadow models are trained beside them, and what is learned by heart shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from run.conftest import Runs

from genbench.core.model import Training
from genbench.data.digits import digits
from genbench.models.shadows import Shadows

FAMILIES: dict[str, dict[str, Any]] = {
    "vae": {"steps": 30, "breadth": 8, "latent": 4},
    "diffusion": {"steps": 8, "breadth": 8, "terms": 2},
    "flow_matching": {"steps": 8, "breadth": 8, "solver_steps": 1},
    "pixelcnn": {"steps": 4, "features": 8, "layers": 1},
    "gaussian_process": {"steps": 2, "components": 1},
}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_with_a_likelihood_can_have_shadows(family: str) -> None:
    data = digits(held_out=0.6, reserve=0.3)
    model = Shadows(family=family, settings=FAMILIES[family], models=4)
    model.fit(data, Training(0))
    items = [*data.take("train", 6), *data.take("held_out", 6)]
    found = model.shadow_log_probs(items)
    assert found.shadows.shape == found.inside.shape == (4, 12)
    assert (found.inside.sum(axis=0) == 2).all()
    assert np.isfinite(found.shadows).all()
    np.testing.assert_array_equal(found.nats, model.log_prob(items).nats)
    again = Shadows(family=family, settings=FAMILIES[family], models=4)
    again.restore(*model.state())
    np.testing.assert_allclose(again.shadow_log_probs(items).shadows, found.shadows, rtol=1e-5)


@pytest.mark.slow
def test_a_vae_that_learned_few_digits_by_heart_is_told_by_its_shadows_in_a_run(run_of: Runs) -> None:
    run = run_of(
        n=20, data={"digits": {"source": "digits", "held_out": 0.1, "reserve": 0.8}},
        lenses={"image": "image.pixels"}, probes=["memorization.shadow_membership"],
        models=[{
            "name": "shadowed", "family": "shadows", "data": "digits",
            "settings": {"family": "vae", "models": 4, "settings": {"steps": 700, "breadth": 16, "latent": 16}},
        }],
    )  # fmt: skip
    assert not run.failed
    found = {score.id.rpartition(".")[2]: score.estimate for score in run.measured}
    assert found["lira_auc"].interval.low > 0.5
