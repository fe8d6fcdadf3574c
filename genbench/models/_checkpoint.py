"""Where a model of transformers comes from, and its opening: nothing that a file brings is run unless asked for."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import pickle
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch

from genbench.core.digest import tree_digest
from genbench.core.errors import GenBenchError, MissingExtra, ModelError

Kind: TypeAlias = Literal["causal", "masked", "encoder-decoder"]


@dataclass(frozen=True)
class Source:
    """Where a model comes from: a hub id at a revision, a folder, or a .gguf file in either."""

    path: str
    revision: str
    trust_remote_code: bool

    @property
    def local(self) -> Path | None:
        """The folder or file on disk; None for a hub id. `ModelError` where the path is neither."""
        found = Path(self.path).expanduser()
        if found.exists():
            return found
        parts = self.path.split("/")
        if self.path.startswith(("/", ".", "~")) or "\\" in self.path or not 1 <= len(parts) <= 3 or "" in parts:
            raise ModelError(f"hf: there is no {self.path!r}; give a folder of transformers, a .gguf file or a hub id")
        return None

    @property
    def gguf(self) -> str | None:
        """The name of the GGUF file, if it is one."""
        return Path(self.path).name if self.path.endswith(".gguf") else None

    @property
    def folder(self) -> str:
        """The folder or hub id that the files lie in."""
        whole = self.local or Path(self.path)
        return (whole.parent if self.gguf else whole).as_posix()

    @cached_property
    def commit(self) -> str:
        """The commit that `revision` stands for now, so that all files are of one; asks the hub, then its cache."""
        require_transformers()
        from transformers.utils.hub import extract_commit_hash

        return str(extract_commit_hash(_fetched(self, self.gguf or "config.json"), None) or self.revision)

    def identity(self) -> str:
        """Digest of what is on disk, or hub id and commit."""
        return tree_digest(self.local) if self.local else f"{self.path}@{self.commit}"

    @cached_property
    def kind(self) -> Kind:
        """What its configuration says it is; asks the hub where need be. "causal" where in doubt."""
        return self._kind_by(lambda: Path(_fetched(self, "config.json")))

    @property
    def kind_at_hand(self) -> Kind:
        """The same as far as this machine knows: a plan neither fetches anything nor imports transformers."""
        return self._kind_by(lambda: _kept(self, "config.json"))

    def _kind_by(self, on_the_hub: Callable[[], Path]) -> Kind:
        if self.gguf:
            return "causal"
        try:
            file = self.local / "config.json" if self.local else on_the_hub()
            said = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError, GenBenchError):
            return "causal"  # loading it will say what is wrong
        names = said.get("architectures") or ()
        if said.get("is_encoder_decoder") and any(name.endswith("ForConditionalGeneration") for name in names):
            return "encoder-decoder"
        masked = [name for name in names if name.endswith("ForMaskedLM")]
        return "masked" if masked and len(masked) == len(names) else "causal"

    def at_hand(self, name: str) -> Path | None:
        """The file of that name in the folder, or in the hub's cache; None where it is not there. Fetches nothing."""
        if self.local is not None:
            file = Path(self.folder) / name
            return file if file.is_file() else None
        try:
            return _kept(self, name)
        except GenBenchError:
            return None

    @property
    def arguments(self) -> dict[str, Any]:
        """What every `from_pretrained` is given."""
        given: dict[str, Any] = {"trust_remote_code": self.trust_remote_code}
        if self.local is None:
            given["revision"] = self.commit
        if self.gguf:
            given["gguf_file"] = self.gguf
        return given


def opened(source: Source, auto: str, dtype: str, check: Callable[[Any], None]) -> tuple[Any, Any, Any]:
    """(configuration, tokenizer, net) of a model of the class that `auto`, one of transformers' own, finds for it.

    check: is given the configuration before any weight is read. `MissingExtra` where a package is absent, `ModelError`
    for all else; weights that the file lacks are not drawn at random.
    """
    require_transformers()
    import transformers
    from safetensors import SafetensorError

    family: Any = getattr(transformers, auto)
    where, arguments = source.folder, source.arguments
    with _quiet(source.local is not None):
        try:
            config = transformers.AutoConfig.from_pretrained(where, **arguments)
            check(config)
            tokenizer = transformers.AutoTokenizer.from_pretrained(where, **arguments)
            # The setting was renamed in transformers 5.
            named = "dtype" if int(transformers.__version__.split(".")[0]) >= 5 else "torch_dtype"
            net, found = family.from_pretrained(
                where, **arguments, **{named: getattr(torch, dtype)}, output_loading_info=True,
                use_safetensors=_has_safetensors(source) or None,
            )  # fmt: skip
        except pickle.UnpicklingError as error:
            raise ModelError(
                f"hf: the weights of {source.path!r} hold more than tensors, so they are not unpickled. Where you "
                f"trust their author, convert them to safetensors ({_first_line(error)})"
            ) from error
        except (
            OSError, ValueError, KeyError, TypeError, AttributeError, ImportError, RuntimeError, struct.error,
            SafetensorError,
        ) as error:  # fmt: skip
            # Releases differ in what they need for GGUF, so a package is asked for where it is missed.
            for package in ("gguf", "accelerate") if source.gguf else ():
                if package in str(error).lower() and importlib.util.find_spec(package) is None:
                    raise MissingExtra(package, "gguf") from error
            raise ModelError(f"hf cannot load {source.path!r}: {type(error).__name__}: {error}") from error
    if lost := sorted(found["missing_keys"]):
        raise ModelError(
            f"hf: {source.path!r} lacks {len(lost)} weights of its own model, {', '.join(lost[:3])} ...; they would "
            "be drawn at random. Is it such a model, saved whole?"
        )
    return config, tokenizer, net


def require_transformers() -> None:
    """`MissingExtra` where transformers is absent."""
    if importlib.util.find_spec("transformers") is None:
        raise MissingExtra("transformers", "hf")


def _fetched(source: Source, name: str) -> str:
    """Where the hub's file of that name lies in its cache, fetched where it is not there yet."""
    require_transformers()
    from transformers.utils.hub import cached_file

    try:
        return str(cached_file(source.folder, name, revision=source.revision))
    except OSError as error:
        raise ModelError(
            f"hf: {source.path!r} is no folder here, and the hub gave no {name} of it at revision {source.revision!r}: "
            f"{_first_line(error)} Give an existing folder, or go online once to fetch the model"
        ) from error


def _kept(source: Source, name: str) -> Path:
    """Where the hub's file of that name lies in its cache. `ModelError` where it does not."""
    require_transformers()
    from huggingface_hub import try_to_load_from_cache  # comes with transformers, and is light

    found = try_to_load_from_cache(source.folder, name, revision=source.revision)
    if not isinstance(found, str):
        raise ModelError(f"hf: the hub's cache holds no {name} of {source.path!r} at revision {source.revision!r}")
    return Path(found)


def _has_safetensors(source: Source) -> bool:
    return source.gguf is None and source.local is not None and any(source.local.glob("*.safetensors"))


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else 'no message'}"


@contextlib.contextmanager
def _quiet(wanted: bool) -> Iterator[None]:
    """Without transformers' own bars and reports, which say less than the errors here; a download keeps its bar."""
    import transformers

    logging: Any = transformers.utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    if wanted:
        logging.set_verbosity_error()
        logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if wanted and bars:
            logging.enable_progress_bar()
