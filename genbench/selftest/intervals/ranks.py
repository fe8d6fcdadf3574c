"""The interval of a detector of token ranks, where outputs rank as real items do."""

from genbench.selftest.coverage import Case, by_probe, planted
from genbench.selftest.plants.commoner_tokens import commoner_tokens

CASES = (
    Case("DeLong of a detector", "outputs whose tokens rank as those of real items", 0.5,
         by_probe("misuse.rank_tell.auc", planted(commoner_tokens, "as they are")), ("misuse.rank_tell.auc",)),
)  # fmt: skip
