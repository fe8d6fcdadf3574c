"""A stranger's pickle is read as data: what is honest comes out whole, what is hostile is named, and nothing is run."""

from __future__ import annotations

import io
import os
import pickle
import struct
import sys
import tracemalloc
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from genbench.models import _unpickle
from genbench.models._unpickle import Name, Record, read_inert
from genbench.models._unpickle_values import Array, Refused

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def text(word: str) -> bytes:
    raw = word.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def call(name: str, *args: bytes) -> bytes:
    """REDUCE of a dotted name on arguments that are already written."""
    module, _, attribute = name.rpartition(".")
    return b"c" + f"{module}\n{attribute}\n".encode() + b"(" + b"".join(args) + b"tR"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_plain_data_comes_out_as_it_went_in(protocol: int) -> None:
    plain: dict[Any, Any] = {
        "numbers": [1, -1, 2**70, 1.5, True, None], "words": ("", "ä€𝄞", b"raw \x00\xff", b""), 3: {"a": {"b": ()}},
        "sets": ({1, 2}, frozenset("xy"), set()), "ordered": OrderedDict(z=1, a=2), "pair": (1, 2), "one": (1,),
    }  # fmt: skip
    plain["again"] = plain["numbers"]
    found = read_inert(pickle.dumps(plain, protocol))
    assert found == plain
    assert found["again"] is found["numbers"]
    assert list(found["ordered"]) == ["z", "a"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_arrays_come_out_whole(protocol: int) -> None:
    rng = np.random.default_rng(0)
    for array in (
        rng.normal(size=(3, 4)), rng.normal(size=(3, 4)).T, np.arange(5, dtype=">i4"), np.float16([1, 2]),
        np.zeros((0, 3)), np.array([True, False]), np.array(7.0),
    ):  # fmt: skip
        found = read_inert(pickle.dumps({"x": array}, protocol))["x"]
        assert isinstance(found, Array)
        assert found.value.shape == array.shape
        assert np.array_equal(found.value, array)
        assert found.value.dtype.kind == array.dtype.kind
    assert read_inert(pickle.dumps(np.float64(0.25), protocol)) == 0.25


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_tensors_come_out_whole(protocol: int) -> None:
    base = torch.randn(4, 6)
    for tensor in (
        base, base.T, base[1:3, ::2], base.half(), base.bfloat16(), torch.arange(3), torch.tensor([True]),
        torch.tensor(2.5), torch.zeros(0, 3), torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last),
        torch.zeros(3, 1).expand(3, 1),
    ):  # fmt: skip
        found = read_inert(pickle.dumps([tensor], protocol))[0]
        assert found.dtype == tensor.dtype
        assert torch.equal(found, tensor)
    weight = torch.nn.Parameter(base, requires_grad=False)
    assert torch.equal(read_inert(pickle.dumps(weight, protocol)), base)


class Plain:
    """A class of the program that wrote the file."""


def test_unknown_classes_become_records(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = Plain()
    made.__dict__.update(size=3, name="x")
    monkeypatch.setattr(Plain, "__module__", __name__)
    found = read_inert(pickle.dumps(made, 4).replace(b"test_unpickle", b"text_unpickle"))
    assert isinstance(found, Record)
    assert found.name.name == "Plain"
    assert found.state == {"size": 3, "name": "x"}
    # Nothing is imported, though a module of that name is at hand.
    (tmp_path / "loud_module.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    found = read_inert(b"\x80\x02" + call("loud_module.run", text("x")) + b".")
    assert found.name == Name("loud_module", "run")
    assert found.args == ("x",)
    assert "loud_module" not in sys.modules
    assert not (tmp_path / "ran").exists()


def test_records_take_items_and_elements_and_names_with_dots_are_only_names() -> None:
    dotted = b"\x80\x04\x8c\x05thing\x8c\x14run.__globals__.open\x93)\x81."
    assert read_inert(dotted).name == Name("thing", "run.__globals__.open")
    filled = read_inert(b"\x80\x02cthing\nMap\n)\x81(K\x01K\x02u(K\x03K\x04e.")
    assert filled.items == {1: 2}
    assert filled.elements == [3, 4]


HOSTILE = [
    "os.system", "posix.system", "nt.system", "subprocess.Popen", "builtins.eval", "builtins.exec", "__builtin__.eval",
    "builtins.__import__", "builtins.getattr", "builtins.open", "builtins.bytearray", "builtins.list", "builtins.range",
    "importlib.import_module", "operator.attrgetter", "functools.partial", "runpy.run_path", "pickle.loads",
    "copyreg._reconstructor", "types.FunctionType", "shutil.rmtree", "webbrowser.open", "torch.hub.load", "torch.load",
    "torch.storage.exec", "torch._utils.eval", "numpy.load", "numpy.testing._private.utils.runstring", "pip.main",
    "genbench.api.run", "collections.OrderedDict.__init__", "torch.nn.Module", "_codecs.lookup",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_not_data_is_refused_by_name(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    newer = b"\x80\x04" + text(module) + text(attribute) + b"\x93" + text("x") + b"\x85R."
    for raw in (b"\x80\x02" + call(name, text("x")) + b".", newer):
        with pytest.raises(Refused, match=f"asks for {name}, which a model file does not need"):
            read_inert(raw)


def test_nothing_runs_in_any_dialect(tmp_path: Path) -> None:
    sentinel = tmp_path / "ran"
    command = text(f"touch {sentinel}")
    system = f"c{os.system.__module__}\nsystem\n".encode()
    for raw in (
        b"\x80\x02" + system + command + b"\x85R.",  # REDUCE
        b"(" + command + f"i{os.system.__module__}\nsystem\n.".encode(),  # INST
        b"(" + system + command + b"o.",  # OBJ
        b"\x80\x02" + system + command + b"\x85\x81.",  # NEWOBJ
        b"\x80\x04" + system + command + b"\x85}\x92.",  # NEWOBJ_EX
        b"\x80\x02cthing\nX\n)\x81}(" + text("__setstate__") + system + b"ub" + command + b"b.",  # a state that calls
        b"\x80\x02cthing\nX\n)\x81}(" + text("__reduce_ex__") + system + b"ub.",
    ):
        with pytest.raises(Refused):
            read_inert(raw)
        assert not sentinel.exists()


def test_a_hostile_pickle_within_a_tensors_bytes_is_not_run(tmp_path: Path) -> None:
    sentinel = tmp_path / "ran"

    class Runs:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {sentinel}",)

    buffer = io.BytesIO()
    torch.save(Runs(), buffer, _use_new_zipfile_serialization=False)
    content = b"B" + struct.pack("<I", len(buffer.getvalue())) + buffer.getvalue()
    with pytest.raises(Refused, match=rf"cannot read safely.*{os.system.__module__}\.system"):
        read_inert(b"\x80\x03" + call("torch.storage._load_from_bytes", content) + b".")
    assert not sentinel.exists()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"\x80\x02\x82\x01.", "instruction EXT1"),
        (b"Pname\n.", "instruction PERSID"),
        (b"\x80\x02X\x01\x00\x00\x00xQ.", "instruction BINPERSID"),
        (b"\x80\x05\x97.", "instruction NEXT_BUFFER"),
        (b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}b.", "gives a state to a Name"),
        (b"\x80\x02K\x01)R.", "calls what is not a name"),
        (b"\x80\x02]}(K\x01K\x02ub.", "gives a state to a list"),
        (b"\x80\x02K\x01(K\x01e.", "adds to a int"),
        (b"\x80\x02](K\x01K\x02u.", "sets items of a list"),
        (b"\x80\x02}(K\x01u.", "a key without a value"),
        (b"\x80\x02}])s.", "uses a list as a key"),
        (b"\x80\x04\x8c\x01xK\x01\x93.", "names something by what is no text"),
        (b"\x80\x02e.", "a group that it has not begun"),
        (b"\x80\x02" + call("numpy.dtype", text("O8"), b"\x89", b"\x88") + b".", "something else than numbers"),
        (b"\x80\x02" + call("_codecs.encode", text("x"), text("rot13")) + b".", "codec 'rot13'"),
        (b"\x80\x02" + call("torch.storage._load_from_bytes", b"C\x04PK\x03\x04") + b".", "in another way"),
        (b"\x80\x02" + call("torch.Size", b"(J\xff\xff\xff\xfft") + b".", "whose shape is none"),
        (b"", "cut short"),
        (b"\x80\x02", "cut short"),
        (b"\x80\x02K\x01", "cut short"),
        (b"\x80\x02X\xff\x00\x00\x00few.", "cut short"),
        (b"\x80\x02h\x07.", "damaged"),
        (b"not a pickle", "damaged"),
        (b"\x80\x02.", "damaged"),
    ],
)
def test_odd_instructions_are_named(raw: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words):
        read_inert(raw)


def small(raw: bytes, words: str) -> None:
    """Refused, and without filling the memory."""
    tracemalloc.start()
    try:
        with pytest.raises(Refused, match=words):
            read_inert(raw)
        assert tracemalloc.get_traced_memory()[1] < 300 << 20
    finally:
        tracemalloc.stop()


def test_a_small_file_cannot_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_unpickle, "SLACK", 1 << 20)
    small(b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"few.", "cut short")
    small(b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b"few.", "cut short")
    read_inert(b"\x80\x02]r\xff\xff\xff\xff.")  # an index of the memo that CPython's own machine makes room for
    # One list, copied into a dictionary or a set again and again.
    pairs = b"](" + b"K\x01K\x02\x86" * 3000 + b"eq\x00"
    copies = (b"ccollections\nOrderedDict\nh\x00\x85R") * 3000
    small(b"\x80\x02" + pairs + b"](" + copies + b"e.", "grow far beyond its own size")
    whole = b"](" + b"".join(b"M" + struct.pack("<H", i) for i in range(5000)) + b"eq\x00"
    small(b"\x80\x02" + whole + b"](" + b"cbuiltins\nset\nh\x00\x85R" * 3000 + b"e.", "grow far beyond its own size")
    # A key that takes for ever to hash: pairs of pairs of pairs.
    small(b"\x80\x02}" + b")" + b"2\x86" * 80 + b"Ns.", "uses a tuple as a key")
    # Endless instructions are counted; nesting is no recursion here.
    assert isinstance(read_inert(b"\x80\x02" + b"]" * 20_000 + b"a" * 19_999 + b"."), list)


def test_a_tensor_is_never_larger_than_its_numbers() -> None:
    for size, stride, offset in (((2**20, 2**20), (0, 0), 0), ((4,), (2,), 0), ((4,), (1,), 1), ((2,), (1,), -1)):
        with pytest.raises(Refused, match=r"holds a(n array whose shape is none| tensor of shape)"):
            read_inert(shaped(size, stride, offset))
    assert read_inert(shaped((2,), (2,), 1)).tolist() == [0, 0]
    flat = pickle.dumps(np.zeros(4), 4)
    with pytest.raises(Refused, match=r"an array of shape \(9,\) with 4 numbers"):
        read_inert(flat.replace(b"K\x04\x85", b"K\x09\x85", 1))


def shaped(size: tuple[int, ...], stride: tuple[int, ...], offset: int) -> bytes:
    """The pickle of a tensor on four numbers, of any shape."""
    numbers = torch.zeros(4).untyped_storage()
    buffer = io.BytesIO()
    torch.save(torch.storage.TypedStorage(wrap_storage=numbers, dtype=torch.float32, _internal=True), buffer,
               _use_new_zipfile_serialization=False)  # fmt: skip

    def whole(numbers: tuple[int, ...]) -> bytes:
        return b"(" + b"".join(b"J" + struct.pack("<i", n) for n in numbers) + b"t"

    content = b"B" + struct.pack("<I", len(buffer.getvalue())) + buffer.getvalue()
    loaded = b"ctorch.storage\n_load_from_bytes\n" + content + b"\x85R"
    parts = loaded + b"J" + struct.pack("<i", offset) + whole(size) + whole(stride) + b"\x89" + b"}"
    return b"\x80\x03ctorch._utils\n_rebuild_tensor_v2\n(" + parts + b"tR."


def test_damaged_files_are_refused_and_never_raise_otherwise() -> None:
    rng, whole = (
        np.random.default_rng(0),
        pickle.dumps({"w": torch.randn(3), "n": np.arange(3.0), "o": OrderedDict(a=1)}),
    )
    refused = 0
    for _ in range(600):
        raw = bytearray(whole)
        for at in rng.integers(0, len(raw), size=3):
            raw[at] = rng.integers(256)
        try:
            read_inert(bytes(raw))
        except Refused as error:
            refused += bool(str(error))
    assert refused > 200
