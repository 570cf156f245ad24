"""The craft of a picture: what a camera or a program made, as it may stand in a mail."""

import hashlib
import io
import re
import struct
import zlib
from dataclasses import dataclass

from PIL import Image, ImageCms, ImageOps

from campaign.languages import lazy_gettext as _l
from campaign.newsletter.policy import LARGEST_PICTURE
from campaign.refusals import Refusal

# What a good telephone takes at most. A JPEG is unpacked at a fraction of its size; of all else a
# pixel costs ten to fifteen bytes for a moment, however small the file: 16 million some 200 MB.
MOST_PIXELS, MOST_PIXELS_UNPACKED = 50_000_000, 16_000_000
# Twice the width of the widest mail, for screens that have two dots for one.
WIDEST = 1360
TALLEST = 3 * WIDEST
# Known by their first bytes, whatever the name of the file says.
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_QUALITY = 82
_DRAWING = re.compile(rb"\s*(<\?xml\b|<!--|<!doctype\s+svg\b|<svg\b)", re.IGNORECASE)
# What Pillow raises over bytes that are not what they begin as.
_BROKEN = (
    OSError, SyntaxError, ValueError, TypeError, IndexError, KeyError, EOFError, OverflowError,
    struct.error, zlib.error,
)  # fmt: skip
# We look at the size ourselves, before anything is unpacked; Pillow would only warn.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True)
class Picture:
    """A picture ready to be shown. Its name tells its size, and is this content's for ever."""

    content: bytes
    name: str
    media_type: str
    width: int
    height: int


class Unusable(Refusal):
    status = 422


class TooLarge(Unusable):
    status = 413
    sentence = _l("This file is larger than 20 MB. Save the picture smaller, then try again.")


class IsADrawing(Unusable):
    sentence = _l(
        "This is an SVG. Such a drawing may carry scripts, and most mail programs do not show it. "
        "Save it as a PNG, then try again."
    )


class NotAPicture(Unusable):
    sentence = _l("This is not a picture we can read. Choose a JPEG, PNG, WebP or GIF file.")


class TooManyPixels(Unusable):
    sentence = _l(
        "This picture has too many pixels: a JPEG may have 50 million, any other 16 million. Save "
        "it smaller: more than 1,360 pixels in width are not needed."
    )


class Damaged(Unusable):
    sentence = _l("This picture is damaged: it cannot be read to its end. Save it anew.")


def prepare(raw: bytes) -> Picture:
    """Make of a file a picture for mails: upright, small, and with nothing in it but the picture.

    Where and when it was taken, by whom and with what is left out; what moves stands still. Raises
    `TooLarge`, `IsADrawing`, `NotAPicture`, `TooManyPixels` or `Damaged`.
    """
    if len(raw) > LARGEST_PICTURE:
        raise TooLarge
    if _DRAWING.match(raw.removeprefix(b"\xef\xbb\xbf")):
        raise IsADrawing
    try:
        image: Image.Image = Image.open(io.BytesIO(raw), formats=_FORMATS)
    except _BROKEN:
        raise NotAPicture from None
    if image.width * image.height > _most_pixels(image):
        raise TooManyPixels
    try:
        return _encoded(_made_small(image))
    except _BROKEN:
        raise Damaged from None


def _most_pixels(image: Image.Image) -> int:
    # Of a progressive JPEG all is unpacked before any of it can be made smaller.
    is_lean = image.format == "JPEG" and not image.info.get("progressive")
    return MOST_PIXELS if is_lean else MOST_PIXELS_UNPACKED


def _made_small(image: Image.Image) -> Image.Image:
    # A JPEG can be unpacked at a half, a quarter or an eighth of its size.
    share = min(1.0, 2 * WIDEST / image.width, 2 * TALLEST / image.height)
    wanted = max(1, round(image.width * share)), max(1, round(image.height * share))
    image.draft(None, wanted)
    ImageOps.exif_transpose(image, in_place=True)
    profile = image.info.get("icc_profile")
    plain = _unpacked(image)
    plain.thumbnail((WIDEST, TALLEST), Image.Resampling.LANCZOS)
    return _in_screen_colours(_on_white(plain), profile)


def _unpacked(image: Image.Image) -> Image.Image:
    """Give a picture in a mode in which it can be made smaller without loss of tones."""
    if image.mode in {"RGB", "RGBA", "CMYK", "L"}:
        return image
    if image.mode.startswith("I"):
        # Sixteen bits of grey.
        return image.convert("I").point(lambda grey: grey * (1 / 257)).convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _on_white(image: Image.Image) -> Image.Image:
    """Put what is transparent on white: on a dark mail, dark lines would be lost."""
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(ground, image).convert("RGB")


def _in_screen_colours(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Give a picture in sRGB: without its own profile a telephone's would look pale."""
    if profile:
        try:
            shown = ImageCms.profileToProfile(
                image, io.BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, *_BROKEN):
            shown = None
        if shown is not None:
            return shown
    return image.convert("RGB")


def _encoded(image: Image.Image) -> Picture:
    """Pack a picture as whichever is smaller: PNG for lines and letters, JPEG for photographs."""
    # What came with the file (EXIF, comments, profiles) stays behind with the old image.
    bare = Image.frombytes("RGB", image.size, image.tobytes())
    as_jpeg = _saved(bare, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    few = bare.getcolors(256) is not None
    as_png = _saved(bare.quantize(256) if few else bare, "PNG", optimize=few)
    content, ending = (as_png, "png") if len(as_png) <= len(as_jpeg) else (as_jpeg, "jpg")
    return Picture(
        content=content,
        name=f"{hashlib.sha256(content).hexdigest()[:24]}-{bare.width}x{bare.height}.{ending}",
        media_type="image/png" if ending == "png" else "image/jpeg",
        width=bare.width,
        height=bare.height,
    )


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def markdown(description: str, path: str) -> str:
    """Write what puts a picture into a text, whatever signs its description holds."""
    return f"![{re.sub(_MARKS, _ESCAPED, description)}]({path})"


# What Markdown would read as more than the sign it is (CommonMark section 2.4).
_MARKS, _ESCAPED = r"([\\`*_\[\]<>&{}~|])", r"\\\1"
