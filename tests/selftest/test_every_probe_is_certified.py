"""No probe goes without a planted defect that it must hear and a null at which it must stay silent."""

from __future__ import annotations

import pytest

from genbench.core.catalogue import catalogue
from genbench.core.score import Interval, Metric
from genbench.selftest.coverage import cases
from genbench.selftest.hearing import CRITERIA, REFUSED
from genbench.selftest.plant import Heard, PlantSpec, Scene, Silent, Trial, plant, probe_of
from genbench.selftest.rows import Demand, Row, demands
from genbench.selftest.trials import probe_by_id


def specs() -> dict[str, PlantSpec]:
    return {id: entry.load().__genbench__ for id, entry in catalogue("plant").items()}


def metrics() -> dict[str, Metric]:
    return {
        f"{id}.{name}": metric for id in catalogue("probe") for name, metric in probe_by_id(id).spec.reports.items()
    }


def test_every_probe_has_a_plant_that_it_must_hear_and_a_null_at_which_it_must_be_silent():
    heard = {d.probe for spec in specs().values() for d in demands(spec) if d.want == "heard"}
    silent = {d.probe for spec in specs().values() for d in demands(spec) if d.want == "silent"}
    assert set(catalogue("probe")) - heard == set()
    assert set(catalogue("probe")) - silent == set()


def test_every_metric_that_can_alarm_is_listened_to_at_a_null():
    """An alarm that nobody ever tried on nothing may be false as often as it likes."""
    listened = {d.metric for spec in specs().values() for d in demands(spec) if d.want == "silent" and d.how == "alarm"}
    alarming = {id for id, metric in metrics().items() if metric.tolerance is not None and not metric.context}
    assert alarming - listened == set()


def test_plants_name_only_metrics_probes_and_criteria_that_exist():
    known = metrics()
    for id, spec in specs().items():
        for demand in demands(spec):
            assert demand.metric in known, id
            assert demand.how in CRITERIA or demand.how.startswith(REFUSED), id
    assert {id for case in cases() for id in case.probes} <= set(catalogue("probe"))


def test_an_alarm_is_expected_only_of_metrics_with_a_limit():
    known = metrics()
    asked = [d for spec in specs().values() for d in demands(spec) if d.how == "alarm"]
    assert [d.metric for d in asked if known[d.metric].tolerance is None] == []


def test_weaker_doses_are_shown_and_stronger_ones_demanded():
    spec = PlantSpec((0, 1, 2), (Heard("a.b.c", since=1),), (Silent("a.b.c", at=(0,)), Silent("a.b.d")), 3, 9)
    assert [(d.dose, d.metric[-1], d.want) for d in demands(spec)] == [
        (0, "c", "silent"), (0, "d", "silent"), (1, "c", "heard"), (1, "d", "silent"), (2, "c", "heard"),
        (2, "d", "silent"),
    ]  # fmt: skip
    assert spec.probes == ("a.b",) == (probe_of("a.b.c"),)


def test_a_dose_that_is_not_planted_cannot_be_expected():
    with pytest.raises(ValueError, match=r"a\.b\.c is expected at 3, which is no dose of \[0, 1\]"):
        plant(doses=(0, 1), must_stay_silent=(Silent("a.b.c", at=(3,)),))
    with pytest.raises(ValueError, match="either `since` a dose or `at` some"):
        plant(doses=(0, 1), must_hear=(Heard("a.b.c"),))


@pytest.mark.parametrize(
    ("want", "heard", "trials", "lost", "held"),
    [
        ("heard", 8, 10, 0, True),
        ("heard", 7, 10, 0, True),  # not clearly fewer than 8
        ("heard", 4, 10, 0, False),
        ("heard", 0, 2, 0, False),
        ("silent", 0, 10, 0, True),
        ("silent", 1, 10, 0, True),  # one of ten is not clearly more than 5 %
        ("silent", 4, 10, 0, False),
        ("silent", 0, 10, 3, False),  # a silence without scores is none
        ("silent", 60, 1000, 0, True),
        ("silent", 80, 1000, 0, False),
        ("shown", 10, 10, 0, True),
    ],
)
def test_when_a_row_holds(want, heard, trials, lost, held):
    row = Row("p", Demand("a.b.c", 0, "alarm", want, 0.8 if want == "heard" else 0.05), heard, trials, lost)
    assert row.held is held
    assert isinstance(row.interval, Interval)
    assert row.plain()["held"] is held


def test_a_plants_function_carries_what_it_says():
    @plant(doses=(0, 1), must_hear=(Heard("a.b.c", since=1),), trials=3)
    def nothing(dose: int, trial: Trial) -> Scene:
        return Scene({})

    assert nothing.__genbench__.trials == 3
    assert nothing.__genbench__.must_hear[0].power == 0.8
