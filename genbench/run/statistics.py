"""A folder of images to the moments of their features: reading, decoding and embedding overlap; memory stays flat."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from genbench.core.catalogue import catalogue
from genbench.core.data import Item
from genbench.core.errors import DataError, GenBenchError, NotApplicable, UnknownName
from genbench.core.lens import Embeds, LearnsFromData, identity_of
from genbench.core.model import Placeable
from genbench.core.settings import settings_of, with_defaults
from genbench.data._images import Place, Unusable, image_files, read_image
from genbench.results.statistics_file import Statistics
from genbench.run.fit import fit
from genbench.stats.finite import finite_rows
from genbench.stats.moments import Gathering

BATCH = 32
PLACES = ("weights", "path")  # settings that say where a file lies; what it holds stands in its digest


@runtime_checkable
class Prepares(Protocol):
    """A lens whose work on one image alone, before the network, is a function of its own that threads can call."""

    def prepared(self, item: Item) -> np.ndarray: ...

    def embedded(self, rows: Sequence[np.ndarray]) -> np.ndarray: ...


@dataclass(frozen=True)
class Seen:
    """What one thread made of one file: prepared for the lens, or why it is set aside."""

    path: str
    row: np.ndarray | None
    fault: str = ""


def folder_statistics(
    folder: Path,
    lens: str,
    settings: Mapping[str, Any],
    *,
    device: str = "cpu",
    batch: int = BATCH,
    tell: Callable[[int, int, str], None] = lambda done, total, fault: None,
) -> Statistics:
    """Moments of all usable images below a folder, or in an archive of one, each seen at its own size.

    tell: called with how many of how many files are done, and with each file that is set aside. At most a few batches
    of decoded images are held at any time, whatever the number of files. `DataError` where fewer than two can be used.
    """
    made = _built(lens, settings, device)
    gathered: Gathering | None = None
    files = list(image_files(folder))
    aside = done = 0
    for seen in _batches(_looked_at(iter(files), made, ahead=2 * batch), batch):
        for one in seen:
            if one.row is None:
                aside += 1
                tell(done, len(files), f"set aside {one.path}: {one.fault}")
        rows = [one.row for one in seen if one.row is not None]
        if rows:
            features = made.embedded(rows) if isinstance(made, Prepares) else made.features(rows)
            if gathered is None:
                gathered = Gathering(features.shape[1])
            gathered.add(finite_rows(features, f"files {done} to {done + len(seen) - 1}"))
        done += len(seen)
        tell(done, len(files), "")
    if gathered is None or gathered.n < 2:
        raise DataError(f"{folder}: a covariance needs at least 2 usable images, got {done - aside}")
    facts = {"source": folder.name, "set aside": str(aside), "device": device}
    return Statistics(gathered.moments(), marks(lens, made, settings), facts)


def marks(id: str, lens: Any, settings: Mapping[str, Any]) -> dict[str, str]:
    """What two statistics must share. A file's place is not among it; its content is."""
    known = with_defaults(settings_of(type(lens)), settings)
    own = {k: v for k, v in known.items() if k not in (*PLACES, "resize", "precision")}
    return {
        "lens": id,
        "weights": identity_of(lens) or "none",
        "settings": json.dumps(own, sort_keys=True, default=str),
        "resize": str(known.get("resize", "the lens's own")),
        "dtype": str(known.get("precision", "float32")),
    }


def _built(id: str, settings: Mapping[str, Any], device: str) -> Any:
    """The lens, placed. One that learns is refused, as there is no train split to learn from."""
    entries = catalogue("lens")
    if id not in entries:
        raise UnknownName("lens", id, entries)
    if entries[id].modality != "image":
        raise NotApplicable(f"statistics are of folders of images, and {id} is a lens for {entries[id].modality}")
    kind = entries[id].load()
    known = settings_of(kind)
    for name in settings:
        if name not in known:
            raise UnknownName(f"setting of {id}", name, known)
        if problem := fit(known[name], settings[name])[1]:
            raise GenBenchError(f"{id}: {name} {problem}")
    if unmet := [name for name, setting in known.items() if setting.required and name not in settings]:
        raise GenBenchError(f"{id} needs --set {unmet[0]}=...")
    made = kind(**settings)
    if isinstance(made, LearnsFromData) or not isinstance(made, Embeds):
        why = "learns from a train split" if isinstance(made, LearnsFromData) else "gives no features"
        raise NotApplicable(f"{id} {why}; for statistics take a lens with weights of its own, such as image.inception")
    if isinstance(made, Placeable):
        made.place(device)
    return made


def _looked_at(files: Iterator[Place], lens: Any, *, ahead: int) -> Iterator[Seen]:
    """Every file decoded and prepared by threads, in order, at most `ahead` of them before they are asked for."""

    def look(file: Place) -> Seen:
        try:
            pixels = read_image(file)
            return Seen(str(file), lens.prepared(pixels) if isinstance(lens, Prepares) else pixels)
        except Unusable as error:
            return Seen(str(file), None, str(error))

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        waiting: deque[Future[Seen]] = deque(pool.submit(look, file) for file in islice(files, ahead))
        while waiting:
            seen = waiting.popleft().result()
            if (file := next(files, None)) is not None:
                waiting.append(pool.submit(look, file))
            yield seen


def _batches(seen: Iterator[Seen], size: int) -> Iterator[list[Seen]]:
    while batch := list(islice(seen, size)):
        yield batch
