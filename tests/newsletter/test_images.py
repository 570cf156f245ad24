"""Pictures in issues: what may come in, what becomes of it, and who may take it away again."""

import io
import re
import struct
import zlib
from typing import Any

import pytest
from flask import Flask
from markupsafe import Markup
from PIL import Image as Pillow
from PIL import ImageCms
from werkzeug.test import TestResponse

from campaign import clock
from campaign.db import db
from campaign.mailings import rendering
from campaign.markup import render
from campaign.newsletter.images import pictures, queries
from campaign.newsletter.images.models import Image
from campaign.newsletter.models import Issue, IssueText
from campaign.newsletter.policy import LARGEST_PICTURE
from campaign.organisers.models import Role
from tests.conftest import signed_in
from tests.visitor import Visitor, forms_in

PAGE = "/office/newsletter/images"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
ORIENTATION, MAKER, GPS, LATITUDE = 0x0112, 0x010F, 0x8825, 2


def packed(image: Pillow.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def photograph(width: int = 2000, height: int = 1500) -> Pillow.Image:
    """Give a picture with soft edges: left half red, right half blue."""
    image = Pillow.effect_noise((width, height), 40).convert("RGB")
    half = (width // 2, height)
    image.paste(Pillow.blend(image.crop((0, 0, *half)), Pillow.new("RGB", half, "red"), 0.8))
    blue = Pillow.blend(image.crop((0, 0, *half)), Pillow.new("RGB", half, "blue"), 0.8)
    image.paste(blue, (width // 2, 0))
    return image


def opened(content: bytes) -> Pillow.Image:
    return Pillow.open(io.BytesIO(content))


def upload(who: Visitor, raw: bytes, name: str = "a.jpg", **fields: str) -> TestResponse:
    """Choose a file on the page of the pictures and press its button."""
    page = who.open(PAGE)
    [form] = [form for form in forms_in(page.text) if "picture" in form["fields"]]
    return send_file(who, raw, name, {**form["fields"], "description": "A crowd", **fields})


def send_file(who: Visitor, raw: bytes, name: str, fields: dict[str, str]) -> TestResponse:
    # As bytes: the client's own way would leave a temporary file open.
    head = "--edge\r\nContent-Disposition: form-data; name="
    parts = [f'{head}"{field}"\r\n\r\n{value}\r\n'.encode() for field, value in fields.items()]
    about = f'{head}"picture"; filename="{name}"\r\nContent-Type: image/jpeg\r\n\r\n'
    body = b"".join((*parts, about.encode(), raw, b"\r\n--edge--\r\n"))
    return who.client.post(PAGE, data=body, content_type="multipart/form-data; boundary=edge")


def kept(app: Flask) -> list[Image]:
    with app.app_context():
        return list(db.session.scalars(queries.search()))


def colour(content: bytes, at: tuple[float, float]) -> str:
    image = opened(content).convert("RGB")
    red, _, blue = image.getpixel((int(image.width * at[0]), int(image.height * at[1])))
    return "red" if red > blue else "blue"


def test_a_photograph_is_kept_small_upright_and_without_what_the_camera_wrote() -> None:
    exif = Pillow.Exif()
    # Held on its side: what is left in the file is the top of the picture.
    exif[ORIENTATION], exif[MAKER] = 6, "A camera"
    exif.get_ifd(GPS)[LATITUDE] = (52.0, 31.0, 0.0)
    raw = packed(photograph(), "JPEG", exif=exif, comment=b"at home", quality=95)
    assert b"A camera" in raw

    picture = pictures.prepare(raw)

    shown = opened(picture.content)
    assert (shown.width, shown.height) == (picture.width, picture.height) == (1360, 1813)
    assert colour(picture.content, (0.5, 0.2)) == "red"
    assert colour(picture.content, (0.5, 0.8)) == "blue"
    assert (shown.format, picture.media_type) == ("JPEG", "image/jpeg")
    assert dict(shown.getexif()) == {}
    assert not {"exif", "comment", "icc_profile", "xmp"} & set(shown.info)
    assert b"A camera" not in picture.content
    assert len(picture.content) < len(raw) / 2
    assert picture.name.endswith("-1360x1813.jpg")


def test_a_small_picture_is_not_blown_up_and_lines_stay_sharp() -> None:
    drawing = Pillow.new("RGB", (300, 200), "white")
    drawing.paste("black", (100, 0, 110, 200))

    picture = pictures.prepare(packed(drawing, "PNG"))

    assert (picture.width, picture.height, picture.media_type) == (300, 200, "image/png")
    assert opened(picture.content).convert("RGB").tobytes() == drawing.tobytes()
    assert len(picture.content) < 1000


def test_colours_of_a_telephone_are_made_those_of_every_screen() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    flat = Pillow.new("RGB", (40, 40), (200, 100, 50))

    for profile in (srgb, lab, b"no profile at all"):
        picture = pictures.prepare(packed(flat, "PNG", icc_profile=profile))

        red, green, blue = opened(picture.content).convert("RGB").getpixel((9, 9))
        assert max(abs(red - 200), abs(green - 100), abs(blue - 50)) <= 2


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("1", "PNG"), ("L", "JPEG"), ("LA", "PNG"), ("P", "GIF"), ("I;16", "PNG"), ("RGBA", "WEBP"),
        ("CMYK", "JPEG"), ("RGB", "WEBP"),
    ],
)  # fmt: skip
def test_every_kind_of_picture_is_taken_by_its_content(mode: str, kind: str) -> None:
    picture = pictures.prepare(packed(Pillow.new(mode, (2720, 30)), kind))

    assert opened(picture.content).size == (1360, 15)
    assert opened(picture.content).format in {"PNG", "JPEG"}


def test_what_is_transparent_is_white_so_that_dark_lines_show_on_a_dark_mail() -> None:
    clear = Pillow.new("RGBA", (50, 50), (0, 0, 0, 0))

    picture = pictures.prepare(packed(clear, "PNG"))

    assert opened(picture.content).convert("RGB").getpixel((5, 5)) == (255, 255, 255)


def test_what_moves_stands_still() -> None:
    frames = [Pillow.new("P", (50, 50), colour) for colour in (1, 2, 3)]
    raw = packed(frames[0], "GIF", save_all=True, append_images=frames[1:])

    picture = pictures.prepare(raw)

    assert getattr(opened(picture.content), "n_frames", 1) == 1


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = (
        chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100_000)) + chunk(b"IEND", b"")
    )
    return b"\x89PNG\r\n\x1a\n" + body


def gif_that_claims(width: int, height: int) -> bytes:
    small = packed(Pillow.new("P", (4, 4)), "GIF")
    return small[:6] + struct.pack("<HH", width, height) + small[10:]


def webp_of(width: int, height: int) -> bytes:
    """Make a WebP (VP8L) of one colour by its head alone; few bytes follow and none is read."""
    size = (width - 1) | (height - 1) << 14
    body = b"VP8L" + struct.pack("<I", 30) + b"\x2f" + struct.pack("<I", size) + bytes(25)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


PHOTOGRAPH = packed(photograph(200, 200), "JPEG")
REFUSED = {
    "nothing": (b"", pictures.NotAPicture),
    "words": (b"Hello", pictures.NotAPicture),
    "pdf": (b"%PDF-1.7\n", pictures.NotAPicture),
    "tiff": (packed(Pillow.new("RGB", (9, 9)), "TIFF"), pictures.NotAPicture),
    "svg": (SVG, pictures.IsADrawing),
    "svg with a prologue": (b"\xef\xbb\xbf\n <?xml version='1.0'?>" + SVG, pictures.IsADrawing),
    "cut off": (PHOTOGRAPH[: len(PHOTOGRAPH) // 2], pictures.Damaged),
    "a bomb": (png_that_claims(100_000, 100_000), pictures.TooManyPixels),
    "a moving bomb": (gif_that_claims(65_535, 65_535), pictures.TooManyPixels),
    "a png of 17 million": (png_that_claims(4000, 4250), pictures.TooManyPixels),
    "a gif of 17 million": (gif_that_claims(65_535, 260), pictures.TooManyPixels),
    "a webp of 17 million": (webp_of(4250, 4000), pictures.TooManyPixels),
    "a progressive jpeg of 17 million": (
        packed(Pillow.new("L", (4250, 4000)), "JPEG", progressive=True),
        pictures.TooManyPixels,
    ),
    "more than its data": (png_that_claims(2000, 2000), pictures.Damaged),
    "too many bytes": (PHOTOGRAPH + b"\0" * LARGEST_PICTURE, pictures.TooLarge),
}


@pytest.mark.parametrize(("raw", "refusal"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_picture_for_a_mail_is_refused(raw: bytes, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        pictures.prepare(raw)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_with_wrong_bytes_is_refused_or_shown_and_nothing_else(kind: str) -> None:
    raw = bytearray(packed(photograph(60, 40), kind))

    for at in range(0, len(raw), max(1, len(raw) // 150)):
        wrong = bytearray(raw)
        wrong[at] ^= 0xFF
        try:
            picture = pictures.prepare(bytes(wrong))
        except pictures.Unusable:
            continue
        assert opened(picture.content).size == (picture.width, picture.height)


def test_an_uploaded_picture_is_shown_to_everybody_for_ever(
    app: Flask, organiser: Visitor, visitor: Visitor
) -> None:
    answer = upload(organiser, PHOTOGRAPH, "holiday.png", description="A [red] crowd in Oslo")

    [image] = kept(app)
    assert (answer.status_code, answer.location) == (303, f"{PAGE}/{image.id}")
    assert image.description == "A [red] crowd in Oslo"
    shown = visitor.open(f"/newsletter/images/{image.name}")
    assert shown.status_code == 200
    assert shown.mimetype == image.media_type == "image/jpeg"
    assert shown.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in shown.headers
    assert opened(shown.data).size == (200, 200)
    again = visitor.client.get(
        f"/newsletter/images/{image.name}", headers={"If-None-Match": shown.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")
    assert visitor.open("/newsletter/images/nothing.png").status_code == 404


def test_the_line_to_paste_shows_the_picture_with_its_description(
    app: Flask, organiser: Visitor
) -> None:
    words = 'A [red] *crowd* with "signs" & <drums> | `2026`'
    upload(organiser, PHOTOGRAPH, description=words)
    [image] = kept(app)

    for page in (organiser.open(PAGE), organiser.open(f"{PAGE}/{image.id}")):
        found = re.search(r"<(?:code|pre id=\"line\"[^>]*)>(!.*?)</", page.text)
        assert found
        line = Markup(found[1]).unescape()

        html = render(line).html
        assert f'src="/newsletter/images/{image.name}"' in html
        assert Markup(re.search(r'alt="(.*?)"', html)[1]).unescape() == words  # type: ignore[index]


def test_the_same_picture_again_is_only_described_anew(app: Flask, organiser: Visitor) -> None:
    upload(organiser, PHOTOGRAPH)

    upload(organiser, PHOTOGRAPH, description="A crowd in Oslo")

    assert [image.description for image in kept(app)] == ["A crowd in Oslo"]


SENTENCES = {
    "an SVG": (SVG, "carry scripts", 422),
    "a text": (b"Hello", "not a picture", 422),
    "a bomb": (png_that_claims(100_000, 100_000), "too many pixels", 422),
    "20 MB and a little": (b"\0" * (LARGEST_PICTURE + 1), "larger than 20 MB", 413),
    "30 MB": (b"\0" * 30_000_000, "larger than 20 MB", 413),
}


@pytest.mark.parametrize(("raw", "words", "status"), SENTENCES.values(), ids=SENTENCES.keys())
def test_a_refusal_stands_beside_the_field(
    app: Flask, organiser: Visitor, raw: bytes, words: str, status: int
) -> None:
    answer = upload(organiser, raw, "photo.jpg")

    assert answer.status_code == status
    error = re.search(r'<p class="error" id="picture-error">(.*?)</p>', answer.text, re.DOTALL)
    assert error
    assert words in error[1]
    assert kept(app) == []


def test_a_picture_needs_a_file_and_a_description(app: Flask, organiser: Visitor) -> None:
    nothing = organiser.send(PAGE, action="/images", picture="words", description=" ")
    field = upload(organiser, PHOTOGRAPH, description="Dear {{ name }}")

    assert nothing.status_code == field.status_code == 422
    assert "Choose a picture." in nothing.text
    assert "Say in a sentence" in nothing.text
    assert "Leave out the signs {{." in field.text
    assert kept(app) == []


def test_strangers_and_those_who_only_read_add_no_pictures(app: Flask, visitor: Visitor) -> None:
    reader = signed_in(app, Role.READER, "reader@example.org")

    large = send_file(visitor, b"\0" * 30_000_000, "a.jpg", {})
    small = send_file(visitor, PHOTOGRAPH, "a.jpg", {"description": "A crowd"})
    refused = upload(reader, PHOTOGRAPH)

    assert (large.status_code, large.location) == (303, "/office/sign-in")
    assert small.status_code == 403
    assert refused.status_code == 403
    assert kept(app) == []


def test_only_the_upload_reads_more_than_a_million_bytes(organiser: Visitor) -> None:
    answer = organiser.post("/office/newsletter/issues/new", b"x" * 1_100_000)

    assert answer.status_code == 413
    assert "That is too large" in answer.text


def test_a_picture_in_an_issue_stays_and_any_other_can_be_deleted(
    app: Flask, organiser: Visitor, visitor: Visitor
) -> None:
    upload(organiser, PHOTOGRAPH)
    [image] = kept(app)
    with app.app_context():
        draft = Issue(
            uid="1", slug="geneva", language="en", created_at=clock.now(), changed_at=clock.now()
        )
        source = pictures.markdown("A crowd", f"/newsletter/images/{image.name}")
        text = IssueText(language="en", title="Geneva", subject="Geneva", source=source, html="")
        draft.texts.append(text)
        db.session.add(draft)
        db.session.commit()

    refused = organiser.send(f"{PAGE}/{image.id}", action="/delete")

    assert refused.status_code == 409
    assert "“Geneva”" in refused.text
    assert len(kept(app)) == 1
    with app.app_context():
        db.session.get_one(IssueText, text.id).source = "No picture."
        db.session.commit()
    deleted = organiser.send(f"{PAGE}/{image.id}", action="/delete")

    assert deleted.status_code == 303
    assert kept(app) == []
    assert visitor.open(f"/newsletter/images/{image.name}").status_code == 404


def test_a_picture_of_ours_has_a_width_in_a_mail_and_no_height() -> None:
    name = f"{'0a' * 12}-1360x900.jpg"
    small = f"{'0a' * 12}-300x200.png"
    html = f'<p><img src="https://campaign.example/newsletter/images/{name}" alt="A crowd">'
    html += f'<img src="/newsletter/images/{small}" alt=""><img src="/static/x.png" alt=""></p>'

    sized = rendering.sized(html)

    assert re.findall(r'<img (?:width="(\d+)")?', sized) == ["560", "300", ""]
    assert "height" not in sized
