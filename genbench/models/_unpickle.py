"""Reads a stranger's pickle as data. Nothing it names is imported, and nothing in it is called.

A pickle is a program for a small stack machine, whose REDUCE calls whatever it names. This is another machine for the
same programs: it knows containers, numbers, texts, and the few names that stand for arrays and tensors. Every other
class becomes an inert `Record` of what would have been built. A name out of Python's own library, or out of one that
is known to be installed, such as os.system or builtins.getattr, has no business in a model file and is refused.
"""

from __future__ import annotations

import pickletools
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from torch import Tensor

from genbench.models._unpickle_values import Array, Dtype, Refused, array_of, dtype_of, sizes_of, storage_of, tensor_of

MAX_STEPS = 10_000_000  # a generator with discriminator and average takes about 50,000
SLACK = 64 << 20
SHORT = ("exhausted", "remain", "not enough data", "no newline")  # how the standard library says that bytes are missing
# Code that is there on this machine. Names in it are refused unless they are known to be harmless; all others cannot
# be meant but as classes of the program that wrote the file.
PRESENT = sys.stdlib_module_names | {
    "__builtin__", "exceptions", "commands", "copy_reg", "distutils", "imp", "numpy", "torch", "scipy", "pip",
    "setuptools", "pkg_resources", "genbench",
}  # fmt: skip
DTYPES = {"float16", "float32", "float64", "bfloat16", "uint8", "int8", "int16", "int32", "int64", "bool"}
HARMLESS = {"numpy.ndarray", "torch.device", *(f"torch.{name}" for name in DTYPES)}
HARMLESS_MODULES = ("torch.nn.modules.", "torch.nn.parameter")


@dataclass(frozen=True)
class Name:
    """What the pickle calls `module.name`; only ever compared."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False)
class Record:
    """What calling `name` with `args` would have built; `state` and `items` are what it would have been given."""

    name: Name
    args: tuple[Any, ...] = field(default=(), repr=False)
    state: Any = field(default=None, repr=False)
    items: dict[Any, Any] = field(default_factory=dict, repr=False)
    elements: list[Any] = field(default_factory=list, repr=False)


class Mark:
    """Where on the stack a group of objects begins."""


Stack: TypeAlias = list[Any]


def read_inert(raw: bytes) -> Any:
    """The object a pickle describes, of dicts, lists, tuples, sets, numbers, texts, tensors, `Array` and `Record`.

    `Refused` names what the pickle asks for beyond that, or says that it is cut short or damaged.
    """
    try:
        return Machine(len(raw)).run(raw)
    except Refused:
        raise
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, OverflowError, MemoryError) as error:
        what = "cut short" if any(sign in str(error) for sign in SHORT) else "damaged"
        raise Refused(f"is {what}: it is no whole pickle ({type(error).__name__}: {error})") from error


class Machine:
    """The stack, the memo, and a budget of what may be built, so that a small file cannot fill the memory."""

    def __init__(self, size: int) -> None:
        self.stack: Stack = []
        self.memo: dict[int, Any] = {}
        self.budget = 4 * size + SLACK

    def run(self, raw: bytes) -> Any:
        for count, (opcode, arg, _) in enumerate(pickletools.genops(raw)):
            if count > MAX_STEPS:
                raise Refused(f"takes more than {MAX_STEPS:,} steps, which no model does")
            name = opcode.name
            if name == "STOP":
                return self.stack.pop()
            if name in LITERALS:
                self.stack.append(arg)
            elif name in PUTS:
                self.memo[len(self.memo) if arg is None else int(arg)] = self.stack[-1]
            elif name in GETS:
                self.stack.append(self.memo[int(arg or 0)])
            elif name in STEPS:
                STEPS[name](self, arg)
            elif name not in ("PROTO", "FRAME"):
                raise Refused(f"uses the instruction {name}, which a model file does not need")
        raise Refused("is cut short: it has no end")

    def spend(self, size: int) -> None:
        self.budget -= size
        if self.budget < 0:
            raise Refused("would grow far beyond its own size when read")

    def group(self) -> list[Any]:
        """What lies above the last mark, taken off together with it."""
        at = next((i for i in range(len(self.stack) - 1, -1, -1) if isinstance(self.stack[i], Mark)), None)
        if at is None:
            raise Refused("is damaged: it ends a group that it has not begun")
        found = self.stack[at + 1 :]
        del self.stack[at:]
        return found

    def named(self, module: Any, name: Any) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise Refused("names something by what is no text")
        full = f"{module}.{name}"
        known = full in BUILDERS or full in HARMLESS or full.startswith(HARMLESS_MODULES)
        if not known and module.split(".")[0] in PRESENT:
            raise Refused(f"asks for {full[:100]}, which a model file does not need: it was not called")
        self.stack.append(Name(module, name))

    def stack_global(self, _: Any) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.named(module, name)

    def call(self, _: Any) -> None:
        args, name = self.stack.pop(), self.stack.pop()
        self.stack.append(self.built(name, args))

    def built(self, name: Any, args: Any) -> Any:
        if not isinstance(name, Name) or not isinstance(args, tuple):
            raise Refused("calls what is not a name, or not with a list of arguments")
        builder = BUILDERS.get(str(name))
        return builder(self, *args) if builder else Record(name, args)

    def call_with_names(self, _: Any) -> None:
        named, args, name = self.stack.pop(), self.stack.pop(), self.stack.pop()
        self.stack.append(self.built(name, (*args, named) if named else args))

    def give_state(self, _: Any) -> None:
        state = self.stack.pop()
        target = self.stack[-1]
        if isinstance(target, Record):
            target.state = state
        elif isinstance(target, Array):
            _, shape, dtype, fortran, data = state
            target.value = array_of(data, dtype, shape, "F" if fortran else "C")
        elif isinstance(target, Dtype):
            order = state[1] if state[1] in ("<", ">") else ""
            target.code = order + target.code.lstrip("<>=|")
        elif not isinstance(target, dict | Tensor):  # whose attributes say nothing of its numbers
            raise Refused(f"gives a state to a {type(target).__name__}")

    def add(self, elements: Iterable[Any]) -> None:
        target = self.stack[-1]
        if isinstance(target, set):
            target.update(_scalar(element) for element in elements)
        elif isinstance(target, list | Record):
            (target if isinstance(target, list) else target.elements).extend(elements)
        else:
            raise Refused(f"adds to a {type(target).__name__}")

    def set_items(self, flat: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict | Record):
            raise Refused(f"sets items of a {type(target).__name__}")
        items = target if isinstance(target, dict) else target.items
        items.update(_pairs(flat))


def _scalar(key: Any) -> Any:
    """Keys are plain: hashing a tuple of tuples of tuples can take for ever."""
    if not isinstance(key, str | int | float | bytes | Name | None):
        raise Refused(f"uses a {type(key).__name__} as a key")
    return key


def _pairs(flat: list[Any]) -> dict[Any, Any]:
    if len(flat) % 2:
        raise Refused("is damaged: it has a key without a value")
    return {_scalar(key): value for key, value in zip(flat[::2], flat[1::2], strict=True)}


def _ordered(machine: Machine, pairs: Any = ()) -> dict[Any, Any]:
    """An ordered dictionary, which every dictionary is now."""
    machine.spend(64 * len(pairs))
    return _pairs([part for pair in pairs for part in (pair[0], pair[1])])


def _collected(machine: Machine, elements: Any = ()) -> set[Any]:
    machine.spend(64 * len(elements))
    return {_scalar(element) for element in elements}


def _encoded(machine: Machine, text: str, codec: str) -> bytes:
    """How protocol 2 writes bytes."""
    machine.spend(len(text))
    if codec not in ("latin1", "latin-1"):
        raise Refused(f"asks for the codec {codec[:40]!r}")
    return text.encode("latin-1")


def _stored(machine: Machine, raw: Any) -> Any:
    machine.spend(len(raw))
    return storage_of(raw)


BUILDERS: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": _ordered,
    "_codecs.encode": _encoded,
    "torch._utils._rebuild_tensor_v2": lambda machine, *parts: tensor_of(*parts),
    "torch._utils._rebuild_parameter": lambda machine, data, *rest: data,
    "torch.storage._load_from_bytes": _stored,
    "torch.Size": lambda machine, sizes=(): sizes_of(tuple(sizes)),
    "numpy.dtype": lambda machine, *parts: dtype_of(*parts),
}
for builtins in ("builtins", "__builtin__"):
    BUILDERS |= {f"{builtins}.set": _collected, f"{builtins}.frozenset": _collected, f"{builtins}.bytes": lambda _: b""}
for core in ("numpy.core", "numpy._core"):
    BUILDERS |= {
        f"{core}.multiarray._reconstruct": lambda machine, *rest: Array(),
        f"{core}.multiarray.scalar": lambda machine, dtype, data: array_of(data, dtype, (), "C").item(),
        f"{core}.numeric._frombuffer": lambda machine, data, *rest: Array(array_of(data, *rest)),
    }

LITERALS = frozenset({
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "UNICODE", "SHORT_BINUNICODE",
    "BINUNICODE", "BINUNICODE8", "STRING", "BINSTRING", "SHORT_BINSTRING", "SHORT_BINBYTES", "BINBYTES", "BINBYTES8",
    "BYTEARRAY8",
})  # fmt: skip
PUTS = frozenset(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"))
GETS = frozenset(("GET", "BINGET", "LONG_BINGET"))


def _push(make: Callable[[Machine], Any]) -> Callable[[Machine, Any], None]:
    def step(machine: Machine, arg: Any) -> None:
        machine.stack.append(make(machine))

    return step


def _tuple(size: int) -> Callable[[Machine, Any], None]:
    def step(machine: Machine, arg: Any) -> None:
        machine.stack[-size:] = [tuple(machine.stack[-size:])]

    return step


STEPS: dict[str, Callable[[Machine, Any], Any]] = {
    "NONE": _push(lambda m: None),
    "NEWTRUE": _push(lambda m: True),
    "NEWFALSE": _push(lambda m: False),
    "MARK": _push(lambda m: Mark()),
    "EMPTY_TUPLE": _push(lambda m: ()),
    "EMPTY_LIST": _push(lambda m: []),
    "EMPTY_DICT": _push(lambda m: {}),
    "EMPTY_SET": _push(lambda m: set()),
    "TUPLE": _push(lambda m: tuple(m.group())),
    "LIST": _push(lambda m: m.group()),
    "DICT": _push(lambda m: _pairs(m.group())),
    "FROZENSET": _push(lambda m: {_scalar(element) for element in m.group()}),
    "DUP": _push(lambda m: m.stack[-1]),
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "POP": lambda m, _: m.stack.pop(),
    "POP_MARK": lambda m, _: m.group(),
    "APPEND": lambda m, _: m.add([m.stack.pop()]),
    "APPENDS": lambda m, _: m.add(m.group()),
    "ADDITEMS": lambda m, _: m.add(m.group()),
    "SETITEM": lambda m, _: m.set_items([m.stack.pop(-2), m.stack.pop()]),
    "SETITEMS": lambda m, _: m.set_items(m.group()),
    "GLOBAL": lambda m, arg: m.named(*str(arg).split(" ", 1)),
    "STACK_GLOBAL": Machine.stack_global,
    "REDUCE": Machine.call,
    "NEWOBJ": Machine.call,
    "NEWOBJ_EX": Machine.call_with_names,
    "BUILD": Machine.give_state,
}
