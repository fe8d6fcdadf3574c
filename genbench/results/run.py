"""A run as its reader meets it: outcomes, frames, exports."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genbench.core.errors import MissingExtra, ResultsError
from genbench.core.evidence import Stage
from genbench.core.lens import Rendering
from genbench.core.score import Failed, Outcome, Score, Skipped, Toward
from genbench.results.archive import Archive, write_archive
from genbench.results.store import Header, RunFolder, read_header

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Run:
    """A run folder or an exported run, read. `scores()` is the frame most people want."""

    folder: RunFolder

    @classmethod
    def load(cls, path: str | Path) -> Run:
        """The run in that folder, which may still be going on and is left as it is, or in that file of an export.

        `ResultsError` where none is.
        """
        path = Path(path)
        return cls(Archive.read(path) if path.is_file() else RunFolder(path, read_header(path)))

    @property
    def path(self) -> Path:
        return self.folder.path

    @property
    def header(self) -> Header:
        return self.folder.header

    @property
    def status(self) -> str:
        """finished, interrupted, broken, or unfinished where the process was killed."""
        return self.folder.status

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        return tuple(o for outcomes in self.folder.outcomes().values() for o in outcomes)

    @property
    def measured(self) -> tuple[Score, ...]:
        return tuple(o for o in self.outcomes if isinstance(o, Score))

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        return tuple(o for o in self.outcomes if isinstance(o, Skipped))

    @property
    def failed(self) -> tuple[Failed, ...]:
        return tuple(o for o in self.outcomes if isinstance(o, Failed))

    @property
    def models(self) -> tuple[str, ...]:
        """Model names in the suite's order."""
        return tuple(str(model["name"]) for model in self.header.suite["models"])

    def stages(self) -> list[tuple[str, Stage]]:
        return self.folder.stages()

    def events(self, kind: str) -> list[dict[str, Any]]:
        return self.folder.events(kind)

    def rendering(self, owner: str, role: str, index: int) -> Rendering | None:
        return self.folder.rendering(owner, role, index)

    def scores(self) -> pd.DataFrame:
        """One row per score: model, dataset, id, title, value, low, high, floor, n, unit, better, state, lens ..."""
        import pandas as pd  # most who read a run make no frame, and it takes long to import

        return pd.DataFrame([_row(score) for score in self.measured], columns=list(COLUMNS))

    def export(self, file: Path) -> None:
        """Scores to .csv, .json or .parquet by suffix, or the whole run without its renderings to .jsonl.

        A .jsonl can be read again as a run, and stand as a baseline in a repository. `MissingExtra` where parquet has
        no writer.
        """
        if file.suffix == ".jsonl":
            write_archive(self.folder, file)
            return
        frame = self.scores()
        if file.suffix == ".csv":
            frame.to_csv(file, index=False)
        elif file.suffix == ".json":
            frame.to_json(file, orient="records", indent=1)
        elif file.suffix == ".parquet":
            try:
                frame.to_parquet(file, index=False)
            except ImportError as error:
                raise MissingExtra("pyarrow", "parquet") from error
        else:
            raise ResultsError(f"cannot export to {file.name!r}: the suffix must be .csv, .json, .jsonl or .parquet")


COLUMNS = (
    "model", "dataset", "id", "title", "value", "low", "high", "floor", "n", "unit", "better", "state", "lens",
    "context", "interval_method",
)  # fmt: skip


def _row(score: Score) -> dict[str, Any]:
    estimate, metric = score.estimate, score.definition
    interval = estimate.interval
    return {
        "model": score.model,
        "dataset": score.dataset,
        "id": score.id,
        "title": score.title,
        "value": estimate.value,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
        "floor": estimate.floor,
        "n": estimate.n,
        "unit": metric.unit,
        "better": f"toward {metric.better.target:g}" if isinstance(metric.better, Toward) else metric.better,
        "state": score.state,
        "lens": score.lens,
        "context": metric.context,
        "interval_method": interval.method if interval else "",
    }
