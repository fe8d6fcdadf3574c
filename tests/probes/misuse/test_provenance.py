"""Present or absent, among the files that could be read; never valid, and never zero for want of files."""

from __future__ import annotations

import numpy as np
import pytest

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Declared
from genbench.probes.misuse.provenance import MADE, provenance
from genbench.stats.intervals import wilson


def files(manifests, sources, unread=None):
    n = len(manifests)
    keys = tuple(f"generated/{i}" for i in range(n))
    return Declared(np.array(manifests, bool), tuple(sources), tuple(unread or [""] * n), keys)


def test_truth_every_second_file_bears_a_manifest_and_every_fourth_a_source_type():
    found = provenance(files([True, False] * 100, [MADE, "", "", ""] * 50))
    assert {name: e.value for name, e in found.items()} == {"c2pa": 0.5, "iptc": 0.25, "either": 0.5}
    assert found["iptc"].interval == wilson(50, 200)
    assert all((e.n, e.floor) == (200, 1.0) for e in found.values())
    assert found["c2pa"].detail.facts["signatures"] == "not checked"


def test_control_files_that_nobody_marked_have_a_share_of_none_that_leaves_room_for_some():
    found = provenance(files([False] * 300, [""] * 300))["either"]
    assert found.value == 0.0
    assert 0.01 < found.interval.high < 0.013


def test_other_source_types_are_told_and_not_counted():
    found = provenance(files([False] * 4, ["digitalCapture", MADE, "digitalCapture", "algorithmicMedia"]))["iptc"]
    assert found.value == 0.25
    assert found.detail.facts["other source types"] == "2 of 4 digitalCapture, 1 of 4 algorithmicMedia"


def test_what_could_not_be_read_is_neither_present_nor_absent():
    found = provenance(files([True, False, False], [""] * 3, ["", "", "the file breaks off"]))["c2pa"]
    assert (found.value, found.n) == (0.5, 2)
    assert found.detail.keys == ("generated/0", "generated/1")
    assert found.detail.facts["left out"] == "1 of 3: the file breaks off"
    with pytest.raises(NotApplicable, match="no file's metadata could be read: the file breaks off"):
        provenance(files([False], [""], ["the file breaks off"]))
