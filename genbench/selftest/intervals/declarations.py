"""Intervals of what files say of their own origin."""

from __future__ import annotations

from genbench.selftest.coverage import Case, by_probe, planted
from genbench.selftest.plants.files_marked import C2PA, EITHER, IPTC, files_marked

_marked = planted(files_marked, 0.3)

CASES = (
    Case("Wilson", "0.3 of files bear a manifest", 0.3, by_probe(C2PA, _marked), (C2PA,)),
    Case("Wilson", "0.22 of files state a trained model", 0.22, by_probe(IPTC, _marked), (IPTC,)),
    Case("Wilson", "0.37 of files bear either", 0.37, by_probe(EITHER, _marked), (EITHER,)),
)
