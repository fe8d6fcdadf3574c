"""What a reader should see with their own eyes: galleries of outputs, and the items behind an alarm."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from genbench.core.lens import Rendering
from genbench.core.score import Exhibit, ItemRef, Score
from genbench.report.cast import Member
from genbench.report.numbers import number
from genbench.results.run import Run
from genbench.results.store import rendering_owner

LONGEST_TEXT = 600
LARGEST_PICTURE = 60_000  # bytes; one picture may not crowd out the rest
GALLERY = 24
ROLES = {
    "generated": "output",
    "train": "training item",
    "held_out": "held-out item",
    "anchor": "output",
    "perturbed": "after the nudge",
    "again": "drawn again",
    "benchmark": "benchmark item",
    "answered": "answer",
    "source": "input",
    "cycled": "there and back",
    "recycled": "there, nudged, and back",
}


@dataclass(frozen=True)
class Shown:
    """One item. kind: image, text, or missing; `source` is a data: URI."""

    label: str
    kind: str
    source: str = ""
    text: str = ""


@dataclass(frozen=True)
class Gallery:
    """Items of one owner: a model's outputs, or the real ones beside them. left_out: how many are not shown."""

    title: str
    kind: str
    items: tuple[Shown, ...]
    left_out: int
    member: Member | None = None


@dataclass(frozen=True)
class Wall:
    """A dataset's real items and the outputs of all models on it."""

    dataset: str
    galleries: tuple[Gallery, ...]


@dataclass(frozen=True)
class Group:
    """A few items side by side, and what their relation measured."""

    caption: str
    value: str
    items: tuple[Shown, ...]


@dataclass(frozen=True)
class Evidence:
    """The exhibits behind one score."""

    score: Score
    member: Member
    caption: str
    groups: tuple[Group, ...]
    left_out: int


def walls(run: Run, members: Mapping[str, Member], most: int) -> tuple[Wall, ...]:
    """Galleries by dataset, at most so many items each."""
    found = []
    for dataset in dict.fromkeys(member.data for member in members.values()):
        owners: list[tuple[str, str, Member | None]] = [(dataset, "held_out", None)]
        owners += [(m.name, "generated", m) for m in members.values() if m.data == dataset]
        galleries = [_gallery(run, owner, role, member, most) for owner, role, member in owners]
        if any(g.items or g.left_out for g in galleries):
            found.append(Wall(dataset, tuple(galleries)))
    return tuple(found)


def evidence(run: Run, scores: Sequence[Score], members: Mapping[str, Member], most: int) -> tuple[Evidence, ...]:
    """The exhibits of these scores, at most so many each; scores without any are left out."""
    return tuple(
        Evidence(score, members[score.model], *_groups(run, score, exhibits[:most]), max(0, len(exhibits) - most))
        for score in scores
        if most and (exhibits := score.estimate.detail.exhibits)
    )


def _gallery(run: Run, owner: str, role: str, member: Member | None, most: int) -> Gallery:
    kept = {i: r for i in range(GALLERY) if (r := run.rendering(owner, role, i)) is not None}
    items = tuple(_shown(ROLES[role], i, rendering) for i, rendering in list(kept.items())[:most])
    title = owner if member else f"Real items of {owner}"
    kind = next(iter(kept.values())).kind if kept else ""
    return Gallery(title, kind, items, len(kept) - len(items), member)


def _groups(run: Run, score: Score, exhibits: Sequence[Exhibit]) -> tuple[str, tuple[Group, ...]]:
    """The caption all share, if they do, and the groups; one that is shared is not repeated."""
    captions = {exhibit.caption for exhibit in exhibits}
    shared = captions.pop() if len(captions) == 1 else ""
    groups = tuple(
        Group(
            "" if shared else exhibit.caption,
            number(exhibit.value) if exhibit.value is not None else "",
            tuple(_referred(run, score, item) for item in exhibit.items),
        )
        for exhibit in exhibits
    )
    return shared, groups


def _referred(run: Run, score: Score, item: ItemRef) -> Shown:
    asked = (score.probe, score.provenance.benchmark)
    owner = rendering_owner(item.role, dataset=score.dataset, model=score.model, asked=asked)
    return _shown(ROLES.get(item.role, item.role), item.index, run.rendering(owner, item.role, item.index))


def _shown(role: str, index: int, rendering: Rendering | None) -> Shown:
    label = f"{role} {index + 1}"
    if rendering is None:
        return Shown(label, "missing", text="no rendering was kept")
    if rendering.kind == "text":
        text = rendering.text
        return Shown(label, "text", text=text[:LONGEST_TEXT] + (" …" if len(text) > LONGEST_TEXT else ""))
    if len(rendering.png) > LARGEST_PICTURE:
        return Shown(label, "missing", text=f"a picture of {len(rendering.png) / 1000:,.0f} kB, too large to show")
    return Shown(label, "image", source="data:image/png;base64," + base64.b64encode(rendering.png).decode("ascii"))
