"""Where it all came from: data cards, what was set aside, notes, and what is needed to make the run again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genbench.results.run import Run

MOST_LISTED = 60


@dataclass(frozen=True)
class DataCard:
    """A dataset as the run saw it."""

    name: str
    modality: str
    licence: str
    source: str
    digest: str
    counts: tuple[tuple[str, str], ...]
    groups: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SetAside:
    """Files of one owner that could not be used. left_out: how many are not listed."""

    owner: str
    files: tuple[tuple[str, str], ...]
    left_out: int


@dataclass(frozen=True)
class Origins:
    """digests: (what, name, SHA-256)."""

    cards: tuple[DataCard, ...]
    set_aside: tuple[SetAside, ...]
    notes: tuple[str, ...]
    digests: tuple[tuple[str, str, str], ...]
    packages: tuple[tuple[str, str], ...]
    suite: str


def origins(run: Run) -> Origins:
    """All that the page's last section shows."""
    cards = {str(event["name"]): event for event in run.events("data")}
    files = {name: list(card.get("quarantined", [])) for name, card in cards.items()}
    files |= {str(event["owner"]): list(event.get("files", [])) for event in run.events("quarantined")}
    notes = tuple(dict.fromkeys(str(event["text"]) for event in run.events("note")))
    return Origins(
        tuple(_card(card) for card in cards.values()),
        tuple(_set_aside(owner, listed) for owner, listed in files.items() if listed),
        notes[:MOST_LISTED],
        _digests(run),
        tuple(sorted(run.header.environment.packages.items())),
        json.dumps(run.header.suite, indent=1, ensure_ascii=False)[:20_000],
    )


def _card(event: Mapping[str, Any]) -> DataCard:
    facts = tuple((str(k), v if isinstance(v, str) else json.dumps(v)) for k, v in dict(event.get("facts", {})).items())
    return DataCard(
        str(event["name"]),
        str(event.get("modality", "")),
        str(event.get("licence", "")),
        str(event.get("source", "")),
        str(event.get("digest", "")),
        tuple((str(split).replace("_", "-"), f"{n:,}") for split, n in dict(event.get("counts", {})).items()),
        tuple(map(str, event.get("groups", [])))[:MOST_LISTED],
        tuple((key, value[:400]) for key, value in facts),
    )


def _set_aside(owner: str, files: Sequence[Mapping[str, Any]]) -> SetAside:
    listed = tuple((str(f.get("path", "")), str(f.get("reason", ""))) for f in files[:MOST_LISTED])
    return SetAside(owner, listed, len(files) - len(listed))


def _digests(run: Run) -> tuple[tuple[str, str, str], ...]:
    found: dict[tuple[str, str, str], None] = {}
    for score in run.measured:
        of = score.provenance
        found[("model", of.model, of.model_digest)] = None
        found[("data", of.dataset, of.dataset_digest)] = None
        found[("lens", f"{of.lens} on {of.dataset}", of.lens_digest)] = None
        found[("probe", of.probe, of.probe_version)] = None
    order = ("model", "data", "lens", "probe")
    return tuple(sorted((d for d in found if d[2]), key=lambda d: (order.index(d[0]), d[1])))
