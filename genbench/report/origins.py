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
class Served:
    """A model behind an address: what it was found worthy of, (check, verdict, seen), and what was asked of it."""

    name: str
    where: str
    checks: tuple[tuple[str, str, str], ...]
    spent: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Origins:
    """digests: (what, name, SHA-256)."""

    cards: tuple[DataCard, ...]
    served: tuple[Served, ...]
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
        _served(run),
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


def _served(run: Run) -> tuple[Served, ...]:
    """By the last examination of each, and the last account."""
    vouched = {str(event["owner"]): event for event in run.events("vouched")}
    spent = {str(event["owner"]): event for event in run.events("remote")}
    return tuple(
        Served(
            owner, f"{event.get('model', '')} at {event.get('url', '')}",
            tuple((str(c["name"]), str(c["verdict"]), str(c["seen"])) for c in event.get("checks", [])),
            tuple((k, _told(v)) for k, v in spent.get(owner, {}).items() if k not in ("kind", "owner") and v),
        )
        for owner, event in vouched.items()
    )  # fmt: skip


def _told(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {count}" for name, count in value.items())
    return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


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
