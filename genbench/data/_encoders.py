"""How an image file lost detail when it was written, and other images written and read again with the same loss."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

from genbench.core.digest import digest

SAVED_AS = "saved as"  # the fact of a dataset whose files share one lossy encoder, with that encoder's title
UPRIGHT = (None, 1)  # EXIF orientations that turn nothing


@dataclass(frozen=True)
class Encoder:
    """What wrote one image. name: of the lossy format, empty where nothing was lost.

    mode: what was stored, L or RGB. tables: per component, the 64 divisors of the cosine coefficients (ITU-T T.81,
    A.3.4), which determine together with the subsampling of colour (Pillow's number for it) what is lost.
    unmatched: why other images cannot be encoded like this; empty where they can.
    """

    name: str = ""
    mode: str = ""
    tables: tuple[tuple[int, ...], ...] = ()
    subsampling: int = -1
    unmatched: str = ""

    @property
    def title(self) -> str:
        return f"{self.name}, tables {digest(self)[:8]}"


LOSSLESS = Encoder()


def encoder_of(image: Image.Image, shape: tuple[int, ...], wanted: tuple[int, ...]) -> Encoder:
    """What wrote an opened image that has `shape` (height, width, channels) when read, and is `wanted` in another.

    An image that is then resized, turned or given colours cannot be matched: what was lost lies elsewhere in it.
    """
    if isinstance(image, JpegImageFile):
        tables = tuple(tuple(image.quantization[layer[3]]) for layer in image.layer)
        sampling = get_sampling(image)
        unmatched = ""
        luminous = image.mode == "RGB" and sampling >= 0 and image.info.get("adobe_transform") != 0  # YCbCr inside
        if image.mode != "L" and not luminous:
            unmatched = "of a rare kind"
        elif shape[:2] != wanted[:2] or shape[2] < wanted[2]:
            unmatched = "resized or given colours"
        elif image.getexif().get(0x0112) not in UPRIGHT:
            unmatched = "turned"
        return Encoder("JPEG", image.mode, tables, sampling, unmatched)
    if image.format == "WEBP":
        return Encoder("WebP", unmatched="which does not tell what it lost")
    if image.format == "TIFF" and image.info.get("compression") in ("jpeg", "tiff_jpeg", "webp"):
        return Encoder("TIFF", unmatched="with pixels of a lossy format")
    return LOSSLESS


def repeatable(encoders: Sequence[Encoder]) -> tuple[Encoder, ...]:
    """The encoders that other images can be put through, in order; one that all share stands once.

    Empty where none of them loses anything: there is nothing to match.
    """
    able = tuple(encoder for encoder in encoders if not encoder.unmatched)
    return () if set(able) <= {LOSSLESS} else able[:1] if len(set(able)) == 1 else able


def shared(encoders: Sequence[Encoder]) -> str | None:
    """The title of the one lossy encoder that wrote them all and can be repeated; None where there is no such."""
    one = encoders[0] if len(set(encoders)) == 1 else LOSSLESS
    return one.title if one.name and not one.unmatched else None


def said(encoders: Sequence[Encoder]) -> str:
    """In words, of outputs with these encoders: which lost detail, and which of them cannot be matched and why."""
    lossy = [encoder for encoder in encoders if encoder.name]
    kinds = Counter(", ".join(filter(None, (encoder.name, encoder.unmatched))) for encoder in lossy)
    return "; ".join(f"{count} of {len(encoders)} {kind}" for kind, count in kinds.items())


def encoded(pixels: np.ndarray, encoder: Encoder) -> BytesIO:
    """A JPEG file of pixels [height width 1 or 3], with the encoder's tables and subsampling."""
    file = BytesIO()
    picture = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).convert(encoder.mode)
    picture.save(file, "JPEG", qtables=[list(table) for table in encoder.tables], subsampling=encoder.subsampling)
    return file
