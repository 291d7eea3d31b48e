"""The panel for a picture of one's own: any file gets an answer, and the panel goes on after it."""

import base64
import datetime
import io
import re
import struct
import zlib

import ipywidgets as widgets
import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from torch import nn

from helpers import pictures
from helpers.explorers import own_picture_panel as own_picture
from helpers.explorers._cutting import WHOLE
from helpers.explorers._pointable import Pointed
from helpers.explorers.own_picture_panel import DRAWN, EXAMPLE, OWN, OwnPicture
from helpers.pictures import reading
from tests.explorers.test_painting import paint

CLASSES = [f"class {number}" for number in range(10)]
ERROR = "cannot be shown"  # what the base says of an exception that nobody foresaw


class Fixed(nn.Module):
    """Says "class 3" with 60% and "class 7" with 30%, whatever it sees, and keeps what it saw."""

    def __init__(self):
        super().__init__()
        self.scores = nn.Parameter(torch.tensor([0.1 / 8] * 10))
        self.scores.data[3], self.scores.data[7] = 0.6, 0.3
        self.saw = None

    def forward(self, x):
        self.saw = x
        assert not self.training
        return self.scores.log().unsqueeze(0)


@pytest.fixture
def panel():
    return OwnPicture(Fixed(), CLASSES)


def garment(mode="RGB", size=(90, 120), ground=255, fabric=0):
    picture = Image.new("RGB", size, (ground,) * 3)
    box = (size[0] // 3, size[1] // 4, 2 * size[0] // 3, 3 * size[1] // 4)
    ImageDraw.Draw(picture).rectangle(box, fill=(fabric,) * 3)
    return picture.convert(mode)


def file_of(picture, kind="png", **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def uploaded(data: bytes, name="shirt.png") -> dict:
    return {
        "name": name,
        "type": "image/png",
        "size": len(data),
        "content": memoryview(data),
        "last_modified": datetime.datetime.now(datetime.UTC),
    }


def upload(panel, *files: dict) -> str:
    panel.upload.value = files
    check_bundle(panel)
    return panel.caption


def check_bundle(panel) -> None:
    bundle = panel._repr_mimebundle_()
    assert bundle["text/plain"] == panel.caption
    if "image/png" in bundle:
        Image.open(io.BytesIO(base64.b64decode(bundle["image/png"]))).load()


def check_works(panel) -> None:
    """A good picture is shown, whatever came before it."""
    caption = upload(panel, uploaded(file_of(garment()), "good.png"))
    assert "Your picture good.png, 90×120 pixels." in caption
    assert caption.endswith("\nData: the network says class 3, 60.0%; then class 7, 30.0%.")
    assert panel.still() is not None


# ----------------------------------------------------------------------------- without an upload


def test_the_example_stands_first_and_its_words_are_always_the_same(panel):
    words, data = panel.caption.split("\n")
    assert words == (
        "The drawn example, 360×360 pixels. Its background is lighter than the garment, so it was "
        "inverted. Then its background was removed, the garment cut out (265×256 of 360×360 "
        "pixels) and brightened, and shrunk to 28×28 pixels."
    )
    assert data == "Data: the network says class 3, 60.0%; then class 7, 30.0%."
    check_bundle(panel)


def test_without_an_upload_it_says_how_to_make_one(panel):
    panel.picture.value = OWN
    assert panel.caption.startswith("There is no picture of yours yet: press upload")
    check_bundle(panel)
    panel.picture.value = EXAMPLE
    assert panel.caption.startswith("The drawn example")


def test_the_network_sees_what_the_notebook_makes(panel):
    expected = pictures.to_fashion_mnist(pictures.example())
    assert torch.equal(panel._model.saw[0], expected)


def test_every_control_is_one_for_the_keyboard(panel):
    kinds = {type(control) for row in panel.children[1:3] for control in row.children}
    assert kinds == {
        widgets.FileUpload,
        widgets.HTML,  # the camera button
        widgets.Dropdown,
        widgets.BoundedIntText,
        widgets.Button,
    }


def test_a_list_that_is_set_back_still_shows_its_choice(panel):
    """To ipywidgets, an option whose value is None is no choice: its list would be empty."""
    lists = [part for part in panel.children[1].children if isinstance(part, widgets.Dropdown)]
    for part in lists:
        first = part.index
        for index in (*range(len(part.options)), first):
            part.index = index
            assert part.index == index, part.description
    assert panel.caption.startswith("The drawn example")


# ---------------------------------------------------------------------------- pictures that work


@pytest.mark.parametrize(
    "picture, kind, options",
    [
        (garment("RGBA"), "png", {}),
        (garment("LA"), "png", {}),
        (garment("P"), "png", {}),
        (garment("1"), "png", {}),
        (garment("L"), "jpeg", {}),
        (garment("CMYK"), "jpeg", {}),
        (garment(), "webp", {}),
        (garment(), "bmp", {}),
        (garment(), "gif", {"save_all": True, "append_images": [Image.new("RGB", (90, 120))] * 3}),
        (Image.fromarray(np.asarray(garment("L")).astype(np.uint16) * 257), "png", {}),
    ],
    ids=["RGBA", "LA", "P", "1", "L", "CMYK", "webp", "bmp", "animated", "16 bits"],
)
def test_kinds_of_pictures(panel, picture, kind, options):
    caption = upload(panel, uploaded(file_of(picture, kind, **options)))
    assert "Your picture shirt.png, 90×120 pixels. Its background is lighter" in caption
    assert "so it was inverted" in caption and "\nData: " in caption
    assert panel.picture.value == OWN
    assert panel._model.saw[0, 0, 14, 14] > 0.9  # the dark garment of the first frame
    assert panel._model.saw[0, 0, 14, 0] < 0.1


def test_a_dark_background_is_not_inverted(panel):
    caption = upload(panel, uploaded(file_of(garment(ground=20, fabric=200))))
    assert "Its background is darker than the garment, so it was not inverted." in caption
    assert panel._model.saw[0, 0, 14, 14] > 0.9


def test_a_transparent_background_counts_as_white(panel):
    picture = Image.new("RGBA", (60, 60), (0, 0, 0, 0))
    picture.paste((20, 20, 20, 255), (15, 15, 45, 45))
    assert "Its background is lighter" in upload(panel, uploaded(file_of(picture)))
    assert panel._model.saw[0, 0, 14, 14] > 0.9


def test_a_turned_photo_is_set_upright_and_told_by_its_size_in_the_file(panel):
    exif = Image.Exif()
    exif[0x0112] = 6
    caption = upload(panel, uploaded(file_of(garment(size=(1200, 800)), "jpeg", exif=exif)))
    assert "800×1200 pixels" in caption and "of 341×512 pixels" in caption


def test_rotate_turns_clockwise(panel):
    picture = Image.new("L", (80, 80))
    picture.paste(255, (20, 20, 60, 60))
    picture.paste(90, (20, 20, 60, 30))  # the upper edge is darker
    upload(panel, uploaded(file_of(picture)))
    darker = {0: (1, 14), 90: (14, 26), 180: (26, 14), 270: (14, 1)}
    for degrees, place in darker.items():
        panel.rotate.value = degrees
        assert panel._model.saw[0, 0][place] < 0.5, degrees
        assert (f"turned by {degrees} degrees clockwise" in panel.caption) == bool(degrees)


def test_background_can_be_said(panel):
    upload(panel, uploaded(file_of(garment(ground=110, fabric=0))))
    assert "Its background is lighter than the garment, so it was inverted." in panel.caption
    panel.background.value = "light"
    assert "You set its background to light, so it was inverted." in panel.caption
    panel.background.value = "dark"
    assert panel.caption == (
        "Nothing in this picture is lighter than its background, but something is darker: let the "
        "background count as light (light=True)."
    )


def test_a_garment_that_leans_is_set_upright_and_the_caption_says_so(panel):
    white = (236, 232, 224)
    for angle in (0, 12):
        leaning = pictures.example().rotate(angle, Image.Resampling.BICUBIC, fillcolor=white)
        caption = upload(panel, uploaded(file_of(leaning)))
        said = re.search(r"pixels\), turned by (\d+) degrees to stand upright and bright", caption)
        assert abs(int(said[1]) - angle) <= 3 if angle else said is None


def test_of_two_files_the_last_is_taken(panel):
    good, text = uploaded(file_of(garment()), "good.png"), uploaded(b"text", "bad.png")
    assert upload(panel, text, good).startswith(
        "Of 2 files, only the last was taken. Your picture good.png"
    )
    assert upload(panel, good, text).startswith("Of 2 files, only the last was taken. bad.png")
    check_works(panel)


# ----------------------------------------------------------------- drawn, painted over, cut by hand


def test_a_drawing_is_what_the_network_sees_and_stays_while_others_are_looked_at(panel):
    panel.picture.value = DRAWN
    assert panel.caption.startswith("The field is empty: draw a garment on it, light on black")
    assert panel.rotate.disabled and panel.cutting.turn.disabled
    drawing = torch.zeros(1, 28, 28)
    drawing[0, 4:20, 9:19] = 200 / 255
    paint(panel.field, drawing)
    assert panel.caption == (
        "Your drawing: 160 of its 784 pixels are not black.\n"
        "Data: the network says class 3, 60.0%; then class 7, 30.0%."
    )
    assert torch.equal(panel._model.saw[0], drawing) and "was " not in panel.field.beside
    check_bundle(panel)
    panel.picture.value = EXAMPLE
    assert panel.caption.startswith("The drawn example") and not panel.rotate.disabled
    panel.picture.value = DRAWN
    assert panel.caption.startswith("Your drawing: 160 of")
    assert torch.equal(panel._model.saw[0], drawing)


def test_what_the_steps_made_is_put_right_by_hand(panel):
    made = pictures.to_fashion_mnist(pictures.example())
    wanted = made.clone()
    wanted[:, 20:] = 0
    paint(panel.field, wanted)
    count = int((wanted != made).sum())
    assert f"shrunk to 28×28 pixels. You painted over {count} of its 784 pixels." in panel.caption
    assert "<td>60.0%</td>" in panel.field.beside and "was 60.0%" in panel.field.beside
    check_bundle(panel)
    painted = np.asarray(panel._seen.steps["28×28"])
    assert not painted[20:].any() and painted[:20].any()
    panel.background.value = "light"  # the same field: what was painted stays
    assert f"You painted over {count}" in panel.caption
    panel.rotate.value = 90  # another one
    assert "You painted" not in panel.caption


def test_without_a_picture_there_is_nothing_to_paint_on(panel):
    panel.picture.value = OWN
    assert panel.field.layout.display == "none" and panel.still() is None
    panel.picture.value = EXAMPLE
    assert panel.field.layout.display == ""


def point(panel, kind, **where) -> None:
    panel.point(Pointed(kind, "picture", **where))


def frame_of(panel) -> list[int]:
    return [side.value for side in panel.cutting.sides]


def two_garments():
    """The larger one at the left; what is wanted is the other."""
    picture = Image.new("RGB", (200, 100), "white")
    picture.paste((0, 0, 0), (10, 10, 90, 90))
    picture.paste((0, 0, 0), (150, 30, 170, 70))
    return picture


def test_a_frame_that_is_dragged_leaves_out_what_is_outside(panel):
    upload(panel, uploaded(file_of(two_garments())))
    point(panel, "press", x=0.99, y=0.9)
    point(panel, "drag", x=0.6, y=0.1)
    assert frame_of(panel) == [60, 10, 100, 90]
    assert "200×100 pixels. You cut 80×80 pixels out of it. Its background" in panel.caption
    assert "the garment cut out (20×40 of 80×80 pixels)" in panel.caption
    expected = pictures.to_fashion_mnist(two_garments(), frame=(120, 10, 200, 90))
    assert torch.equal(panel._model.saw[0], expected)
    check_bundle(panel)


def test_a_frame_by_numbers_and_by_keys_and_dropped_again(panel):
    for side, value in zip(panel.cutting.sides, (10, 0, 90, 100), strict=True):
        side.value = value
    assert "You cut 288×360 pixels out of it." in panel.caption
    point(panel, "key", row=0, column=2)
    assert frame_of(panel) == [14, 0, 94, 100]
    point(panel, "key", row=-1, column=9)  # no farther than the edges
    assert frame_of(panel) == [20, 0, 100, 100]
    point(panel, "choose")
    assert frame_of(panel) == list(WHOLE) and "You cut" not in panel.caption
    panel.cutting.sides[0].value = 30
    panel.cutting.whole.click()
    assert frame_of(panel) == list(WHOLE)
    for change in (lambda: check_works(panel), lambda: setattr(panel.rotate, "value", 90)):
        panel.cutting.sides[0].value = 10
        change()
        assert frame_of(panel) == list(WHOLE)


def test_a_frame_that_holds_nothing_says_so_beside_the_picture(panel):
    panel.cutting.sides[2].value = 0
    assert panel.caption == (
        "The frame goes from 0% to 0% across and from 0% to 100% down: right must be more than "
        "left, and bottom more than top."
    )
    panel.cutting.set((0, 0, 3, 100))
    assert panel.caption.startswith("The frame holds 11×360 pixels, but each side must have 16")
    panel.cutting.set((0, 0, 10, 10))
    assert panel.caption.startswith("There is nothing in the frame that differs from its backgr")
    assert 'data-point="picture"' in panel.view.value and panel.still() is None


def test_a_press_alone_or_a_small_drag_makes_no_frame(panel):
    point(panel, "press", x=0.5, y=0.5)
    point(panel, "drag", x=0.52, y=0.9)
    assert frame_of(panel) == list(WHOLE)


@pytest.mark.parametrize("degrees", [20, 0, -45])
def test_it_is_turned_by_hand(panel, degrees):
    side = "left" if degrees > 0 else "right"
    panel.cutting.turn.value = f"{abs(degrees)}° to the {side}" if degrees else "not turned"
    said = f"turned by {abs(degrees)} degrees as you set" if degrees else "not turned as you set"
    assert f"pixels), {said} and brightened" in panel.caption
    expected = pictures.to_fashion_mnist(pictures.example(), turn=degrees)
    assert torch.equal(panel._model.saw[0], expected)


# ---------------------------------------------------------------------------------- refused files


def header_only(width: int, height: int) -> bytes:
    """A PNG that promises so many pixels, and has none."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


NOISE = np.random.default_rng(0).integers(0, 255, (80, 80, 3)).astype(np.uint8)
BAD = {
    "text": (b"no picture at all", "cannot be read as a picture: save it as JPEG or PNG"),
    "nothing": (b"", "is empty"),
    "HEIC": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99), "save it as JPEG or PNG"),
    "film": (b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + bytes(99), "is a film"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3", "is a PDF document"),
    "SVG": (b'<?xml version="1.0"?>\n<svg xmlns="x"/>', "is an SVG drawing"),
    "EPS": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "cannot be read as a picture"),
    "cut JPEG": (file_of(Image.fromarray(NOISE), "jpeg")[:2500], "damaged or cut off"),
    "cut PNG": (file_of(Image.fromarray(NOISE))[:2500], "damaged or cut off"),
    "one colour": (file_of(Image.new("RGB", (50, 50), "red")), "nothing in this picture"),
    "huge": (header_only(20_000, 20_000), "more pixels than can be read"),
    "large": (header_only(10_000, 9_500), "more pixels than can be read"),
    "rather large": (header_only(8_000, 8_000), "8000×8000 pixels, more than the 51 million"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.filterwarnings("error")
def test_refusals(panel, name, monkeypatch):
    data, words = BAD[name]
    if "pixels" in words or "million" in words:
        monkeypatch.setattr(Image.Image, "thumbnail", None)  # decodes: must not be reached
    caption = upload(panel, uploaded(data, "mine.png"))
    assert words in caption and ERROR not in caption and "\n" not in caption
    assert panel._own is None and panel.upload.value == ()
    monkeypatch.undo()
    check_works(panel)


def test_too_many_bytes(panel, monkeypatch):
    monkeypatch.setattr(reading, "MAX_BYTES", 100)
    assert "more than 20 MB" in upload(panel, uploaded(file_of(garment())))
    assert panel._own is None
    monkeypatch.undo()
    check_works(panel)


def test_a_thin_line_is_refused(panel):
    picture = Image.new("L", (100, 100))
    picture.paste(255, (0, 50, 100, 51))
    assert "Only a thin line" in upload(panel, uploaded(file_of(picture)))
    check_works(panel)


def test_an_upload_without_content_is_an_answer_too(panel):
    assert "cannot be read" in upload(panel, {**uploaded(b"x"), "content": None})
    check_works(panel)


def test_after_a_refusal_the_former_pictures_can_still_be_chosen(panel):
    check_works(panel)
    upload(panel, uploaded(b"text", "bad.png"))
    panel.rotate.value = 90
    assert "good.png" in panel.caption
    panel.picture.value = EXAMPLE
    assert panel.caption.startswith("The drawn example")


@pytest.mark.parametrize(
    "name, shown",
    [
        ("../../etc/passwd.png", "Your picture passwd.png,"),
        ("C:\\fakepath\\me.png", "Your picture me.png,"),
        ("folder/", "Your picture folder,"),
        ("", "Your picture The file,"),
        ("a\nData: b\u202egnp.exe", "Your picture a Data: b gnp.exe,"),
        ("<img src=x onerror=alert(1)>.png", "Your picture <img src=x onerror=alert(1)>.png,"),
        ("$x_1$.png", "Your picture $x_1$.png,"),
        ("k" * 5000 + ".png", f"Your picture {'k' * 27}…{'k' * 8}.png,"),
    ],
)
def test_names_are_not_trusted(panel, name, shown):
    caption = upload(panel, uploaded(file_of(garment()), name))
    assert caption.startswith(shown)
    assert caption.count("\n") == 1
    assert "<img src=x" not in panel._words.value


def test_damaged_files_get_an_answer_wherever_they_are_damaged(panel):
    random = np.random.default_rng(0)
    for kind in ("png", "jpeg", "gif", "webp", "bmp"):
        good = np.frombuffer(file_of(garment(size=(30, 40)), kind), np.uint8)
        for _ in range(25):
            bad = good.copy()
            bad[random.integers(0, len(bad), 4)] = random.integers(0, 256, 4)
            panel.upload.value = (uploaded(bad.tobytes()),)
            assert ERROR not in panel.caption and "cannot be read (" not in panel.caption


# ----------------------------------------------------------------------- what is kept, what is sent


def test_an_upload_is_forgotten_but_for_its_small_copy(panel):
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    upload(panel, uploaded(file_of(garment(size=(1200, 800)), "jpeg", exif=exif)))
    assert panel.upload.value == ()
    assert max(panel._own.picture.size) == reading.LONGEST_SIDE
    assert set(panel._own.picture.info) == {"original_size"}
    assert not panel._own.picture.getexif()


def test_a_message_of_the_browser_is_received_and_answered(panel, monkeypatch):
    sent = []
    monkeypatch.setattr(panel.upload, "send_state", lambda key=None: sent.append(key))
    data = file_of(garment())
    entry = {**uploaded(data, "sent.png"), "last_modified": 1_700_000_000_000}
    panel.upload.set_state({"value": [entry]})
    assert "Your picture sent.png" in panel.caption
    assert panel.upload.value == ()


def test_nothing_is_written(panel, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_works(panel)
    upload(panel, uploaded(b"text", "bad.png"))
    assert not list(tmp_path.iterdir())


def test_while_one_paints_the_steps_are_not_made_again(panel, monkeypatch):
    made, real = [], own_picture.pictures.steps
    monkeypatch.setattr(own_picture.pictures, "steps", lambda *a: made.append(1) or real(*a))
    field = panel.field
    for number in range(1, 4):
        pixels = field._now.copy()
        pixels[number] = 90
        said = {"number": number, "version": field.field["version"], "pixels": pixels.tobytes()}
        field.painted = said
        assert f"You painted over {28 * number} of its 784 pixels." in panel.caption
    assert made == []
    panel.background.value = "dark"
    assert made


def test_one_upload_draws_once(panel, monkeypatch):
    drawn = []
    real = own_picture.steps_html
    monkeypatch.setattr(own_picture, "steps_html", lambda *a: drawn.append(1) or real(*a))
    panel.upload.value = (uploaded(file_of(garment())),)
    assert len(drawn) == 1
    panel.upload.value = (uploaded(file_of(garment()), "other.png"),)
    assert len(drawn) == 2 and "other.png" in panel.caption


# ------------------------------------------------------------------------------------- the network


class Says(nn.Module):
    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, x):
        return self.answer(x)


def fail(_x):
    raise RuntimeError("mat1 and mat2\nshapes cannot be multiplied")


@pytest.mark.parametrize(
    "model, words",
    [
        (Says(fail), "RuntimeError: mat1 and mat2 shapes cannot be multiplied."),
        (Says(lambda x: None), "NoneType"),
        (Says(lambda x: torch.zeros(1, 9)), "not a tensor of shape [1, 9]"),
        (Says(lambda x: torch.full((1, 10), torch.nan)), "not all of its numbers are finite"),
        (Says(lambda x: "a shirt"), "str"),
        (nn.Linear(28, 10, device="meta"), "the network is on the device meta"),
        (None, "there is no network yet, but None: make one first."),
        (lambda x: x, "this is of type function, not a network (nn.Module)."),
    ],
)
def test_a_network_that_fails_is_a_sentence_under_the_steps(model, words):
    panel = OwnPicture(model, CLASSES)
    last = panel.caption.split("\n")[-1]
    assert last.startswith("The network gives no answer: ") and words in last
    assert panel.still() is not None
    panel.rotate.value = 90
    assert "turned by 90 degrees" in panel.caption


@pytest.mark.parametrize("classes", [None, [], CLASSES[:9], 10])
def test_wrong_classes_are_a_sentence_too(classes):
    assert "gives no answer" in OwnPicture(Fixed(), classes).caption


def test_whole_numbers_and_long_names_are_shown():
    panel = OwnPicture(Says(lambda x: torch.arange(10)[None]), ["$x_$" + "y" * 90] * 10)
    assert "63.2%" in panel.caption
    check_bundle(panel)


def test_the_network_is_left_as_it_was():
    model = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(784), nn.Dropout(), nn.Linear(784, 10))
    model[2].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    OwnPicture(model, CLASSES)
    assert [module.training for module in model] == [True, True, False, True]
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(module._forward_hooks for module in model.modules())
