"""How a run speaks: bars for people, lines for machines, nothing that a terminal would obey."""

import os
import re
import select
from types import SimpleNamespace

import pytest

from genbench.run.voice import Voice


@pytest.fixture
def piped(tmp_path):
    with (tmp_path / "log").open("w+", encoding="utf-8") as stream:
        yield SimpleNamespace(stream=stream, shown=(tmp_path / "log").read_text)


@pytest.fixture
def terminal(monkeypatch):
    """A real pseudo-terminal: what is written to `stream` is read back by `shown()`."""
    pty = pytest.importorskip("pty", reason="no pseudo-terminals here")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)
    reading, writing = pty.openpty()
    with open(writing, "w", encoding="utf-8") as stream:  # noqa: PTH123 (a descriptor, not a path)

        def shown():
            stream.flush()
            parts = []
            while select.select([reading], [], [], 0.2)[0]:
                parts.append(os.read(reading, 1 << 16))
            return b"".join(parts).decode()

        yield SimpleNamespace(stream=stream, shown=shown)
    os.close(reading)


def test_lines_are_inert_and_warnings_are_kept(piped):
    voice = Voice(stream=piped.stream)
    voice.say("red \x1b[31m\u202e")
    voice.warn("spoiled \x07")
    assert piped.shown() == "red \\x1b[31m\\u202e\nnote: spoiled \\x07\n"
    assert voice.warnings == ["spoiled \x07"]


def test_quiet_says_only_what_a_person_must_read(terminal):
    voice = Voice(stream=terminal.stream, quiet=True)
    voice.say("nothing")
    with voice.bar("nothing") as tell:
        tell(1, 2, "")
    voice.warn("this")
    assert terminal.shown() == "note: this\r\n"


def test_where_nobody_watches_there_is_no_bar(piped):
    voice = Voice(stream=piped.stream)
    with voice.bar("sampling") as tell:
        tell(1, 2, "loss 1")
        voice.say("beside it")
    assert piped.shown() == "beside it\n"


def test_on_a_terminal_a_bar_shows_count_and_note_inert(terminal):
    with Voice(stream=terminal.stream).bar("vae\x1b]0;x\x07: training") as tell:
        tell(3, 4, "loss 1.93 [bold]\u202e")
    shown = terminal.shown()
    assert "vae\\x1b]0;x\\x07: training" in shown
    assert "3/4 loss 1.93 [bold]\\u202e" in shown
    assert "\x1b]0;" not in shown
    assert "\u202e" not in shown


def test_lines_said_during_a_bar_stand_above_it_and_a_bar_within_is_silent(terminal):
    voice = Voice(stream=terminal.stream)
    with voice.bar("outer") as tell:
        tell(1, 2, "")
        voice.say("out of memory: going on in batches of 8 [red]")
        with voice.bar("inner") as inner:
            inner(1, 1, "")
    voice.say("after")
    everything = terminal.shown()
    # A line counts from where the terminal was last told to erase it.
    lines = [line.split("\x1b[2K")[-1].strip("\r") for line in everything.split("\n")]
    assert "out of memory: going on in batches of 8 [red]" in lines
    assert lines[-2] == "after"
    assert "inner" not in everything


def test_no_color_is_honoured(terminal, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    with Voice(stream=terminal.stream).bar("training") as tell:
        tell(1, 2, "")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", terminal.shown())  # 3x and 38;5;x set a colour
