"""Evidence is made once and named by what made it: shared where that is the same, never where only a name is."""

import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from genbench.core.errors import ModelError
from genbench.core.score import Failed, Score, Skipped

DIGITS = {"digits": "digits"}


def distance(run, model: str = "") -> float:
    (found,) = [s for s in run.measured if s.metric == "mmd2" and (not model or s.model == model)]
    return found.estimate.value


def test_two_models_under_one_name_share_nothing_and_one_under_two_names_shares_all(run_of) -> None:
    honest = {"name": "same", "family": "copycat", "data": "digits", "settings": {"rate": 0.0}}
    thief = {**honest, "settings": {"rate": 1.0}}
    first = run_of(n=60, data=DIGITS, models=[honest], probes=["quality.kernel"])
    second = run_of(n=60, data=DIGITS, models=[thief], probes=["quality.kernel"])
    assert distance(first) != distance(second)
    twin = run_of(n=60, data=DIGITS, models=[honest, {**honest, "name": "twin"}], probes=["quality.kernel"])
    assert distance(twin, "same") == distance(twin, "twin") == distance(first)
    costs = {(e["owner"], e["stage"]["name"]): e["stage"]["cached"] for e in twin.events("cost")}
    assert costs["same", "sample"] is True
    assert costs["twin", "sample"] is True  # each owner is told what its evidence did cost


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"n": 61}, {"data": {"digits": {"source": "digits", "seed": 3}}}],
)
def test_a_change_of_seed_size_or_data_makes_other_evidence(change: dict[str, object], run_of) -> None:
    parts = {
        "n": 60,
        "data": DIGITS,
        "models": [{"name": "noise", "family": "gaussian", "data": "digits"}],
        "probes": ["quality.kernel"],
    }
    assert distance(run_of(**parts)) != distance(run_of(**{**parts, **change}))


def test_a_changed_source_of_the_users_model_is_another_model(
    run_of, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    parts = {
        "n": 60,
        "data": DIGITS,
        "models": [{"name": "mine", "python": "my_model:sample", "data": "digits"}],
        "probes": ["quality.kernel"],
    }
    found = []
    for level in (0, 200):
        (tmp_path / "my_model.py").write_text(
            textwrap.dedent(f"""
            import numpy as np
            def sample(seeds):
                return [np.full((8, 8, 1), ({level} + s) % 256, np.uint8) for s in seeds]
            """)
        )
        sys.modules.pop("my_model", None)
        found.append(distance(run_of(**parts)))
    assert found[0] != found[1]


def test_all_probes_of_a_model_share_one_draw(run_of) -> None:
    run = run_of(
        n=60,
        data=DIGITS,
        models=[{"name": "noise", "family": "gaussian", "data": "digits"}],
        probes=["quality.*", "memorization.duplicates", "misuse.detectability"],
    )
    drawn = [stage for _, stage in run.stages() if stage.name == "sample"]
    assert [stage.samples for stage in drawn] == [60]


class Broken:
    """A user's model whose every draw fails."""

    def sample(self, seeds: list[int]) -> list[np.ndarray]:
        raise RuntimeError("the weights are gone")


def test_a_failing_model_is_failed_with_its_traceback_and_the_rest_goes_on(run_of, monkeypatch) -> None:
    from genbench.run import inline

    monkeypatch.setitem(inline._held, "broken", Broken())
    run = run_of(
        n=60,
        data=DIGITS,
        models=[
            {"name": "broken", "python": "genbench.run.inline:broken", "data": "digits"},
            {"name": "noise", "family": "gaussian", "data": "digits"},
        ],
        probes=["quality.kernel", "memorization.gap"],
    )
    failed = [o for o in run.outcomes if isinstance(o, Failed)]
    assert [(f.model, f.probe, f.error) for f in failed] == [
        ("broken", "quality.kernel", "RuntimeError: the weights are gone")
    ]
    assert "in sample" in failed[0].traceback
    assert {o.model for o in run.outcomes if isinstance(o, Score)} == {"noise"}
    assert any(isinstance(o, Skipped) and o.model == "broken" and o.planned for o in run.outcomes)
    assert run.status == "finished"


def test_a_dataset_that_cannot_be_read_fails_the_cells_that_need_it_alone(run_of, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n torn")
    run = run_of(
        n=40,
        data={**DIGITS, "torn": {"source": "image_folder", "path": str(folder)}},
        models=[
            {"name": "lost", "family": "gaussian", "data": "torn"},
            {"name": "noise", "family": "gaussian", "data": "digits"},
        ],
        probes=["quality.kernel"],
    )
    (failed,) = run.failed
    assert failed.model == "lost"
    assert "torn.png" in failed.error
    assert [s.model for s in run.measured] == ["noise"]


def test_evaluate_takes_any_object_and_leaves_no_trace_of_it(tmp_path: Path, monkeypatch) -> None:
    import genbench as gb
    from genbench.run import inline

    monkeypatch.setenv("GENBENCH_HOME", str(tmp_path))

    class Grey:
        def sample(self, seeds: list[int]) -> list[np.ndarray]:
            return [np.random.default_rng(s).integers(0, 256, (8, 8, 1), np.uint8) for s in seeds]

    run = gb.evaluate(Grey(), data="digits", probes=["quality.kernel", "memorization.duplicates"], n=60)
    frame = run.scores()
    assert set(frame["model"]) == {"Grey"}
    assert set(frame["id"]) == {
        "quality.kernel.mmd2", "memorization.duplicates.of_train", "memorization.duplicates.within_output",
    }  # fmt: skip
    assert not inline._held
    assert gb.load("latest").path == run.path
    with pytest.raises(ModelError, match="no capability"):
        gb.evaluate(3, data="digits", n=60)
