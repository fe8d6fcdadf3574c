"""Does what a suite's path leads to lie there, and is it what it should be?"""

from __future__ import annotations

from pathlib import Path

from genbench.core.places import Place
from genbench.run.binding.wrong import Found, Wrong
from genbench.run.home import exists
from genbench.run.yaml_source import Where


def check_place(place: Place, path: str, where: Where) -> Found:
    """Does what a setting leads to lie there, and is it a file or a folder as it should be?"""
    if not lies(path):
        if not place.is_elsewhere(path):
            yield absent(where, path, place.holds, place.holds.upper() if "or" not in place.holds else "PATH")
    elif place.holds != "file or folder" and (is_folder := _at_home(path).is_dir()) is not (place.holds == "folder"):
        yield Wrong(where, f"wants a {place.holds}, and {path!r} is a {'folder' if is_folder else 'file'}")


def check_default(place: Place, path: str, where: Where) -> Found:
    """The same of where a setting leads that is not given. where: of that setting."""
    if not lies(path) and not place.is_elsewhere(path):
        brought = f": {place.brought_by} puts it there" if place.brought_by else ""
        problem = f"no {place.holds} at {path!r}, which is looked for by default{brought}; or give the setting"
        yield Wrong(where, f"{problem} {where[-1]!r}", absent=path)


def absent(where: Where, path: str, what: str, word: str) -> Wrong:
    """That nothing lies at a path, and how another is named. word: what stands for it in the change."""
    change = f"--set {'.'.join(map(str, where))}={word}"
    return Wrong(where, f"no {what} at {path!r}; another can be named with {change}", absent=path)


def lies(path: str) -> bool:
    """Whether something stands at a path, where `~` is somebody's home."""
    try:
        return path != "" and exists(_at_home(path))
    except RuntimeError:  # nobody's
        return False


def _at_home(path: str) -> Path:
    return Path(path).expanduser()
