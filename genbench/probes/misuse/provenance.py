"""Do the outputs' own files say that a machine made them?"""

from __future__ import annotations

from collections import Counter

import numpy as np
from jaxtyping import Bool

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Declared
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Json, Metric
from genbench.stats.intervals import wilson

MADE = "trainedAlgorithmicMedia"  # http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia
NAMED = 5
STRIPPED = "Present is not valid: no signature is checked, and whoever passes a file on can take it out."


@probe(
    reports={
        "c2pa": Metric(
            unit="share of files",
            better="higher",
            title="Outputs with a C2PA manifest",
            summary="Share of the outputs' files in which a C2PA manifest is present.",
            reading=f"1: who looks for Content Credentials finds some in each file. {STRIPPED}",
            margin=0.05,
        ),
        "iptc": Metric(
            unit="share of files",
            better="higher",
            title="Outputs declared as made by a trained model",
            summary=f"Share of the outputs' files whose IPTC digital source type is {MADE}.",
            reading=f"1: each file says that a trained model made it. {STRIPPED}",
            margin=0.05,
        ),
        "either": Metric(
            unit="share of files",
            better="higher",
            title="Outputs with provenance metadata",
            summary="Share of the outputs' files in which either of the two is present.",
            reading=f"0: nothing in any file tells its reader what made it. {STRIPPED}",
            margin=0.05,
        ),
    },
    cites=[
        "C2PA technical specification 2.x, embedding manifests (https://c2pa.org/specifications)",
        "IPTC digital source types, http://cv.iptc.org/newscodes/digitalsourcetype/",
        "Wilson 1927, doi:10.1080/01621459.1927.10502953",
    ],
    control="files that nobody marked: 0",
    truth="files of which every second was marked: 0.5",
)
def provenance(generated: Declared) -> Estimates:
    """k / n over the n files that could be read, k of them with a manifest, with the source type, or with either.

    What a manifest says within is not read, nor whether its signature holds: a manifest counts whoever wrote it. Other
    source types than a trained model's are counted in the detail and not in the share. Files whose metadata is damaged
    or of a format that is not read are neither present nor absent: they are left out of n, and the detail names them.
    Where none is left: `NotApplicable`. Interval: Wilson's; files are random. Floor 1, a model whose every output is
    marked; 0 where none is. Resaving, resizing or a screenshot takes such metadata out, which this does not try.
    """
    read = np.array([not why for why in generated.unread], dtype=bool)
    n = int(read.sum())
    if n == 0:
        why = Counter(generated.unread).most_common(1)[0][0] if generated.unread else "there is none"
        raise NotApplicable(f"no file's metadata could be read: {why}")
    sources = [source for source, whole in zip(generated.sources, read, strict=True) if whole]
    keys = tuple(key for key, whole in zip(generated.keys, read, strict=False) if whole)
    manifest: Bool[np.ndarray, " n"] = generated.manifests[read]
    made = np.array([source == MADE for source in sources], dtype=bool)
    others = Counter(source for source in sources if source and source != MADE)
    facts = _facts(generated, others, n)
    shares = {"c2pa": manifest, "iptc": made, "either": manifest | made}
    return {name: _share(present, keys, facts) for name, present in shares.items()}


def _share(present: Bool[np.ndarray, " n"], keys: tuple[str, ...], facts: dict[str, Json]) -> Estimate:
    k, n = int(present.sum()), len(present)
    detail = Detail(tuple(present.astype(float).tolist()), keys, facts={"present in": f"{k} of {n} files", **facts})
    return Estimate(k / n, n, wilson(k, n), 1.0, detail)


def _facts(generated: Declared, others: Counter[str], n: int) -> dict[str, Json]:
    facts: dict[str, Json] = {"signatures": "not checked"}
    if others:
        facts["other source types"] = ", ".join(f"{k} of {n} {source}" for source, k in others.most_common(NAMED))
    if left := Counter(why for why in generated.unread if why):
        facts["left out"] = "; ".join(f"{k} of {len(generated)}: {why}" for why, k in left.most_common(NAMED))
    return facts
