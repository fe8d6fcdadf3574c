"""A kill costs at most the record in flight; anything else that is broken is named, not skipped."""

import json
import os
import signal
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genbench.core.errors import ResultsError
from genbench.results import lines

RECORDS = [{"n": 1, "text": "é\n\u2028 😀"}, {"n": 2, "text": "\x00"}, {"n": 3, "text": ""}]


def write(path):
    for record in RECORDS:
        lines.append(path, record)
    return path.read_bytes()


def test_records_come_back_in_order(tmp_path):
    path = tmp_path / "records.jsonl"
    raw = write(path)
    assert list(lines.read(path)) == RECORDS
    assert raw.count(b"\n") == len(RECORDS)
    assert raw.isascii()


def test_cut_at_any_byte_only_the_record_in_flight_is_lost(tmp_path):
    path = tmp_path / "records.jsonl"
    raw = write(path)
    for cut in range(len(raw) + 1):
        path.write_bytes(raw[:cut])
        whole = raw[:cut].count(b"\n")
        assert list(lines.read(path))[:whole] == RECORDS[:whole]
        lines.mend(path)
        assert list(lines.read(path)) == RECORDS[:whole]
        lines.append(path, {"after": cut})
        assert list(lines.read(path)) == [*RECORDS[:whole], {"after": cut}]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_in_json_is_refused_and_leaves_no_trace(tmp_path, number):
    path = tmp_path / "records.jsonl"
    lines.append(path, {"value": 1.0})
    with pytest.raises(ValueError, match="JSON"):
        lines.append(path, {"value": number})
    assert list(lines.read(path)) == [{"value": 1.0}]


def test_a_broken_line_before_the_last_is_named(tmp_path):
    path = tmp_path / "records.jsonl"
    raw = write(path).split(b"\n")
    path.write_bytes(b"\n".join([raw[0], raw[1][:5], raw[2], b""]))
    with pytest.raises(ResultsError, match=r"records\.jsonl:2: not a JSON record"):
        list(lines.read(path))


def test_no_file_holds_no_record(tmp_path):
    assert list(lines.read(tmp_path / "none.jsonl")) == []
    lines.mend(tmp_path / "none.jsonl")
    assert not (tmp_path / "none.jsonl").exists()


@given(
    st.dictionaries(
        st.text(),
        st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_any_json_value_comes_back(tmp_path_factory, record):
    path = tmp_path_factory.mktemp("lines") / "records.jsonl"
    lines.append(path, record)
    assert list(lines.read(path)) == [json.loads(json.dumps(record))]


WRITER = """
import sys
from pathlib import Path
from genbench.results.lines import append
i = 0
while True:
    append(Path(sys.argv[1]), {"i": i, "filling": "x" * 20_000})
    i += 1
    print(i, flush=True)
"""


def test_what_append_returned_from_survives_sigkill(tmp_path):
    path = tmp_path / "records.jsonl"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    said = 0
    while said < 20:
        said = int(writer.stdout.readline())
    os.kill(writer.pid, signal.SIGKILL)
    said = max([said, *map(int, writer.stdout.read().split())])
    writer.wait()
    found = [record["i"] for record in lines.read(path)]
    assert found == list(range(len(found)))
    assert len(found) >= said
