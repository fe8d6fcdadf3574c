"""A statistics file brings back what was written, says what is wrong with another, and tells unlike ones apart."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from genbench.core.errors import ResultsError
from genbench.results.statistics_file import MARKS, Statistics, differences, read_statistics, write_statistics
from genbench.stats.moments import Moments

KNOWN = {"lens": "image.inception", "weights": "6726825d", "settings": "{}", "resize": "clean", "dtype": "float32"}


def statistics(d=3, **marks):
    rows = np.random.default_rng(0).normal(size=(20, d))
    return Statistics(Moments(rows.mean(0), np.cov(rows, rowvar=False), 20), {**KNOWN, **marks}, {"source": "photos"})


def test_what_was_written_comes_back(tmp_path):
    made = statistics()
    write_statistics(tmp_path / "x.safetensors", made)
    found = read_statistics(tmp_path / "x.safetensors")
    assert np.array_equal(found.moments.mean, made.moments.mean)
    assert np.array_equal(found.moments.covariance, made.moments.covariance)
    assert (found.moments.n, found.marks, found.facts["source"]) == (20, KNOWN, "photos")


def test_npz_of_other_tools_is_read_and_claims_nothing(tmp_path):
    made = statistics().moments
    np.savez_compressed(tmp_path / "x.npz", mu=made.mean, sigma=made.covariance.astype(np.float32))
    found = read_statistics(tmp_path / "x.npz")
    assert found.moments.mean == pytest.approx(made.mean)
    assert found.moments.n is None
    assert set(found.marks.values()) == {"unknown"}
    assert len(differences(found, found)) == len(MARKS)  # two unknowns may differ


@pytest.mark.parametrize("mark", MARKS)
def test_each_mark_that_differs_is_named(mark):
    assert differences(statistics(), statistics()) == []
    told = differences(statistics(), statistics(**{mark: "another"}))
    assert len(told) == 1
    assert told[0].startswith(f"{mark}: ")


def test_what_is_no_statistics_file_is_refused_by_name(tmp_path):
    made = statistics().moments
    spoiled = made.covariance.copy()
    spoiled[1, 2] = np.nan
    cases = {
        "a.npz": ({"mu": made.mean}, "no array 'sigma'; it has mu"),
        "b.npz": ({"mu": made.mean, "sigma": spoiled}, r"covariance holds NaN or infinity, first at \[1, 2\]"),
        "c.npz": ({"mu": made.mean[:2], "sigma": made.covariance}, "do not belong together"),
        "d.npz": ({"mu": made.mean, "sigma": np.triu(made.covariance)}, "not symmetric"),
        "e.npz": ({"mu": made.mean, "sigma": made.covariance.astype(object)}, "cannot be read as statistics"),
    }
    for name, (arrays, why) in cases.items():
        np.savez(tmp_path / name, **arrays)
        with pytest.raises(ResultsError, match=why):
            read_statistics(tmp_path / name)
    save_file({"mean": made.mean}, tmp_path / "f.safetensors")
    with pytest.raises(ResultsError, match="is no statistics file"):
        read_statistics(tmp_path / "f.safetensors")
    (tmp_path / "g.npz").write_bytes(b"not a zip")
    with pytest.raises(ResultsError, match="cannot be read"):
        read_statistics(tmp_path / "g.npz")
    with pytest.raises(ResultsError, match="there is no file"):
        read_statistics(tmp_path / "h.npz")
    with pytest.raises(ResultsError, match=r"ends in \.safetensors"):
        write_statistics(tmp_path / "x.npy", statistics())
