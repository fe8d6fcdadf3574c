"""Statistics of a folder's features in one file: mean, covariance, count, and what they were made with.

Ours are safetensors with metadata. The `.npz` of pytorch-fid and clean-fid hold mu and sigma and say nothing of
how they were made, so they compare with nothing until somebody vouches for them.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from genbench.core.errors import ResultsError
from genbench.core.version import __version__
from genbench.results.evidence_files import write_whole
from genbench.stats.moments import Moments

FORMAT = "genbench statistics 1"
UNKNOWN = "unknown"
# What must be equal for a distance between two files to mean anything.
MARKS = ("lens", "weights", "settings", "resize", "dtype")


@dataclass(frozen=True, eq=False)
class Statistics:
    """moments, and marks: lens (its id), weights (their digest), settings (JSON), resize, dtype; UNKNOWN if unsaid.

    facts: what else a reader may want: source, what was set aside, the version that wrote it.
    """

    moments: Moments
    marks: Mapping[str, str]
    facts: Mapping[str, str]


def write_statistics(path: Path, made: Statistics) -> None:
    """All or nothing. `ResultsError` where the name does not end in .safetensors."""
    if path.suffix != ".safetensors":
        raise ResultsError(f"{path.name}: a statistics file's name ends in .safetensors")
    moments = made.moments
    arrays = {"mean": np.ascontiguousarray(moments.mean), "covariance": np.ascontiguousarray(moments.covariance)}
    count = UNKNOWN if moments.n is None else str(moments.n)
    facts = {**made.facts, "genbench": __version__}
    raw = save(arrays, {"format": FORMAT, "n": count, **made.marks, "facts": json.dumps(facts, sort_keys=True)})
    write_whole(path, raw)


def read_statistics(path: Path) -> Statistics:
    """From .safetensors of ours, or .npz of pytorch-fid or clean-fid. `ResultsError` says what is wrong with a file."""
    if not path.is_file():
        raise ResultsError(f"there is no file {path}")
    if path.suffix not in (".safetensors", ".npz"):
        raise ResultsError(f"{path}: a statistics file is .safetensors, or .npz with mu and sigma")
    return _from_safetensors(path) if path.suffix == ".safetensors" else _from_npz(path)


def differences(a: Statistics, b: Statistics) -> list[str]:
    """What forbids to compare: one line for every mark that differs or that nobody wrote down. Empty if alike."""
    found = []
    for mark in MARKS:
        x, y = a.marks.get(mark, UNKNOWN), b.marks.get(mark, UNKNOWN)
        if UNKNOWN in (x, y):
            found.append(f"{mark}: {x} against {y}, and what is unknown may differ")
        elif x != y:
            found.append(f"{mark}: {x} against {y}")
    return found


def _from_safetensors(path: Path) -> Statistics:
    try:
        with safe_open(path, framework="np") as handle:
            said = handle.metadata() or {}
            if said.get("format") != FORMAT:
                raise ResultsError(
                    f"{path} is no statistics file: its format is {said.get('format')!r}, not {FORMAT!r}"
                )
            mean, covariance = handle.get_tensor("mean"), handle.get_tensor("covariance")
        count = said.get("n", UNKNOWN)
        moments = _moments(mean, covariance, _count(count, path), path)
        facts = {str(k): str(v) for k, v in json.loads(said.get("facts", "{}")).items()}
    except (SafetensorError, KeyError, ValueError, AttributeError) as error:
        raise ResultsError(f"{path} cannot be read as statistics: {error}") from error
    return Statistics(moments, {mark: said.get(mark, UNKNOWN) for mark in MARKS}, facts)


def _count(said: str, path: Path) -> int | None:
    if said == UNKNOWN:
        return None
    if not said.isdecimal() or int(said) < 2:
        raise ResultsError(f"{path}: a count is a whole number from 2, got {said!r}")
    return int(said)


def _from_npz(path: Path) -> Statistics:
    """mu and sigma. Never unpickled: an array of objects is refused by numpy."""
    try:
        with np.load(path, allow_pickle=False) as held:
            if missing := [name for name in ("mu", "sigma") if name not in held]:
                raise ResultsError(f"{path} has no array {missing[0]!r}; it has {', '.join(held.files) or 'none'}")
            mean, covariance = held["mu"], held["sigma"]
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise ResultsError(f"{path} cannot be read as statistics: {error}") from error
    moments = _moments(mean, covariance, None, path)
    return Statistics(moments, dict.fromkeys(MARKS, UNKNOWN), {"source": "an .npz, which does not say how it was made"})


def _moments(mean: np.ndarray, covariance: np.ndarray, n: int | None, path: Path) -> Moments:
    """Only what can be a mean and a covariance; float64."""
    if mean.dtype.kind not in "fiu" or covariance.dtype.kind not in "fiu":
        raise ResultsError(f"{path}: mean and covariance must be numbers, got {mean.dtype} and {covariance.dtype}")
    if mean.ndim != 1 or covariance.shape != (len(mean), len(mean)) or not len(mean):
        raise ResultsError(f"{path}: mean {mean.shape} and covariance {covariance.shape} do not belong together")
    for name, array in (("mean", mean), ("covariance", covariance)):
        if not np.isfinite(array).all():
            at = np.argwhere(~np.isfinite(array))[0].tolist()
            raise ResultsError(f"{path}: the {name} holds NaN or infinity, first at {at}")
    if not np.allclose(covariance, covariance.T, rtol=1e-6, atol=1e-9 * float(np.abs(covariance).max())):
        raise ResultsError(f"{path}: the covariance is not symmetric")
    return Moments(mean.astype(np.float64), covariance.astype(np.float64), n)
