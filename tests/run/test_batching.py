"""Batches halve when memory runs out, and what comes out is the same."""

import weakref

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genbench.core.errors import ModelError
from genbench.run.batching import in_batches, out_of_memory


class Machine:
    """Works on at most `room` inputs at once."""

    def __init__(self, room, error=lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")):
        self.room, self.error, self.tried = room, error, []

    def work(self, chunk):
        self.tried.append(len(chunk))
        if len(chunk) > self.room:
            raise self.error()
        return [x * x for x in chunk]


@settings(max_examples=25)  # each halving collects all garbage, which takes its time among the tests' own
@given(count=st.integers(0, 60), size=st.integers(1, 64), room=st.integers(1, 64))
def test_the_result_is_the_same_whatever_fits(count, size, room):
    assert in_batches(Machine(room).work, range(count), size) == [x * x for x in range(count)]


def test_halving_is_said_and_kept_and_starts_from_what_was_tried():
    machine, said, told = Machine(3), [], []
    in_batches(machine.work, range(10), 64, say=said.append, tell=lambda done, total: told.append((done, total)))
    assert machine.tried == [10, 5, 2, 2, 2, 2, 2]
    assert said == ["out of memory: going on in batches of 5", "out of memory: going on in batches of 2"]
    assert told == [(2, 10), (4, 10), (6, 10), (8, 10), (10, 10)]


def test_one_input_that_does_not_fit_is_an_error():
    machine = Machine(0)
    with pytest.raises(torch.OutOfMemoryError):
        in_batches(machine.work, range(4), 4)
    assert machine.tried == [4, 2, 1]


def test_other_errors_are_not_tried_again():
    machine = Machine(1, lambda: ValueError("negative"))
    with pytest.raises(ValueError, match="negative"):
        in_batches(machine.work, range(4), 4)
    assert machine.tried == [4]


def test_what_the_failed_batch_had_allocated_is_let_go_before_the_next_try():
    alive = []

    class Tensor:
        pass

    def work(chunk):
        alive.append(sum(ref() is not None for ref in held))
        big = Tensor()
        held.append(weakref.ref(big))
        if len(chunk) > 1:
            raise MemoryError
        return [1]

    held: list[weakref.ref[Tensor]] = []
    in_batches(work, range(2), 2)
    assert alive == [0, 0, 0]


def test_too_few_results_are_an_error():
    with pytest.raises(ValueError, match="asked for 3 items, got 1"):
        in_batches(lambda chunk: [1], range(3), 3)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:115] DefaultCPUAllocator: can't allocate memory: you tried ..."),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
)
def test_the_ways_in_which_backends_say_it(error):
    assert out_of_memory(error)
    wrapped = ModelError("sampling failed")
    wrapped.__cause__ = error
    assert out_of_memory(wrapped)
    assert not out_of_memory(RuntimeError("shapes do not match"))


def test_memory_really_running_out_is_recognised():
    with pytest.raises((MemoryError, RuntimeError)) as numpy_says:
        np.empty(2**58, dtype=np.uint8)
    with pytest.raises(RuntimeError) as torch_says:
        torch.empty(2**58, dtype=torch.uint8)
    assert out_of_memory(numpy_says.value)
    assert out_of_memory(torch_says.value)
