"""Every probe that looks at features: NaN and infinity are refused by index, and features that are all one have an end.

A new probe is tried as well, without being named here.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from genbench.core.catalogue import catalogue
from genbench.core.chance import stream
from genbench.core.errors import ControlFailed, NotApplicable, ProbeError
from genbench.core.evidence import (
    Aligned,
    Annotations,
    Arrays,
    Features,
    Labels,
    LogProbs,
    Remakes,
    ShadowLogProbs,
    TokenLogProbs,
    Truncations,
    Verdicts,
)
from genbench.core.probe import Need, Probe
from genbench.core.score import Absent, Estimate
from genbench.selftest.trials import probe_by_id

N, SIDE, GROUPS, SPOILED = 120, 6, 3, 7
D = SIDE * SIDE
NAMES = tuple(f"group {i}" for i in range(GROUPS))
ONES = np.ones(N, dtype=np.int64)


def drawn(role: str) -> np.ndarray:
    rng = stream(0, role)
    return np.asarray(rng.normal(size=(N, D)) + np.arange(N)[:, None] % GROUPS)


MAKERS: dict[type, Callable[[str], Any]] = {
    Features: lambda role: Features(drawn(role)),
    Arrays: lambda role: Arrays(drawn(role).reshape(N, 1, SIDE, SIDE), -9.0, 9.0),
    Truncations: lambda role: Truncations(np.stack([drawn(role), 0.7 * drawn(role)]), (1.0, 0.7)),
    Aligned: lambda role: Aligned(drawn(role), drawn("the prompts")),
    Annotations: lambda role: Annotations(np.arange(N) % GROUPS, NAMES),
    Labels: lambda role: Labels(np.arange(N) % GROUPS, NAMES),
    LogProbs: lambda role: LogProbs(drawn(role)[:, 0], {"dimension": ONES}),
    Remakes: lambda role: Remakes(np.abs(drawn(role)[:, 0])),
    Verdicts: lambda role: Verdicts(drawn(role)[:, 0]),
    ShadowLogProbs: lambda role: ShadowLogProbs(
        drawn(role)[:, 0], drawn(role)[:, :8].T.copy(), np.arange(8 * N).reshape(8, N) % 2 == 0, {"dimension": ONES}
    ),
    TokenLogProbs: lambda role: TokenLogProbs(
        drawn(role).ravel(),
        np.full(N * D, -2.0),
        np.ones(N * D),
        np.arange(0, N * D + 1, D),
        {"byte": D * ONES, "zlib": D * ONES},
    ),
}
SEEN = (Features, Arrays, Truncations, Aligned)


def looked_at(probe: Probe) -> list[Need]:
    return [need for need in probe.needs if need.kind in SEEN]


def tried() -> list[str]:
    """Probes whose every need can be made here, and that see features in one at least."""
    probes = [probe_by_id(id) for id in sorted(catalogue("probe"))]
    return [p.id for p in probes if looked_at(p) and all(need.kind in MAKERS for need in p.needs)]


def asked(probe: Probe, given: list[Any]) -> dict[str, Estimate | Absent]:
    chance: dict[str, Any] = {"rng": stream(0, probe.id)} if probe.wants_rng else {}
    settings = {"steps": 4} if "steps" in probe.settings else {}
    return dict(probe.function(*given, **settings, **chance))


def test_nearly_all_probes_of_features_are_tried() -> None:
    known = {id for id in catalogue("probe") if looked_at(probe_by_id(id))}
    asking_the_model = {"robustness.adversarial", "robustness.latent_attack"}  # refused by its loss, see there
    assert known - set(tried()) <= asking_the_model


@pytest.mark.parametrize("bad", [np.nan, -np.inf])
@pytest.mark.parametrize("id", tried())
def test_a_spoiled_item_is_refused_by_its_index(id: str, bad: float) -> None:
    probe = probe_by_id(id)
    whole = [MAKERS[need.kind](need.role) for need in probe.needs]
    for place, need in enumerate(probe.needs):
        if need.kind not in SEEN:
            continue
        x = np.array(whole[place].x, dtype=np.float64)
        x[(-1, SPOILED) if need.kind is Truncations else SPOILED].flat[3] = bad
        given = [*whole[:place], replace(whole[place], x=x), *whole[place + 1 :]]
        with pytest.raises(ProbeError, match=rf"item {SPOILED}\b"):
            asked(probe, given)


@pytest.mark.parametrize("what", ["outputs", "everything"])
@pytest.mark.parametrize("id", tried())
def test_constant_features_have_a_number_or_a_reason_and_never_zero_over_zero(id: str, what: str) -> None:
    probe = probe_by_id(id)
    given = [MAKERS[need.kind](need.role) for need in probe.needs]
    for place, need in enumerate(probe.needs):
        if need.kind in SEEN and (what == "everything" or need.role not in ("train", "held_out", "source")):
            given[place] = replace(given[place], x=np.full_like(given[place].x, 2.5))
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            found = asked(probe, given)
        except (NotApplicable, ControlFailed):
            return  # with its reason, which these carry
    for estimate in found.values():
        if isinstance(estimate, Estimate):
            assert math.isfinite(estimate.value)
            if estimate.interval is not None:
                assert estimate.interval.low <= estimate.value + 1e-9
                assert not math.isnan(estimate.interval.high)
