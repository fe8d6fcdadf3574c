"""Tables: one line a row where piped, fitted to the window where watched, harmless everywhere."""

import math
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genbench.cli.tables import fitted, print_json, print_table, shown

ROWS = [
    ["metric", "model", "A", "because"],
    ["quality.frechet.distance", "noise", "1.48 [1.327, 1.633]", "reproduced exactly"],
    ["quality.frechet.distance", "vae", "2.09 [2.0, 2.2]", "cannot tell: about n = 2,940 would"],
    ["quality.kernel.mmd2", "vae", "0.1 [0, 0.2]", ""],
]


def test_where_piped_a_row_is_a_line_without_blanks_behind_it(capsys):
    print_table(ROWS[0], ROWS[1:])
    assert capsys.readouterr().out.splitlines() == [
        "metric                    model  A                    because",
        "quality.frechet.distance  noise  1.48 [1.327, 1.633]  reproduced exactly",
        "quality.frechet.distance  vae    2.09 [2.0, 2.2]      cannot tell: about n = 2,940 would",
        "quality.kernel.mmd2       vae    0.1 [0, 0.2]",
    ]


def test_too_wide_a_table_wraps_its_widest_column_at_words():
    assert fitted(ROWS, 80)[2:4] == [
        "quality.frechet.distance  vae    2.09 [2.0, 2.2]      cannot tell: about n =",
        "                                                      2,940 would",
    ]


def test_a_narrower_window_makes_headings_of_the_first_columns():
    assert fitted(ROWS, 60) == [
        "  model  A                    because",
        "quality.frechet.distance",
        "  noise  1.48 [1.327, 1.633]  reproduced exactly",
        "  vae    2.09 [2.0, 2.2]      cannot tell: about n = 2,940",
        "                              would",
        "quality.kernel.mmd2",
        "  vae    0.1 [0, 0.2]",
    ]


def test_a_heading_is_said_again_below_another(capsys):
    rows = [["a", "b", "c"], *(["x" * 20 + i, "same", "w " * 20] for i in "12")]
    told = fitted(rows, 24)
    assert [line.strip() for line in told].count("same") == 2


words = st.text(st.sampled_from("abcdefg ."), max_size=30).map(lambda s: " ".join(s.split()))


@given(rows=st.lists(st.lists(words, min_size=3, max_size=3), min_size=2, max_size=6), width=st.integers(40, 120))
def test_nothing_is_lost_and_no_line_is_longer_than_the_window(rows, width):
    lines = fitted(rows, width)
    assert max(map(len, lines)) <= width  # three columns of words of at most 30 always find room as headings
    told = " ".join(lines).split()
    assert set(told) == {word for row in rows[1:] for cell in row for word in cell.split()} | set(told) & {
        word for cell in rows[0] for word in cell.split()
    }
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (math.nan, ""), (0.123456, "0.1235"), (12345.6, "1.235e+04"), (3, "3"), (True, "True"),
        ("a\nfake row\tx", "a fake row x"), ("\x1b[31mred\u202e", "\\x1b[31mred\\u202e"),
    ],
)  # fmt: skip
def test_a_cell_is_one_harmless_line(value, text):
    assert shown(value) == text


def test_wide_characters_keep_columns_straight():
    assert fitted([["name", "n"], ["漢字", "1"], ["ab", "2"]], None) == ["name  n", "漢字  1", "ab    2"]


def test_json_never_holds_nan(capsys):
    print_json({"a": "é", "p": os.devnull})
    assert capsys.readouterr().out.isascii()
    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json({"a": math.nan})


def on_a_terminal(code, columns, **environment):
    """What a program writes to a real pseudo-terminal of that width."""
    pty = pytest.importorskip("pty", reason="no pseudo-terminals here")
    env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS")}
    reading, writing = pty.openpty()
    env |= {"TERM": "xterm-256color", "COLUMNS": str(columns), **environment}
    running = subprocess.Popen([sys.executable, "-c", code], stdout=writing, stderr=writing, env=env)
    os.close(writing)
    parts = []
    while True:
        try:
            part = os.read(reading, 1 << 16)
        except OSError:  # Linux says so at the end
            break
        if not part:
            break
        parts.append(part)
    os.close(reading)
    assert running.wait() == 0
    return b"".join(parts).decode()


CODE = "import sys; sys.argv = ['genbench', 'list', 'probes']; from genbench.cli import main; main()"


@pytest.mark.parametrize("columns", [80, 120])
def test_on_a_terminal_a_table_keeps_within_the_window(columns):
    lines = on_a_terminal(CODE, columns).replace("\x1b[1m", "").replace("\x1b[0m", "").split("\r\n")
    assert len(lines) > 10
    assert max(map(len, lines)) <= columns
    assert all(line == line.rstrip() for line in lines)


def test_no_escape_where_no_colour_is_wanted_or_the_terminal_is_dumb():
    assert "\x1b[1m" in on_a_terminal(CODE, 80)
    assert "\x1b" not in on_a_terminal(CODE, 80, NO_COLOR="1")
    assert "\x1b" not in on_a_terminal(CODE, 80, TERM="dumb")
