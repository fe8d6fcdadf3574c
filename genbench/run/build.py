"""From a planned model or lens to one that works: loaded, fitted or restored, and named by its content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from genbench.core.chance import derive
from genbench.core.data import Dataset, Item
from genbench.core.digest import digest
from genbench.core.lens import LearnsFromData, identity_of
from genbench.core.model import Fittable, Persistent, Placeable, Receives, Remote, Stands, Tick, Training
from genbench.data._declared import SILENT, Declaration
from genbench.data._encoders import Encoder
from genbench.data._sniff import read_outputs
from genbench.run.account import Account
from genbench.run.compute import count_parameters, count_training
from genbench.run.environment import made_with
from genbench.run.plan import PlannedLens, PlannedModel
from genbench.run.voice import Voice


@dataclass(frozen=True, eq=False)
class BuiltModel:
    """A working model. `digest` names its behaviour: code, settings and weights.

    fit: names the weights it learned, which models may share that differ in what comes after; "" where none. outputs:
    given, not sampled. encoders: what wrote each of these, where any lost detail. declared: what the file of each says
    of it, where each lies in a file of its own.
    """

    planned: PlannedModel
    object: Any
    digest: str
    fit: str = ""
    outputs: Sequence[Item] | None = None
    encoders: tuple[Encoder, ...] = ()
    declared: tuple[Declaration, ...] = ()


@dataclass(frozen=True, eq=False)
class BuiltLens:
    """A working lens, named by its code, settings and what it learned or loaded."""

    planned: PlannedLens
    object: Any
    digest: str


def build_model(planned: PlannedModel, data: Dataset | None, device: str, account: Account, voice: Voice) -> BuiltModel:
    """The model, fitted on the data's train split if it learns, or restored if just that fit was made before.

    What a fit does not read, such as the steps of a sample, names the model and not its fit.
    """
    family = planned.entry.load()(**planned.settings)
    model = family.unwrap() if isinstance(family, Stands) else family
    if isinstance(model, Remote):
        model.keep_in(account.cache.root)
    recipe: list[Any] = ["model", planned.entry.id, planned.entry.code, planned.of_fit]
    recipe += [identity_of(model), made_with()]
    if isinstance(model, Placeable):
        model.place(device)
        recipe.append(device.split(":")[0])
    fit = ""
    outputs: Sequence[Item] | None = None
    encoders: tuple[Encoder, ...] = ()
    declared: tuple[Declaration, ...] = ()
    if isinstance(model, Receives):
        like = data.items[0] if data is not None else None
        read = read_outputs(str(planned.settings["path"]), planned.modality, like)
        for spoiled in read.quarantined:
            voice.warn(f"{planned.name}: set aside {spoiled.path}: {spoiled.reason}")
        for fact in ("resized", "grey made colour", "colour made grey"):
            if fact in read.facts:
                voice.warn(f"{planned.name}: {read.facts[fact]}, as the data they are compared with")
        if "metadata not read" in read.facts:
            voice.warn(f"{planned.name}: provenance metadata not read of {read.facts['metadata not read']}")
        account.folder.append_event("quarantined", owner=planned.name, files=[asdict(q) for q in read.quarantined])
        outputs, encoders, declared = read.items, read.encoders, read.declared
        model.receive(outputs)
        recipe.append(read.digest)
        if encoders:  # what they are compared with depends on them
            recipe.append(encoders)
        if set(declared) - {SILENT}:  # a file that is stripped of what it says is another output
            recipe.append(declared)
    elif isinstance(model, Fittable):
        if data is None:
            raise ValueError(f"model {planned.name!r} learns from data: give it `data`")
        recipe += [splits_digest(data), planned.seed]
        fit = _fitted(planned, model, data, device, recipe, account, voice)
        recipe.append(fit)
    recipe.append(planned.after_fit)
    if account.counts:
        count_parameters(planned.name, model, account)
    return BuiltModel(planned, model, digest(recipe), fit, outputs, encoders, declared)


def _fitted(
    planned: PlannedModel, model: Any, data: Dataset, device: str, recipe: list[Any], account: Account, voice: Voice
) -> str:
    """Fits, or restores, `model` in place; the digest of its weights."""
    with voice.bar(f"{planned.name}: training") as tell:

        def fit() -> tuple[dict[str, np.ndarray], dict[str, Any]]:
            seed_everything(derive(planned.seed, "fit", planned.entry.id))
            training = Training(planned.seed, device, lambda tick: tell(tick.step, tick.steps, _losses(tick)))
            history = model.fit(data, training)
            arrays, meta = model.state() if isinstance(model, Persistent) else ({}, {})
            return arrays, {"model": meta, "history": asdict(history)}

        if isinstance(model, Persistent):
            arrays, meta = account.make(["fit", recipe], "train", planned.name, fit)
            model.restore(arrays, meta["model"])
            if isinstance(model, Placeable):
                model.place(device)
        else:
            arrays, meta = account.spend(["fit", recipe], "train", planned.name, fit)
    account.folder.append_event("fit", model=planned.name, **meta["history"])
    if account.counts:
        count_training(planned, data, device, recipe, meta["history"], account)
    return digest(arrays, meta["model"]) if arrays or meta["model"] else digest(recipe)


def build_lens(planned: PlannedLens, data: Dataset, seed: int, device: str, account: Account) -> BuiltLens:
    """The lens, having learned from the data's train split if it does."""
    lens = planned.entry.load()(**planned.settings)
    if isinstance(lens, Remote):
        lens.keep_in(account.cache.root)
        account.folder.append_event("vouched", owner=planned.id, **lens.vouched())
    recipe: list[Any] = ["lens", planned.id, planned.entry.code, planned.settings, identity_of(lens), made_with()]
    if isinstance(lens, Placeable):
        lens.place(device)
        recipe.append(device.split(":")[0])
    if isinstance(lens, LearnsFromData):
        recipe += [splits_digest(data), seed]

        def learn() -> tuple[dict[str, np.ndarray], dict[str, Any]]:
            seed_everything(derive(seed, "lens", planned.id))
            lens.learn(data, seed)
            arrays, meta = lens.state()
            return arrays, dict(meta)

        arrays, meta = account.make(["learn", recipe], "lens", "", learn)
        lens.restore(arrays, meta)
        recipe.append(digest(arrays, meta))
    return BuiltLens(planned, lens, digest(recipe))


def splits_digest(data: Dataset) -> str:
    """Names the dataset's content together with who is in which split."""
    return digest(data.digest, data.splits)


def seed_everything(seed: int) -> None:
    """Seeds the global generators that libraries fall back on; our own code takes its chance explicitly."""
    import random

    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed % 2**63)


def _losses(tick: Tick) -> str:
    return " ".join(f"{name} {value:.3f}" for name, value in tick.losses.items())
