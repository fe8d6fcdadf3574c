"""Reads image files from strangers: bounded, named when broken, and always eight bits of grey or RGB."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias, overload

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from genbench.core.data import Item, Quarantined
from genbench.core.errors import DataError
from genbench.data._archives import Member, is_archive, members
from genbench.data._encoders import SAVED_AS, Encoder, encoded, encoder_of, shared

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
# A file's content decides its format, not its name; EPS, which would start an interpreter, and rarer ones stay shut.
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
MAX_PIXELS = 50_000_000  # per image: about 150 MB decoded; a bomb of a few kB can stand for gigabytes
MAX_BYTES = 8 << 30  # all images of a folder together, decoded
Place: TypeAlias = Path | Member  # where a picture lies: a file, or one within an archive
SIDEWAYS = (5, 6, 7, 8)  # EXIF orientations that swap width and height


class Unusable(Exception):
    """Why one file is set aside."""


@dataclass
class Images:
    """Images [height width channels] of one shape, the files they come from, what was set aside, and facts.

    encoders: what wrote each, where they come from image files.
    """

    items: list[np.ndarray] = field(default_factory=list)
    files: list[Place] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    encoders: list[Encoder] = field(default_factory=list)


def image_files(root: Path) -> Iterator[Place]:
    """Image files below a folder by suffix in any case, sorted; hidden ones, and those in hidden folders, left out.

    An archive counts as the folder that was packed. What lies in it but cannot be had is among them, with its fault.
    """
    if is_archive(root):
        yield from members(root, SUFFIXES)
        return
    for path in sorted(root.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if path.suffix.lower() in SUFFIXES and not hidden and path.is_file():
            yield path


@contextmanager
def _opened(path: Place | BytesIO, max_pixels: int) -> Iterator[Image.Image]:
    """An image whose header was read and found within bounds; every fault of opening or decoding is `Unusable`."""
    if isinstance(path, Member) and path.fault:
        raise Unusable(path.fault)
    try:
        source = BytesIO(path.read()) if isinstance(path, Member) else path
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own bound warns; the one below decides
            with Image.open(source, formats=FORMATS) as image:
                width, height = image.size
                if width * height > max_pixels:
                    raise Unusable(f"{width} x {height} = {width * height:,} pixels; at most {max_pixels:,} are read")
                yield image
    except (Unusable, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise Unusable(f"too many pixels: {error}") from error
    except UnidentifiedImageError as error:
        raise Unusable(f"not an image of a known format ({', '.join(FORMATS)})") from error
    except Exception as error:  # a decoder on damaged input raises what it likes: OSError, struct.error, KeyError ...
        raise Unusable(f"cannot be decoded: {type(error).__name__}: {error}") from error


def read_image(path: Place | BytesIO, *, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """uint8 [height width 1 or 3]. The size is read from the header and bounded before anything is decoded.

    16-bit grey is scaled to 8 bits, CMYK and palettes become RGB, transparency is laid on white, EXIF orientation is
    applied, and of an animation the first frame is taken. `Unusable` says what is wrong with a file.
    """
    with _opened(path, max_pixels) as image:
        return _pixels(image)


def through(pixels: np.ndarray, encoder: Encoder) -> np.ndarray:
    """Pixels [height width c] as they come out of a file that this encoder wrote of them; of the same shape."""
    if not encoder.name:
        return pixels
    return _with_channels(read_image(encoded(pixels, encoder)), pixels.shape[2])


class EncodedLike(Sequence[Item]):
    """Images [height width c] as they would be, had they been saved as outputs were; each is made when asked for.

    encoders: some that are repeatable, at least one. Image i of m is put through encoder floor(i k / m) of the k, so
    that m shuffled images share the formats out as the outputs do, in whatever order those lie.
    """

    def __init__(self, items: Sequence[Item], encoders: Sequence[Encoder]) -> None:
        self.items, self.encoders = items, encoders

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | Sequence[Item]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        i = range(len(self))[index]
        return through(self.items[i], self.encoders[i * len(self.encoders) // len(self)])


def _pixels(image: Image.Image) -> np.ndarray:
    image.load()
    return _eight_bits(ImageOps.exif_transpose(image))


def _shape(path: Place, max_pixels: int) -> tuple[int, int]:
    """(height, width) as shown, from the header alone."""
    with _opened(path, max_pixels) as image:
        sideways = image.getexif().get(0x0112) in SIDEWAYS
        return (image.width, image.height) if sideways else (image.height, image.width)


def _eight_bits(image: Image.Image) -> np.ndarray:
    if image.mode == "F":
        raise Unusable("its pixels are floats, whose range no standard fixes; save it with 8 or 16 bits")
    if image.mode.startswith("I"):
        raw = np.asarray(image, dtype=np.float64)
        if raw.min(initial=0) < 0 or raw.max(initial=0) > 65535:
            raise Unusable("its pixels are 32-bit integers beyond 16 bits; save it with 8 or 16 bits")
        # Dividing by 257 maps 65535 to 255 exactly. I;16 and I both come from 16-bit files.
        grey: np.ndarray = np.rint(raw / 257.0).astype(np.uint8)[:, :, None]
        return grey
    if image.has_transparency_data:
        grey_only = image.mode in ("L", "LA", "La")
        rgba = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("L" if grey_only else "RGB")
    elif image.mode in ("1", "L"):
        image = image.convert("L")
    elif image.mode != "RGB":
        image = image.convert("RGB")
    pixels = np.asarray(image, dtype=np.uint8)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


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


def read_images(
    files: Sequence[Place], *, size: int | None = None, like: np.ndarray | None = None, max_pixels: int = MAX_PIXELS
) -> Images:
    """All files as images of one size and one number of channels.

    The shape is that of `like` [height width channels], a real item they will be compared with; or size x size, or the
    most common size, in colour if any image has it. What was resized or recoloured stands in the facts, and so
    does the encoder that all share. Headers are read first, so that no more than one image is ever held at full size.
    """
    found = Images()
    shapes: dict[Place, tuple[int, int]] = {}
    for file in files:
        try:
            shapes[file] = _shape(file, max_pixels)
        except Unusable as error:
            found.quarantined.append(Quarantined(str(file), str(error)))
    counted = Counter(shapes.values())
    common = (size, size) if size else max(sorted(counted), key=counted.__getitem__, default=(0, 0))
    if like is not None:
        common = like.shape[:2]
    if (needed := len(shapes) * common[0] * common[1] * 3) > MAX_BYTES:
        raise DataError(
            f"{len(shapes):,} images of {common[0]} x {common[1]} need {needed / 2**30:.0f} GiB; "
            f"at most {MAX_BYTES >> 30} are held: set `size`"
        )
    channels = None if like is None else int(like.shape[2])
    known: dict[Encoder, Encoder] = {}  # a million files have few encoders: each is held once
    for file in shapes:
        try:
            with _opened(file, max_pixels) as image:
                pixels = _pixels(image)
                encoder = encoder_of(image, pixels.shape, (*common, channels or pixels.shape[2]))
            found.items.append(resized(pixels, *common))
            found.files.append(file)
            found.encoders.append(known.setdefault(encoder, encoder))
        except Unusable as error:
            found.quarantined.append(Quarantined(str(file), str(error)))
    if title := shared(found.encoders):
        found.facts[SAVED_AS] = title
    return uniform(found, [shapes[file] for file in found.files], common, channels)


def shaped_like(images: np.ndarray, like: np.ndarray | None) -> Images:
    """Images [n h w c] of one shape already, in the shape of `like`, with facts as above."""
    common = images.shape[1:3] if like is None else like.shape[:2]
    if (needed := len(images) * common[0] * common[1] * 3) > MAX_BYTES:
        raise DataError(f"{len(images):,} images of {common[0]} x {common[1]} need {needed / 2**30:.0f} GiB")
    found = Images([resized(image, *common) for image in images])
    channels = None if like is None else int(like.shape[2])
    return uniform(found, [images.shape[1:3]] * len(images), common, channels)


def uniform(found: Images, shapes: list[tuple[int, int]], common: tuple[int, int], channels: int | None) -> Images:
    """One number of channels: as asked, or else of the image that has most."""
    if not found.items:
        return found
    n, wanted = len(found.items), channels or max(image.shape[2] for image in found.items)
    found.facts["size"] = f"{common[0]} x {common[1]} x {wanted}"
    if others := sum(shape != common for shape in shapes):
        found.facts["resized"] = f"{others} of {n} images were resized to {common[0]} x {common[1]}"
    if grey := sum(image.shape[2] < wanted for image in found.items):
        found.facts["grey made colour"] = f"{grey} of {n} images were grey and got three equal channels"
    if colour := sum(image.shape[2] > wanted for image in found.items):
        found.facts["colour made grey"] = f"{colour} of {n} images had colours and became grey"
    found.items = [_with_channels(image, wanted) for image in found.items]
    return found


def _with_channels(image: np.ndarray, wanted: int) -> np.ndarray:
    if image.shape[2] == wanted:
        return image
    if wanted == 3:
        return np.repeat(image, 3, axis=2)
    return np.asarray(Image.fromarray(image).convert("L"), dtype=np.uint8)[:, :, None]
