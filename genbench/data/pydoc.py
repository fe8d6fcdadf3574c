"""English prose that every Python carries: the topics of its own documentation."""

from __future__ import annotations

import platform
import re
from pydoc_data.topics import topics

from genbench.core.data import Dataset, dataset
from genbench.data._splits import Shares
from genbench.data._texts import Reading, split_texts

# Prose begins with a capital and ends a sentence; code, grammar, tables and headings do not, or hold other marks.
SENTENCES = re.compile(r"[A-Z].*[.:!?)]", re.DOTALL)
WORDS = re.compile(r"[A-Za-z ,.;:'()-]")
SHARE_OF_WORDS = 0.93


@dataset(modality="text", licence="PSF-2.0")
def pydoc(
    *, shortest: int = 60, longest: int = 260, held_out: float = 0.27, reserve: float = 0.18, seed: int = 0
) -> Dataset:
    """Over a thousand short paragraphs of English prose from the Python documentation inside the standard library.

    shortest, longest: characters per paragraph; longer ones are cut at the end of a sentence.
    The text belongs to the Python version that runs, which stands in the facts and changes the digest.
    """
    found: dict[str, str] = {}  # paragraph -> key, in order; some stand under several topics
    total = 0
    for topic in sorted(topics):
        for i, paragraph in enumerate(_paragraphs(topics[topic], shortest, longest)):
            found.setdefault(paragraph, f"{topic}/{i}")
            total += 1
    python = platform.python_version()
    return split_texts(
        Reading(list(found), list(found.values())),
        len(found),
        Shares(held_out, reserve, seed),
        name="pydoc",
        licence="PSF-2.0",
        source=f"pydoc_data.topics of Python {python}",
        facts={"python": python, "repeated paragraphs left out": total - len(found)},
    )


def _paragraphs(text: str, shortest: int, longest: int) -> list[str]:
    """Prose paragraphs on one line each."""
    found = []
    for block in text.split("\n\n"):
        prose = re.sub(r"\s+", " ", block).replace('"', "").replace("*", "").removeprefix("• ").strip()
        if not SENTENCES.fullmatch(prose) or len(WORDS.findall(prose)) < SHARE_OF_WORDS * len(prose):
            continue
        while len(prose) > longest:
            end = prose.rfind(". ", shortest, longest) + 1
            if end == 0:
                break
            found.append(prose[:end])
            prose = prose[end:].strip()
        if shortest <= len(prose) <= longest:
            found.append(prose)
    return found
