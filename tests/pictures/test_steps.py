"""A student's own picture becomes 28×28, whatever file it comes in; bad files get a sentence."""

import numpy as np
import pytest
import torch
from PIL import Image

from helpers import pictures
from helpers.pictures import reading


def save(path, picture, **options):
    picture.save(path, **options)
    return path


def test_example_fills_the_image():
    image = pictures.to_fashion_mnist(pictures.example())
    assert image.shape == (1, 28, 28) and image.dtype == torch.float32
    assert image.max() > 0.9 and image.min() == 0
    rows = (image[0] > 0.3).any(dim=1).nonzero()
    assert rows.max() - rows.min() >= 24  # the longest side takes the whole height


def test_dark_and_light_backgrounds_give_the_same():
    dark = Image.new("L", (100, 80), 10)
    dark.paste(200, (30, 20, 70, 60))
    light = Image.fromarray(255 - np.asarray(dark))
    same = pictures.to_fashion_mnist(dark), pictures.to_fashion_mnist(light)
    assert torch.allclose(*same, atol=0.01)


@pytest.mark.parametrize("name, mode", [("a.png", "RGBA"), ("a.jpg", "CMYK"), ("a.png", "P")])
def test_modes(tmp_path, name, mode):
    path = save(tmp_path / name, pictures.example().convert(mode))
    assert pictures.read(path).mode == "RGB"


def test_transparent_background_counts_as_white(tmp_path):
    picture = Image.new("RGBA", (60, 60), (0, 0, 0, 0))
    picture.paste((20, 20, 20, 255), (15, 15, 45, 45))
    image = pictures.to_fashion_mnist(pictures.read(save(tmp_path / "a.png", picture)))
    assert image[0, 14, 14] > 0.9  # the dark square is the garment


def test_turned_photo_is_set_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turned by 90°
    path = save(tmp_path / "a.jpg", Image.new("RGB", (100, 50)), exif=exif)
    assert pictures.read(path).size == (50, 100)


def refusal(path):
    with pytest.raises(pictures.PictureError) as error:
        pictures.read(path)
    return str(error.value)


def test_refusals(tmp_path):
    assert "no file" in refusal(tmp_path / "none.png")
    (tmp_path / "text.png").write_text("not a picture")
    assert "JPEG or PNG" in refusal(tmp_path / "text.png")
    (tmp_path / "empty.png").touch()
    assert "JPEG or PNG" in refusal(tmp_path / "empty.png")
    cut = save(tmp_path / "cut.png", pictures.example()).read_bytes()[:700]
    (tmp_path / "cut.png").write_bytes(cut)
    assert "JPEG or PNG" in refusal(tmp_path / "cut.png")
    huge = save(tmp_path / "huge.png", Image.new("1", (20_000, 20_000)))
    assert "20000×20000" in refusal(huge) or "JPEG or PNG" in refusal(huge)


def test_too_many_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MAX_BYTES", 100)
    assert "smaller copy" in refusal(save(tmp_path / "a.png", pictures.example()))


def test_plain_picture_is_refused():
    with pytest.raises(pictures.PictureError, match="differs from its background"):
        pictures.to_fashion_mnist(Image.new("RGB", (50, 50), "white"))


def test_bytes_and_paths_give_the_same(tmp_path):
    path = save(tmp_path / "a.png", pictures.example())
    from_bytes = pictures.read_bytes(memoryview(path.read_bytes()), "a.png")
    assert np.array_equal(from_bytes, pictures.read(path))
    assert from_bytes.info == {"original_size": (360, 360)}


def test_messages_name_the_file_whichever_way_it_came(tmp_path):
    (tmp_path / "text.png").write_text("not a picture")
    with pytest.raises(pictures.PictureError) as error:
        pictures.read_bytes(b"not a picture", "somewhere/text.png")
    assert str(error.value) == refusal(tmp_path / "text.png")
    assert str(error.value).startswith("text.png ")


@pytest.mark.parametrize("start", [b"%PDF-1.4", b"<svg>", b"\0\0\0\x18ftypmif1", b"GIF89a", b"BM"])
def test_other_files_get_a_sentence(start):
    with pytest.raises(pictures.PictureError, match="JPEG or PNG"):
        pictures.read_bytes(start)


def test_grey_of_16_bits_keeps_its_shades(tmp_path):
    shades = np.tile(np.arange(0, 65536, 4096, dtype=np.uint16), (4, 1))
    path = save(tmp_path / "a.png", Image.fromarray(shades))
    assert np.array_equal(np.asarray(pictures.read(path))[..., 0], shades // 256)


def test_cmyk_keeps_its_colours(tmp_path):
    path = save(tmp_path / "a.jpg", Image.new("RGB", (20, 20), (200, 40, 30)).convert("CMYK"))
    assert np.abs(np.asarray(pictures.read(path)).mean((0, 1)) - (200, 40, 30)).max() < 6


def test_steps_have_names_and_end_where_the_data_set_begins():
    steps = pictures.steps(pictures.example())
    names = ["picture", "grey", "inverted", "background removed", "cut", "28×28"]
    assert list(steps) == names
    assert [step.mode for step in steps.values()] == ["RGB"] + ["L"] * 5
    assert all(step.size == (360, 360) for step in list(steps.values())[:4])
    assert steps["28×28"].size == (28, 28)
    assert steps["background removed"].getpixel((0, 0)) == 0
    assert steps["cut"].getextrema()[1] == 255
    final = pictures.to_tensor(steps["28×28"])
    assert torch.equal(final, pictures.to_fashion_mnist(pictures.example()))


@pytest.mark.parametrize("background, garment", [(110, 0), (60, 20), (130, 250), (215, 250)])
def test_dark_on_dark_and_light_on_light(background, garment):
    grey = Image.new("L", (80, 80), background)
    grey.paste(garment, (20, 20, 60, 60))
    darker = garment < background
    assert pictures.is_inverted(pictures.steps(grey)) == darker
    for light in (None, darker):
        assert pictures.to_fashion_mnist(grey, light)[0, 14, 14] == 1
    with pytest.raises(pictures.PictureError, match=rf"something is .* \(light={darker}\)"):
        pictures.to_fashion_mnist(grey, light=not darker)


@pytest.mark.parametrize("light", [None, True, False])
def test_where_nothing_is_to_be_seen_no_setting_is_advised(light):
    with pytest.raises(pictures.PictureError, match="differs from its background: take one"):
        pictures.to_fashion_mnist(Image.new("L", (80, 80), 110), light)


def test_a_thin_line_is_refused():
    line = Image.new("L", (200, 60))
    line.paste(255, (0, 30, 200, 32))
    with pytest.raises(pictures.PictureError, match="thin line"):
        pictures.to_fashion_mnist(line)


def test_a_frame_cuts_by_hand_and_the_picture_itself_stays_whole():
    picture = pictures.example()
    frame = (20, 0, 340, 180)  # the upper half
    steps = pictures.steps(picture, frame=frame)
    assert steps["picture"].size == picture.size
    assert steps["grey"].size == (320, 180)
    assert torch.equal(
        pictures.to_fashion_mnist(picture, frame=frame),
        pictures.to_fashion_mnist(picture.crop(frame)),
    )


@pytest.mark.parametrize(
    "frame, words",
    [
        ((200, 0, 100, 50), "goes from 200 to 100 across and from 0 to 50 down"),
        ((0, 0, 361, 360), "in a picture of 360×360 pixels"),
        ((-1, 0, 100, 100), "all must lie in the picture"),
        ((0, 0, 100, 15), "holds 100×15 pixels, but each side must have 16"),
        ((0, 0, 40, 40), "nothing in the frame that differs from its background: make it larger"),
    ],
)
def test_a_frame_that_cannot_be_is_told(frame, words):
    with pytest.raises(pictures.PictureError, match=words):
        pictures.steps(pictures.example(), frame=frame)


def test_a_small_frame_is_no_error():
    picture = pictures.example()
    for left in range(0, 344, 40):
        for top in range(0, 344, 40):
            try:
                pictures.steps(picture, frame=(left, top, left + 16, top + 16))
            except pictures.PictureError as error:
                assert "frame" in str(error) or "thin line" in str(error)


@pytest.mark.parametrize("angle", [-40, 25])
def test_by_hand_it_is_turned_as_much_as_one_says(angle):
    picture = pictures.example()
    leaning = picture.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor="#ece8e0")
    steps = pictures.steps(leaning, turn=-angle)
    assert steps["cut"].info["turned"] == -angle
    upright = pictures.to_fashion_mnist(picture, turn=0)
    assert (pictures.to_tensor(steps["28×28"]) - upright).abs().mean() < 0.05
    assert (pictures.to_fashion_mnist(leaning, turn=0) - upright).abs().mean() > 0.1
