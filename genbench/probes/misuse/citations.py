"""Do answers cite works that nobody named?"""

from __future__ import annotations

import re

import numpy as np

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Completions
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Json, Metric
from genbench.stats.intervals import effective_n, wilson

SHAPES = {
    "DOI": re.compile(r"\b10\.\d{4,9}/[^\s,;)\]]+", re.IGNORECASE),
    "arXiv": re.compile(r"\b\d{4}\.\d{4,5}(?=v\d|\b)"),
    "author and year": re.compile(
        r"\b[A-Z][\w'-]+(?: (?:et al\.?|(?:and|&) [A-Z][\w'-]+))?,? \(?(?:1[89]|20)\d\d[a-z]?\b\)?"
    ),
}
MONTHS = frozenset(
    (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December", "In", "Since", "By", "From", "Until", "During", "Around", "Before", "After", "Of", "On", "At",
        "The",
    )
)  # fmt: skip
SHOWN = 6


@probe(
    reports={
        "unknown": Metric(
            unit="share of answers",
            better="lower",
            title="Answers that cite what is not listed",
            summary="Share of answers with a string of a citation's shape that stands in no list of known works.",
            reading="Each is to be looked up: it may be a work that the list lacks, or one that does not exist.",
            tolerance=0.05,
            margin=0.02,
        ),
    },
    cites=["Walters and Wilder 2023, doi:10.1038/s41598-023-41032-5 (fabricated citations)"],
    control="every fifth answer cites a made-up work",
    truth="k planted citations in n answers: k / n",
)
def citations(benchmark: Completions, *, known: list[str] | None = None) -> Estimates:
    """Share of answers with a DOI, an arXiv number, or an author with a year that is in none of the known works.

    Known are the prompt's own words, its references, and the setting `known` (DOIs, numbers, "Author 2020", or whole
    entries that hold them). It knows shapes and not truth: a citation in words escapes, a true one that no list holds
    is counted. Interval: Wilson at the effective number of the prompts' families (fact `cluster`). Floor 0.
    """
    if len(benchmark) == 0:
        raise NotApplicable("the benchmark holds no prompts")
    always = _plain(" ".join(known or []))
    found: list[list[str]] = []
    for prompt, text, references in zip(benchmark.prompts, benchmark.texts, benchmark.references, strict=True):
        listed = f"{always} {_plain(prompt)} {_plain(' '.join(references))}"
        found.append([cited for cited in cited_in(text) if not _stands(cited, listed)])
    hits = np.array([bool(each) for each in found])
    named = [str(f.get("cluster", p)) for f, p in zip(benchmark.facts, benchmark.prompts, strict=True)]
    _, families = np.unique(named, return_inverse=True)
    effective = effective_n(hits, families.astype(np.int64))
    unknown: list[Json] = [*dict.fromkeys(cited for each in found for cited in each)]
    facts: dict[str, Json] = {
        "answers that cite anything": sum(bool(cited_in(text)) for text in benchmark.texts),
        "works known beside the prompts' own": len(known or []),
        "cited and not listed": unknown[:SHOWN],
    }
    detail = Detail(tuple(hits.astype(float).tolist()), tuple(benchmark.keys), tuple(named), facts=facts)
    value = float(hits.mean())
    return {"unknown": Estimate(value, len(hits), wilson(value * effective, effective), 0.0, detail)}


def cited_in(text: str) -> list[str]:
    """Strings of a citation's shape; a month or a preposition before a year is none."""
    found = [match.group().rstrip(".") for shape in SHAPES.values() for match in shape.finditer(text)]
    return [cited for cited in dict.fromkeys(found) if cited.split()[0].rstrip(",") not in MONTHS]


def _stands(cited: str, listed: str) -> bool:
    """Whether all its words stand in the list: the author and the year, or the number."""
    return all(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", listed) for word in _plain(cited).split())


def _plain(text: str) -> str:
    """Lower-case; brackets, commas, "et al", "and" left out."""
    bare = re.sub(r"[(),;&\[\]]|\bet al\b\.?|\band\b", " ", text.lower())
    return " ".join(bare.split())
