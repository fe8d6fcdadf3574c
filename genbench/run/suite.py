"""A suite: which models, on what data, seen how, probed by what, judged by which gates."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from genbench.core.errors import GenBenchError, Mistake, SuiteError, suggestion
from genbench.meters.grid import Place
from genbench.run.binding import SUGAR, check_names
from genbench.run.fit import in_words, whole
from genbench.run.home import exists, found_at
from genbench.run.overrides import override
from genbench.run.yaml_source import Source, Where, read_yaml

DEFAULT_LENSES = {"image": "image.pixels", "text": "text.ngrams"}
PATHS = ("path", "held_out", "weights", "heads", "intensity_file")  # settings that may name a file

Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]
Whole = Annotated[int, Field(ge=0, strict=True), BeforeValidator(whole)]
Count = Annotated[int, Field(gt=0, strict=True), BeforeValidator(whole)]
Flag = Annotated[bool, Field(strict=True)]
Axis = Literal["quality", "memorization", "robustness", "bias", "misuse", "energy"]
DEVICE = r"^(auto|cpu|mps|cuda(:\d+)?)$"
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"\S")]


class Part(BaseModel):
    """Unknown keys are mistakes, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
        path = self.settings.get("path")
        return path if self.optional and isinstance(path, str) and not exists(path) else ""


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


class Embodied(Part):
    """What making the machine cost, to be shared out over its life. Nothing is assumed: without it, none is counted."""

    kg_co2e: Number = Field(ge=0, description="Greenhouse gas of making the machine, from its maker's data sheet.")
    lifetime_years: Number = Field(gt=0, description="How long it will be in use.")


class Meters(Part):
    """How energy is read, and where the electricity comes from."""

    meter: Literal["codecarbon", "none"] = "codecarbon"
    country: str | None = Field(
        None,
        description="ISO 3166 alpha-3, such as FRA. Never guessed.",
        json_schema_extra={"pattern": "^[A-Z]{3}$"},  # checked against the table of grids, see binding
    )
    region: str | None = Field(
        None,
        description="A part of USA, CAN, CHN, SWE, NOR or FIN, such as texas, quebec or SE3, instead of the whole.",
    )
    carbon_intensity_g_per_kwh: Number | None = Field(
        None, ge=0, description="Your own figure, instead of the country's."
    )
    intensity_file: str | None = Field(
        None, description="A CSV of hour,g_per_kwh: carbon intensity by the hour (UTC), instead of one figure."
    )
    pue: Number | None = Field(
        None, ge=1, description="What the building draws for each joule of its computers; kWh and CO2 are times this."
    )
    flop: Flag = Field(
        True, description="Count floating-point operations, by rehearsing about a tenth of each training once."
    )
    embodied: Embodied | None = Field(None, description="Carbon of making the machine; said apart, and off by default.")

    @model_validator(mode="after")
    def _one_intensity(self) -> Meters:
        if self.intensity_file is not None and self.carbon_intensity_g_per_kwh is not None:
            raise ValueError("give `intensity_file` or `carbon_intensity_g_per_kwh`, not both")
        if self.region is not None and self.country is None:
            raise ValueError("`region` needs the `country` it lies in")
        return self

    @property
    def place(self) -> Place:
        """Where the electricity comes from, as far as it is said here."""
        file = Path(self.intensity_file) if self.intensity_file is not None else None
        return Place(self.country, self.region, self.carbon_intensity_g_per_kwh, file, self.pue)


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
        _root_paths(source.value, path.parent)
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
            mistakes += [m for e in error.errors(include_url=False) if (m := _explained(source, dict(e)))]
        mistakes += [source.mistake(where, problem) for where, problem in _endless(source.value, ())]
        mistakes += [source.mistake(w.where, w.problem, at_key=w.at_key) for w in check_names(source.value)]
        if mistakes or suite is None:
            unique = {(m.path, m.line, m.column, m.problem): m for m in mistakes}
            raise SuiteError(sorted(unique.values(), key=lambda m: (m.path != source.path, m.path, m.line, m.column)))
        return suite

    def lens_for(self, modality: str) -> LensRequest | None:
        """The suite's lens for a modality, or the house's."""
        if modality in self.lenses:
            return self.lenses[modality]
        return LensRequest(lens=DEFAULT_LENSES[modality]) if modality in DEFAULT_LENSES else None


def shipped_suites() -> dict[str, Path]:
    """The suites that come with the package, by name."""
    package = Path(__file__).parent.parent
    for folder in (package / "shipped_suites", package.parent / "suites"):
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    return {}


def find_suite(suite: str) -> Path:
    """The file of a suite given by path or shipped name."""
    if exists(suite) and Path(suite).is_file():
        return Path(suite)
    shipped = shipped_suites()
    if suite in shipped:
        return shipped[suite]
    what = "a folder, not a suite's file" if exists(suite) else "neither a file nor a shipped suite"
    raise GenBenchError(f"no suite {suite!r}: {what}{suggestion(suite, list(shipped))}")


def _root_paths(value: Any, folder: Path) -> None:
    """Paths in a suite are looked for as `found_at` says; where nothing stands anywhere they stay as written."""
    if isinstance(value, list):
        for element in value:
            _root_paths(element, folder)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key in (*PATHS, *SUGAR) and isinstance(inner, str):
                value[key] = found_at(inner, folder) or inner
            else:
                _root_paths(inner, folder)


def _insist(source: Source) -> None:
    """A dataset whose path a change names is no longer optional: who names a file wants it read."""
    held = source.value.get("data")
    for name, request in held.items() if isinstance(held, dict) else ():
        named = source.keys.get(("data", name, "path"), (source.path,))[0]
        if isinstance(request, dict) and named != source.path:
            request.pop("optional", None)


def _endless(value: Any, where: Where) -> Iterator[tuple[Where, str]]:
    """NaN and infinities, anywhere: no threshold, setting or record can hold them."""
    if isinstance(value, float) and not math.isfinite(value):
        yield where, f"{value} is no finite number; put quotes around it if the word is meant"
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _endless(inner, (*where, key))
    elif isinstance(value, list | tuple):
        for i, inner in enumerate(value):
            yield from _endless(inner, (*where, i))


def _explained(source: Source, error: Mapping[str, Any]) -> Mistake | None:
    """A pydantic error in our words: what was got, what is allowed, what is near; None where another says it."""
    where = _written(source, error["loc"])
    kind = error["type"]
    got = error.get("input")
    if kind == "finite_number" or (isinstance(got, float) and not math.isfinite(got)):
        return None  # said by `_endless`
    if kind == "too_short" and got:
        return None  # its elements have mistakes of their own, and pydantic counts what is left
    if kind == "extra_forbidden":
        near = suggestion(str(where[-1]), _allowed(where))
        return source.mistake(where, f"unknown key {where[-1]!r}{near}", at_key=True)
    if kind == "missing":
        return source.mistake(where[:-1], f"{where[-1]!r} is missing", at_key=len(where) > 1)
    name = ".".join(map(str, where)) or "suite"
    if kind == "string_pattern_mismatch":
        wants = "one of auto, cpu, cuda, cuda:1, mps" if where[-1] == "device" else "a name that can be seen"
        return source.mistake(where, f"{name}: wants {wants}; got {got!r}")
    return source.mistake(where, f"{name}: {in_words(error)}")


def _written(source: Source, loc: Where) -> Where:
    """Where it stands in the file: settings of data and lenses may stand without the word `settings`."""
    short = tuple(part for part in loc if part != "settings")
    return loc if loc in source.keys or loc in source.values or short not in source.values else short


def _allowed(where: Where) -> list[str]:
    """The keys that could stand at that place."""
    parts: dict[str, type[BaseModel]] = {
        "data": DataRequest,
        "lenses": LensRequest,
        "models": ModelRequest,
        "probes": LensRequest if "lens" in where[:-1] else ProbeRequest,
        "gates": Gate,
        "meters": Meters,
    }
    owner: type[BaseModel] = parts.get(str(where[0]), Suite) if len(where) > 1 else Suite
    if where[:2] == ("meters", "embodied") and len(where) > 2:
        owner = Embodied
    return sorted(owner.model_fields)
