"""The table's rows: what work, by whose code on either side, and how many times as fast it is meant to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """ours / theirs: a work's name and settings on either side; target: the least ratio of their time to ours.

    agree: a fact both sides give, and the relative difference it may have. most_error, most_above_mb: what our side may
    show of the relative error of features and of memory above the inputs.
    """

    work: str
    peer: str
    target: float
    ours: tuple[str, Mapping[str, Any]]
    theirs: tuple[str, Mapping[str, Any]]
    agree: tuple[str, float] | None = None
    most_error: float | None = None
    most_above_mb: float | None = None
    once: bool = False  # takes minutes: one turn, and none before it to warm up
    flat: Mapping[str, Any] | None = None  # settings of a smaller run of ours, whose memory this may not clearly exceed
    package: str = ""  # the distribution that must be there, where it is not the peer's own name


def rows(weights: str, expected: str, root: str, *, quick: bool, files: int = 10_000) -> list[Row]:
    """All of them. quick: sizes that end within a few minutes and show the same ratios more roughly.

    files: JPEGs in the folder, if not quick; at 10,000 both sides together take three quarters of a core's hour.
    """
    n, crowd, files, d = (16, 3000, 64, 1024) if quick else (64, 10_000, files, 2048)
    embed = {"weights": weights, "n": n}
    fp32 = {**embed, "precision": "float32", "expected": expected}
    bf16 = {**embed, "precision": "bfloat16", "expected": expected}
    found = [
        Row(f"Inception, {n} images at 299, fp32", peer, target, ("embed", fp32), ("embed", {**embed, "peer": peer}),
            most_error=1e-5)
        for peer, target in (("torch-fidelity", 2.0), ("pytorch-fid", 2.0), ("clean-fid", 1.7))
    ]  # fmt: skip
    found.append(
        Row(f"Inception, {n} images at 299, bf16", "torch-fidelity", 4.0, ("embed", bf16),
            ("embed", {**embed, "peer": "torch-fidelity"}), most_error=3e-2)
    )  # fmt: skip
    many, few = {"n": 4 * d, "d": d}, {"n": 500 if d == 2048 else d // 4, "d": d}
    sqrtm = "pytorch-fid"
    for peer, target in ((f"{sqrtm} (scipy's sqrtm)", 20.0), ("torch-fidelity", 4.0)):
        name = sqrtm if "sqrtm" in peer else peer
        found.append(
            Row(f"Fréchet from moments, d = {d}", peer, target, ("frechet", many),
                ("frechet", {**many, "peer": name}), agree=("value", 1e-6), package=name)
        )  # fmt: skip
    for size, target, within in ((many, 1.0, 1e-6), (few, 20.0, 1e-2)):
        found.append(
            Row(f"Fréchet of {size['n']:,} rows, d = {d}, with bias and standard error", f"{sqrtm}, value alone",
                target, ("frechet_rows", size), ("frechet_rows", size), agree=("value", within), package=sqrtm)
        )  # fmt: skip
    found += [
        Row(f"PRDC, {crowd:,} x {crowd:,}, d = 2048, exact", "prdc", 3.0, ("prdc", {"n": crowd, "d": 2048, "k": 5}),
            ("prdc", {"n": crowd, "d": 2048, "k": 5}), agree=("coverage", 1e-9), most_above_mb=300.0, once=not quick),
        Row(f"folder of {files:,} JPEGs of 256 x 256 to statistics", "clean-fid", 1.5,
            ("folder", {"weights": weights, "root": root, "n": files, "side": 256}),
            ("folder", {"weights": weights, "root": root, "n": files, "side": 256, "workers": 2}),
            agree=("trace", 1e-3), once=not quick,
            flat={"weights": weights, "root": root, "n": files // 4, "side": 256}),
    ]  # fmt: skip
    return found
