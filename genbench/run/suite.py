"""A suite: which models, on what data, seen how, probed by what, judged by which gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from genbench.core.errors import GenBenchError, Mistake, SuiteError, suggestion
from genbench.run.binding import check_names
from genbench.run.yaml_source import Source, Where, plain_scalar, read_yaml

# Sugar: `hf: x` is family hf with this setting.
SUGAR = {"hf": "path", "python": "object", "samples": "path"}
DEFAULT_LENSES = {"image": "image.pixels", "text": "text.ngrams"}
PATHS = ("path", "held_out_path", "train_path")

Number = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(gt=0)]


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

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, value: Any) -> Any:
        return _gathered({"source": value} if isinstance(value, str) else value, ("source",))

    @model_validator(mode="after")
    def _something(self) -> DataRequest:
        if self.source is None and "path" not in self.settings:
            raise ValueError("give `source` (a name from `genbench list data`) or `path`")
        return self


class LensRequest(Part):
    """A lens and its settings."""

    lens: str = Field(description="A lens, see `genbench list lenses`.")
    settings: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, value: Any) -> Any:
        return _gathered({"lens": value} if isinstance(value, str) else value, ("lens",))


class ModelRequest(Part):
    """A model: exactly one of family, hf, python or samples."""

    name: str = Field(min_length=1, max_length=80, description="What reports call it; unique in the suite.")
    family: str | None = Field(None, description="A family trained here, see `genbench list models`.")
    hf: str | None = Field(None, description="A transformers model: a local path or a hub id.")
    python: str | None = Field(None, description="Your object, as package.module:name.")
    samples: str | None = Field(None, description="A folder or file of outputs: no model at all.")
    data: str | None = Field(None, description="The dataset it is fitted on and compared with.")
    preset: str | None = Field(None, description="A named group of settings, such as tiny or base.")
    settings: dict[str, Any] = Field(default_factory=dict)
    seed: int | None = Field(None, ge=0, description="Default: the suite's seed.")

    @model_validator(mode="after")
    def _one_kind(self) -> ModelRequest:
        given = [kind for kind in ("family", *SUGAR) if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of family, hf, python or samples; got {', '.join(given) or 'none'}")
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
    """A probe, or a pattern such as `memorization.*`, with settings of its own."""

    probe: str = Field(description="A probe's id or a pattern over ids, see `genbench list probes`.")
    lens: LensRequest | None = Field(None, description="See through this lens instead of the suite's.")
    n: Count | None = Field(None, description="Samples for this probe, instead of the suite's n.")
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
    no_alarm: bool = Field(False, description="Pass where the score's own tolerance past its floor is kept.")

    @model_validator(mode="after")
    def _something(self) -> Gate:
        if self.below is None and self.above is None and not self.no_alarm:
            raise ValueError("give `below`, `above` or `no_alarm: true`")
        return self


class Meters(Part):
    """How energy is read, and where the electricity comes from."""

    meter: str = Field("codecarbon", pattern="^(codecarbon|none)$")
    country: str | None = Field(None, pattern="^[A-Z]{3}$", description="ISO 3166 alpha-3, such as FRA. Never guessed.")
    carbon_intensity_g_per_kwh: Number | None = Field(
        None, ge=0, description="Your own figure, instead of the country's."
    )


class Suite(Part):
    """What `genbench run` carries out."""

    name: str = Field(min_length=1, max_length=80)
    about: str = ""
    seed: int = Field(0, ge=0)
    n: Count = Field(500, description="Samples drawn from each model.")
    train_n: Count | None = Field(None, description="At most so many training items are compared with.")
    held_out_n: Count | None = Field(None, description="At most so many held-out items are compared with.")
    device: str = Field("auto", description="auto, cpu, cuda, cuda:1 or mps.")
    batch: Count = Field(64, description="Items worked on at once; halved when memory runs out.")
    data: dict[str, DataRequest] = Field(min_length=1)
    lenses: dict[str, LensRequest] = Field(default_factory=dict, description="One lens per modality.")
    models: tuple[ModelRequest, ...] = Field(min_length=1)
    probes: tuple[ProbeRequest, ...] = Field((ProbeRequest(probe="*"),), min_length=1)
    gates: tuple[Gate, ...] = ()
    meters: Meters = Meters()
    _path: Path | None = PrivateAttr(None)

    @classmethod
    def load(cls, suite: str, *, overrides: Sequence[str] = ()) -> Suite:
        """A suite by path or shipped name, with `path=value` changes. All mistakes come in one `SuiteError`."""
        path = find_suite(suite)
        source = read_yaml(str(path) if Path(suite).exists() else suite, path.read_bytes())
        for change in overrides:
            _apply(source, change)
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
            mistakes += [_explained(source, dict(e)) for e in error.errors(include_url=False)]
        mistakes += [source.mistake(where, problem) for where, problem in check_names(source.value)]
        if mistakes or suite is None:
            unique = {(m.line, m.column, m.problem): m for m in mistakes}
            raise SuiteError(sorted(unique.values(), key=lambda m: (m.line, m.column)))
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
    if Path(suite).is_file():
        return Path(suite)
    shipped = shipped_suites()
    if suite in shipped:
        return shipped[suite]
    raise GenBenchError(f"no suite {suite!r}: neither a file nor a shipped suite{suggestion(suite, list(shipped))}")


def _apply(source: Source, change: str) -> None:
    """Sets `models.0.preset=base` in the parsed values."""
    path, equals, text = change.partition("=")
    keys: list[str | int] = [int(k) if k.isdigit() else k for k in path.split(".")]
    if not equals or not path:
        raise GenBenchError(f"--set wants PATH=VALUE, such as n=200 or models.0.preset=base; got {change!r}")
    at = source.value
    for key in keys[:-1]:
        if isinstance(at, dict):
            at = at.setdefault(key, {})
        elif isinstance(at, list) and isinstance(key, int) and key < len(at):
            at = at[key]
        else:
            raise GenBenchError(f"--set {change}: there is no {key!r} at that place")
    if isinstance(at, list) and not (isinstance(keys[-1], int) and keys[-1] < len(at)):
        raise GenBenchError(f"--set {change}: there is no {keys[-1]!r} at that place")
    at[keys[-1]] = plain_scalar(text)


def _root_paths(value: Any, folder: Path) -> None:
    """Paths in a suite count from the suite's folder where something stands there, else from where one is."""
    if isinstance(value, list):
        for element in value:
            _root_paths(element, folder)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key in (*PATHS, *SUGAR) and isinstance(inner, str) and (folder / inner).exists():
                value[key] = str((folder / inner).resolve())
            else:
                _root_paths(inner, folder)


def _explained(source: Source, error: Mapping[str, Any]) -> Mistake:
    """A pydantic error in our words: what was got, what is allowed, what is near."""
    where: Where = tuple(part for part in error["loc"] if part != "settings" or part in error["loc"][:1])
    kind, got = error["type"], error.get("input")
    if kind == "extra_forbidden":
        return source.mistake(
            where, f"unknown key {where[-1]!r}{suggestion(str(where[-1]), _fields(where))}", at_key=True
        )
    if kind == "missing":
        return source.mistake(where[:-1], f"{where[-1]!r} is missing")
    message = str(error["msg"]).removeprefix("Value error, ")
    shown = f"; got {got!r}" if isinstance(got, str | int | float | bool | None) and "got" not in message else ""
    return source.mistake(where, f"{'.'.join(map(str, where)) or 'suite'}: {message[:1].lower()}{message[1:]}{shown}")


def _fields(where: Where) -> list[str]:
    parts: dict[str, type[BaseModel]] = {
        "models": ModelRequest,
        "probes": ProbeRequest,
        "gates": Gate,
        "meters": Meters,
        "lenses": LensRequest,
    }
    owner: type[BaseModel] = parts.get(str(where[0]), Suite) if len(where) > 1 else Suite
    return sorted(owner.model_fields)
