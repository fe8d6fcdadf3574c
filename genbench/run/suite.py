"""A suite: which models, on what data, seen how, probed by what, judged by which gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, PrivateAttr, ValidationError, field_validator, model_validator

from genbench.core.errors import GenBenchError, SuiteError
from genbench.run.binding import check_names
from genbench.run.fields import DEVICE, Count, Flag, Name, Number, Part, Whole
from genbench.run.home import nearest
from genbench.run.metering import Meters
from genbench.run.mistakes import endless, explained
from genbench.run.overrides import override
from genbench.run.requests import DataRequest, LensRequest, ModelRequest, ProbeRequest
from genbench.run.rooting import root_paths
from genbench.run.shipped import find_suite
from genbench.run.yaml_source import Source, read_yaml

DEFAULT_LENSES = {"image": "image.pixels", "text": "text.ngrams"}


class Gate(Part):
    """A condition to ship: the whole interval of a score must lie within it."""

    metric: str = Field(description="axis.probe.metric, such as quality.frechet.distance.")
    models: tuple[str, ...] | None = Field(None, description="Which models must pass; default: all that have it.")
    below: Number | None = None
    above: Number | None = None
    no_alarm: Flag = Field(False, description="Pass where the score's own tolerance past its floor is kept.")

    @model_validator(mode="after")
    def _something(self) -> Gate:
        if self.below is None and self.above is None and not self.no_alarm:
            raise ValueError("give `below`, `above` or `no_alarm: true`")
        if self.below is not None and self.above is not None and self.above >= self.below:
            raise ValueError(f"nothing lies above {self.above:g} and below {self.below:g}")
        return self


class Suite(Part):
    """What `genbench run` carries out."""

    name: Name
    about: str = ""
    seed: Whole = 0
    n: Count = Field(500, description="Samples drawn from each model.")
    train_n: Count | None = Field(None, description="At most so many training items are compared with.")
    held_out_n: Count | None = Field(None, description="At most so many held-out items are compared with.")
    device: str = Field("auto", pattern=DEVICE, description="auto, cpu, cuda, cuda:1 or mps.")
    batch: Count = Field(64, description="Items worked on at once; halved when memory runs out.")
    data: dict[str, DataRequest] = Field(min_length=1)
    lenses: dict[str, LensRequest] = Field(default_factory=dict, description="One lens per modality.")
    models: tuple[ModelRequest, ...] = Field(min_length=1)
    probes: tuple[ProbeRequest, ...] = Field((ProbeRequest(probe="*"),), min_length=1)
    gates: tuple[Gate, ...] = ()
    meters: Meters = Meters()

    @field_validator("models")
    @classmethod
    def _trainings(cls, models: tuple[ModelRequest, ...], info: Any) -> tuple[ModelRequest, ...]:
        every = tuple(member for model in models for member in model.trainings(info.data.get("seed", 0)))
        names = [model.name for model in every]
        if twice := [name for name in names if "#" in name and names.count(name) > 1]:
            raise ValueError(f"two models are named {twice[0]!r}: one by `seeds`, one by its own `name`")
        return every

    @field_validator("gates")
    @classmethod
    def _of_all_trainings(cls, gates: tuple[Gate, ...], info: Any) -> tuple[Gate, ...]:
        """A gate that names a family is for each of its trainings."""
        members: dict[str, list[str]] = {}
        for model in info.data.get("models", ()):
            members.setdefault(model.group or model.name, []).append(model.name)
        return tuple(
            gate.model_copy(update={"models": tuple(m for name in gate.models for m in members.get(name, [name]))})
            if gate.models is not None
            else gate
            for gate in gates
        )

    _path: Path | None = PrivateAttr(None)

    @classmethod
    def load(cls, suite: str, *, overrides: Sequence[str] = ()) -> Suite:
        """A suite by path or shipped name, with `path=value` changes. All mistakes come in one `SuiteError`."""
        path = find_suite(suite)
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise GenBenchError(f"{path}: cannot be read: {error.strerror}") from error
        source = read_yaml(str(path), raw)
        if isinstance(source.value, Mapping):
            for change in overrides:
                override(source, change)
            _insist(source)
        root_paths(source.value, path.parent)
        loaded = cls._checked(source)
        loaded._path = path
        return loaded

    @property
    def path(self) -> Path | None:
        """The file it was read from; None where it was made in Python."""
        return self._path

    @classmethod
    def from_mapping(cls, value: Mapping[str, Any]) -> Suite:
        """A suite from plain values, checked the same."""
        return cls._checked(Source("suite", dict(value)))

    @classmethod
    def _checked(cls, source: Source) -> Suite:
        mistakes = list(source.mistakes)
        if not isinstance(source.value, Mapping):
            got = type(source.value).__name__
            raise SuiteError([*mistakes, source.mistake((), f"a suite is a mapping of keys to values, got a {got}")])
        suite = None
        try:
            suite = cls.model_validate(source.value)
        except ValidationError as error:
            mistakes += [m for e in error.errors(include_url=False) if (m := explained(source, dict(e), cls))]
        mistakes += [source.mistake(where, problem) for where, problem in endless(source.value, ())]
        beside = Path(source.path).parent
        for w in check_names(source.value):
            mistakes.append(source.mistake(w.where, w.problem + nearest(w.absent, beside), at_key=w.at_key))
        if mistakes or suite is None:
            unique = {(m.path, m.line, m.column, m.problem): m for m in mistakes}
            raise SuiteError(sorted(unique.values(), key=lambda m: (m.path != source.path, m.path, m.line, m.column)))
        return suite

    def lens_for(self, modality: str) -> LensRequest | None:
        """The suite's lens for a modality, or the house's."""
        if modality in self.lenses:
            return self.lenses[modality]
        return LensRequest(lens=DEFAULT_LENSES[modality]) if modality in DEFAULT_LENSES else None


def _insist(source: Source) -> None:
    """A dataset whose path a change names is no longer optional: who names a file wants it read."""
    held = source.value.get("data")
    for name, request in held.items() if isinstance(held, dict) else ():
        named = source.keys.get(("data", name, "path"), (source.path,))[0]
        if isinstance(request, dict) and named != source.path:
            request.pop("optional", None)
