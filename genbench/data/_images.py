"""Reads one image file from a stranger: bounded, named when broken, and always eight bits of grey or RGB."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from genbench.core.data import Quarantined

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
MAX_PIXELS = 50_000_000  # about 150 MB decoded; a bomb of a few kB can stand for gigabytes


class Unusable(Exception):
    """Why one file is set aside."""


def image_files(root: Path) -> Iterator[Path]:
    """Image files below a folder by suffix in any case, sorted by name; hidden ones are left out."""
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file() and not path.name.startswith("."):
            yield path


def read_image(path: Path, *, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """uint8 [height width 1 or 3]. The size is read from the header and bounded before anything is decoded.

    16-bit grey is scaled to 8 bits, CMYK and palettes become RGB, transparency is laid on white, and EXIF
    orientation is applied. `Unusable` says what is wrong with a file that cannot be used.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                width, height = image.size
                if width * height > max_pixels:
                    raise Unusable(f"{width} x {height} = {width * height:,} pixels; at most {max_pixels:,} are read")
                image.load()
                return _eight_bits(ImageOps.exif_transpose(image))
    except Image.DecompressionBombError as error:
        raise Unusable(f"too many pixels: {error}") from error
    except UnidentifiedImageError as error:
        raise Unusable("not an image, or one of an unknown format") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise Unusable(f"cannot be decoded: {error}") from error


def _eight_bits(image: Image.Image) -> np.ndarray:
    if image.mode.startswith("I") or image.mode == "F":
        raw = np.asarray(image, dtype=np.float64)
        # 16-bit files open as I or I;16; dividing by 257 maps 65535 to 255 exactly.
        scaled = raw / 257.0 if raw.max(initial=0) > 255 or image.mode.startswith("I;16") else raw
        grey: np.ndarray = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)[:, :, None]
        return grey
    if image.mode in ("LA", "PA", "RGBA", "P", "La", "RGBa"):
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, rgba).convert("L" if image.mode == "LA" else "RGB")
    elif image.mode in ("1", "L"):
        image = image.convert("L")
    elif image.mode != "RGB":
        image = image.convert("RGB")
    pixels = np.asarray(image, dtype=np.uint8)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    return pixels


def resized(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """uint8 [height width c], antialiased bicubic per channel in float, as clean-fid does (arXiv:2104.11222)."""
    if pixels.shape[:2] == (height, width):
        return pixels
    planes = [
        np.asarray(
            Image.fromarray(pixels[:, :, c].astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC)
        )
        for c in range(pixels.shape[2])
    ]
    whole: np.ndarray = np.clip(np.rint(np.stack(planes, axis=2)), 0, 255).astype(np.uint8)
    return whole


def read_folder(
    root: Path, *, size: int | None, max_pixels: int
) -> tuple[list[np.ndarray], list[Path], list[Quarantined], dict[str, object]]:
    """(images, their paths, what was set aside, facts). All images get one size and one number of channels.

    Without `size` that is the most common size; how many were resized stands in the facts.
    """
    images: list[np.ndarray] = []
    paths: list[Path] = []
    spoiled: list[Quarantined] = []
    for path in image_files(root):
        try:
            images.append(read_image(path, max_pixels=max_pixels))
            paths.append(path)
        except Unusable as error:
            spoiled.append(Quarantined(str(path), str(error)))
    if not images:
        return [], [], spoiled, {}
    shapes = [image.shape[:2] for image in images]
    common = max(sorted(set(shapes)), key=shapes.count) if size is None else (size, size)
    channels = max(image.shape[2] for image in images)
    uniform = [_coloured(resized(image, *common), channels) for image in images]
    facts: dict[str, object] = {"size": f"{common[0]} x {common[1]} x {channels}"}
    if others := sum(shape != common for shape in shapes):
        facts["resized"] = f"{others} of {len(images)} images were resized to {common[0]} x {common[1]}"
    return uniform, paths, spoiled, facts


def _coloured(pixels: np.ndarray, channels: int) -> np.ndarray:
    coloured: np.ndarray = np.repeat(pixels, channels, axis=2) if pixels.shape[2] < channels else pixels
    return coloured
