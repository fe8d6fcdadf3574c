"""What a suite asks for: data, lenses, models and probes, each by name with settings of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field, model_validator

from genbench.run.binding.entries import SUGAR, default_of
from genbench.run.fields import Axis, Count, Flag, Name, Part, Whole
from genbench.run.home import exists


def _gathered(value: Any, own: Sequence[str]) -> Any:
    """Moves keys that are not the part's own below `settings`, where the catalogue's signatures check them."""
    if not isinstance(value, Mapping) or "settings" in value:
        return value
    settings = {k: v for k, v in value.items() if k not in own}
    return {**{k: v for k, v in value.items() if k in own}, "settings": settings}


class DataRequest(Part):
    """A dataset: a source of the catalogue with its settings, or a path that is looked at first."""

    source: str | None = Field(None, description="A data source, see `genbench list data`.")
    settings: dict[str, Any] = Field(default_factory=dict, description="The source's settings, such as path.")
    optional: Flag = Field(False, description="Where nothing lies at its path, what asks for it is skipped, and said.")

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, value: Any) -> Any:
        return _gathered({"source": value} if isinstance(value, str) else value, ("source", "optional"))

    @model_validator(mode="after")
    def _something(self) -> DataRequest:
        if self.source is None and "path" not in self.settings:
            raise ValueError("give `source` (a name from `genbench list data`) or `path`")
        return self

    @property
    def absent(self) -> str:
        """The path at which an optional dataset is not; empty where it is there, or must be."""
        if not self.optional:
            return ""
        path = self.settings.get("path", default_of("data", self.source, "path"))
        return path if isinstance(path, str) and not exists(path) else ""


class LensRequest(Part):
    """A lens and its settings."""

    lens: str = Field(description="A lens, see `genbench list lenses`.")
    settings: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, value: Any) -> Any:
        return _gathered({"lens": value} if isinstance(value, str) else value, ("lens",))


class ModelRequest(Part):
    """A model: exactly one of family, hf, endpoint, python or samples."""

    name: Name = Field(description="What reports call it; unique in the suite.")
    family: str | None = Field(None, description="A family trained here, see `genbench list models`.")
    hf: str | None = Field(None, description="A transformers model: a local path or a hub id.")
    endpoint: str | None = Field(None, description="A served model: the address of its OpenAI-compatible API.")
    python: str | None = Field(None, description="Your object, as package.module:name.")
    samples: str | None = Field(None, description="A folder or file of outputs: no model at all.")
    data: str | None = Field(None, description="The dataset it is fitted on and compared with.")
    preset: str | None = Field(None, description="A named group of settings, such as tiny or base.")
    settings: dict[str, Any] = Field(default_factory=dict)
    seed: Whole | None = Field(None, description="Default: the suite's seed.")
    seeds: int | None = Field(
        None, ge=2, strict=True,
        description="Train so many times, from `seed` on: models name#0, name#1 ... and one line for the family.",
    )  # fmt: skip
    group: Name | None = Field(None, description="The family that a training made by `seeds` belongs to.")
    control: Name | None = Field(
        None,
        description="Makes it a control, never ranked, whose alarms are expected: what is wrong with it on purpose, "
        "said after its name: 'knows its training texts by heart'. A copycat and a gaussian are controls anyway.",
    )
    must_alarm: Axis | None = Field(
        None, description="The axis on which this control must raise an alarm, or the report says that it was missed."
    )

    @model_validator(mode="after")
    def _trained_again(self) -> ModelRequest:
        if self.seeds is not None and self.family is None:
            raise ValueError("`seeds` trains a `family` again and again; what comes trained has one checkpoint")
        return self

    def trainings(self, first: int) -> tuple[ModelRequest, ...]:
        """One model per seed, alike in all else; itself where it asks for one. first: the seed where it names none."""
        if self.seeds is None:
            return (self,)
        start = first if self.seed is None else self.seed
        return tuple(
            self.model_copy(update={"name": f"{self.name}#{i}", "seed": start + i, "seeds": None, "group": self.name})
            for i in range(self.seeds)
        )

    @model_validator(mode="after")
    def _due(self) -> ModelRequest:
        if self.must_alarm is not None and self.control is None:
            raise ValueError("`must_alarm` is for a control: say in `control` what is wrong with it on purpose")
        return self

    @model_validator(mode="after")
    def _one_kind(self) -> ModelRequest:
        given = [kind for kind in ("family", *SUGAR) if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(
                f"give exactly one of family, hf, endpoint, python or samples; got {', '.join(given) or 'none'}"
            )
        return self

    @property
    def family_id(self) -> str:
        """The family in the catalogue."""
        return self.family or next(kind for kind in SUGAR if getattr(self, kind) is not None)

    @property
    def all_settings(self) -> dict[str, Any]:
        """Settings with the sugar spelled out."""
        sugar = {setting: getattr(self, kind) for kind, setting in SUGAR.items() if getattr(self, kind) is not None}
        return {**sugar, **self.settings}


class ProbeRequest(Part):
    """A probe, or a pattern such as `memorization.*`, with settings of its own.

    Where several requests name one probe, the most specific counts: an id before any pattern, and of patterns the one
    with more letters, so that `["*", {probe: quality.prdc, n: 2000}]` runs prdc once, with 2000. Requests that are
    equally specific all count: naming an id twice, through two lenses, runs it through both.
    """

    probe: str = Field(description="A probe's id or a pattern over ids, see `genbench list probes`.")
    lens: LensRequest | None = Field(None, description="See through this lens instead of the suite's.")
    n: Count | None = Field(
        None, description="Samples for this probe, instead of the suite's n; of a benchmark, a random part this large."
    )
    benchmark: str | None = Field(None, description="The dataset whose items this probe asks about.")
    settings: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, value: Any) -> Any:
        return {"probe": value} if isinstance(value, str) else value
