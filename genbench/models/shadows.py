"""A model of any family, with shadow models of the same kind beside it, for attacks that compare an item's scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from genbench.core.data import Item
from genbench.core.evidence import LogProbs, ShadowLogProbs
from genbench.core.model import Density, family
from genbench.models._shadowing import TrainsShadows


@family(modality="any", cites=["Shokri et al. 2017, arXiv:1610.05820", "Carlini et al. 2022, arXiv:2112.03570"])
class Shadows(TrainsShadows):
    """The model that `family` with `settings` would be, and `models` others, each fitted on half of train + held-out.

    Whose log-probabilities are asked for is the same model that the family alone would give with this seed: list it
    beside this one, and spend the shadows on `memorization.shadow_membership` alone. The others come in twos that share
    the items between them, equal items on one side, so each item is inside half of them. They stop on the reserve split
    where there is one, else on the half they do not learn from. Costs `models` further trainings. What has no
    log-probability but a discriminator, such as `gan`, has its shadows in `shadow_discriminators`.
    """

    scores = Density

    def log_prob(self, items: Sequence[Item]) -> LogProbs:
        """The model's own."""
        found: LogProbs = self.fitted[0].log_prob(items)
        return found

    def shadow_log_probs(self, items: Sequence[Item]) -> ShadowLogProbs:
        """Its own and its shadows'. An item that was in neither split is inside none."""
        own = self.log_prob(items)
        beside = self._beside(items, lambda model: (own if model is self.fitted[0] else model.log_prob(items)).nats)
        return replace(beside, counts=own.counts)
