"""Settings whose text leads somewhere on this machine: the annotation says so, and a plan looks before anything runs.

    def __init__(self, *, weights: File, labelled: File = "") -> None: ...

A default leads somewhere as well, but for "", which is none and is not looked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias, get_args

from genbench.core.settings import marked

LIKE_PATHS = ("/", ".", "~")  # how a path begins, and no name on a hub
HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?(/[\w.-]+\.gguf)?")


@dataclass(frozen=True)
class Place:
    """What must lie where the text leads. elsewhere: what else the text may be, which nobody looks for.

    brought_by: what puts it where the default leads, as "apt-get install X".
    """

    holds: Literal["file", "folder", "file or folder"]
    elsewhere: Literal["", "a hub id", "an https address"] = ""
    brought_by: str = ""

    def is_elsewhere(self, text: str) -> bool:
        """Whether the text can be such another thing: "org/name" on a hub, or an address."""
        if self.elsewhere == "a hub id":
            return not text.startswith(LIKE_PATHS) and HUB_ID.fullmatch(text) is not None
        return self.elsewhere == "an https address" and text.startswith("https://")


File: TypeAlias = Annotated[str, Place("file")]
Folder: TypeAlias = Annotated[str, Place("folder")]
FileOrFolder: TypeAlias = Annotated[str, Place("file or folder")]
FileOrAddress: TypeAlias = Annotated[str, Place("file", "an https address")]
FolderOrHubId: TypeAlias = Annotated[str, Place("folder", "a hub id")]
ModelOrHubId: TypeAlias = Annotated[str, Place("file or folder", "a hub id")]  # a folder, or a .gguf file


def places_of(target: Callable[..., Any]) -> dict[str, Place]:
    """The settings of a function, or of a class by its `__init__`, that lead somewhere, by name."""
    return {name: place for name, hint in marked(target).items() if (place := _place(hint)) is not None}


def _place(hint: Any) -> Place | None:
    """The mark of an annotation, or of one side of a union such as `float | FileOrFolder`."""
    sides = (hint, *get_args(hint))
    return next((mark for side in sides for mark in getattr(side, "__metadata__", ()) if isinstance(mark, Place)), None)
