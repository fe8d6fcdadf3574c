"""How many floating-point operations a model's training and sampling take, and how many parameters it has.

Counting slows the work by half or more, and moves the last digits of what is learned, as gradients are then kept
elsewhere in memory. So nothing that is measured or kept is counted: a **rehearsal** is. A second object of the family
begins the same fit, from the same seed, and is given up once a stretch between two of its records was counted; a batch
of samples is drawn a second time. The harness is charged with both.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from genbench.core.data import Dataset
from genbench.core.model import Placeable, Stands, Tick, Training
from genbench.run.account import Account
from genbench.run.plan import PlannedModel

LEAST_STEPS = 32  # counted at least: what is done at every 16th step only is then counted in its share


@dataclass(frozen=True)
class Counted:
    """flop: of one unit (a step of training, a sample); None where it was not counted, and `how` says why.

    how: over which stretch it was counted. uncounted: heavy operations without a formula, which are not in it.
    """

    flop: float | None
    how: str
    uncounted: tuple[str, ...] = ()


class Enough(Exception):
    """A rehearsal has been counted, and need not go on."""


class Stretch:
    """Counts from a fit's first record to the first that comes `LEAST_STEPS` later, evaluation at records included."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        self.first: Tick | None = None
        self.last: Tick | None = None
        self.flop = 0

    def hear(self, tick: Tick) -> None:
        """Told of every record of the fit."""
        if self.first is None:
            self.first = tick
            self.clock.__enter__()
            return
        self.last, self.flop = tick, self.clock.flop
        if tick.step - self.first.step >= LEAST_STEPS:
            raise Enough

    def close(self) -> None:
        """Stops counting, however the fit ended."""
        if self.first is not None:
            self.clock.__exit__(None, None, None)

    def result(self) -> Counted:
        if self.first is None or self.last is None or self.last.step <= self.first.step:
            return Counted(None, "the fit tells of too few steps to count one")
        steps = self.last.step - self.first.step
        uncounted = tuple(sorted(self.clock.uncounted))
        if self.flop == 0:
            return Counted(None, "no product of matrices was carried out in torch", uncounted)
        how = f"steps {self.first.step + 1:,} to {self.last.step:,} of a rehearsal"
        return Counted(self.flop / steps, how, uncounted)


def count_training(
    planned: PlannedModel, data: Dataset, device: str, recipe: Any, history: Mapping[str, Any], account: Account
) -> None:
    """Notes the operations of one step and of all steps that were done."""
    ticks = history.get("ticks", ())
    steps = int(ticks[-1]["step"]) if ticks else 0

    def rehearse() -> Counted:
        if not steps:
            return Counted(None, "nothing is learned in steps, so that none can be counted")
        if ticks[0]["losses"] and not ticks[0]["losses"].keys() & ticks[-1]["losses"].keys():
            return Counted(None, "the fit has several phases, and what begins it does not stand for the rest")
        family = planned.entry.load()(**planned.settings)
        if isinstance(family, Stands):
            return Counted(None, "a user's own object is fitted once and not rehearsed")
        return _rehearsed(family, planned, data, device)

    found = _kept(account, ["flop of training", recipe], planned.name, rehearse)
    account.tell_compute(planned.name, "training", {**asdict(found), "units": steps, "unit": "step"})


def count_sampling(
    source: Any, owner: str, model: Any, inputs: Sequence[Any], work: Callable[[Sequence[Any]], Any], account: Account
) -> None:
    """Notes the operations of one sample, by drawing `inputs` (a batch, as the run draws) again."""
    from genbench.meters.flop import FlopCount

    def draw() -> Counted:
        if not modules(model):
            return Counted(None, "the model holds no torch module")
        with FlopCount() as clock:
            work(inputs)
        uncounted = tuple(sorted(clock.uncounted))
        if clock.flop == 0:
            return Counted(None, "no product of matrices was carried out in torch", uncounted)
        return Counted(clock.flop / len(inputs), f"{len(inputs):,} drawn again", uncounted)

    found = _kept(account, ["flop of sampling", source], owner, draw)
    account.tell_compute(owner, "sampling", {**asdict(found), "units": 1000, "unit": "sample"})


def count_parameters(owner: str, model: Any, account: Account) -> None:
    """Notes how many parameters the model's torch modules hold, each tensor once."""
    found = {id(weight): weight.numel() for module in modules(model) for weight in module.parameters()}
    how = "every weight of its torch modules, once" if found else "the model holds no torch module with weights"
    account.tell_compute(owner, "parameters", {"count": sum(found.values()) if found else None, "how": how})


def modules(model: Any) -> list[Any]:
    """The torch modules that an object is or holds."""
    from torch import nn

    held = vars(model).values() if hasattr(model, "__dict__") else ()
    return [thing for thing in (model, *held) if isinstance(thing, nn.Module)]


@contextmanager
def chance_as_it_was() -> Iterator[None]:
    """Gives Python's, NumPy's and torch's global generators back as they were, so that counting changes no number."""
    import torch

    python, numpy = random.getstate(), np.random.get_state()
    with torch.random.fork_rng():
        yield
    random.setstate(python)
    np.random.set_state(numpy)


def _rehearsed(family: Any, planned: PlannedModel, data: Dataset, device: str) -> Counted:
    from genbench.meters.flop import FlopCount

    if isinstance(family, Placeable):
        family.place(device)
    stretch = Stretch(FlopCount())
    with chance_as_it_was():
        try:
            family.fit(data, Training(planned.seed, device, stretch.hear))
        except Enough:
            pass
        finally:
            stretch.close()
    return stretch.result()


def _kept(account: Account, recipe: Any, owner: str, count: Callable[[], Counted]) -> Counted:
    """Counted once per recipe, across runs. A count that breaks is none, and breaks nothing else."""

    def plain() -> list[Any]:
        found = count()
        return [found.flop, found.how, list(found.uncounted)]

    try:
        flop, how, uncounted = account.make(recipe, "count", owner, plain)
    except Exception as error:
        return Counted(None, f"counting failed: {type(error).__name__}: {error}")
    return Counted(flop, how, tuple(uncounted))
