"""A GAN with shadow GANs beside it, for attacks that compare what their discriminators hold of an item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from genbench.core.data import Item
from genbench.core.evidence import ShadowLogProbs, Verdicts
from genbench.core.model import Discriminates, family
from genbench.models._shadowing import TrainsShadows


@family(
    modality="any",
    cites=[
        "Hayes et al. 2017, arXiv:1705.07663 (LOGAN)",
        "Carlini et al. 2022, arXiv:2112.03570 (LiRA, on logits)",
        "Shokri et al. 2017, arXiv:1610.05820 (shadow models)",
    ],
)
class ShadowDiscriminators(TrainsShadows):
    """What `shadows` is to a density, for a family that keeps its discriminator: `models` others learn from halves.

    Whose verdicts are asked for is the same model that the family alone would give with this seed: list it beside this
    one, and spend the shadows on `memorization.shadow_membership` alone. An item's score is what the discriminator says
    of it. Of `gan` and `stylegan2` that is its logit of being real, as LiRA takes a classifier's, and at the optimum of
    the game log p(x) of the data past log p(x) of the generator. Of `wgan_gp` it is the critic's value past that of
    outputs, on a scale of its own: enough for LiRA, and no probability for RMIA, which is then left out. Trainings of a
    game differ much: a GAN that stopped early may be told better by its discriminator alone
    (`memorization.discriminator_membership`). Costs `models` further trainings.
    """

    scores = Discriminates

    def discriminate(self, items: Sequence[Item]) -> Verdicts:
        """The model's own."""
        found: Verdicts = self.fitted[0].discriminate(items)
        return found

    def shadow_log_probs(self, items: Sequence[Item]) -> ShadowLogProbs:
        """Its own verdicts and its shadows'. An item that was in neither split is inside none."""
        own = self.discriminate(items)
        beside = self._beside(
            items, lambda model: (own if model is self.fitted[0] else model.discriminate(items)).scores
        )
        return replace(beside, definition=own.definition)
