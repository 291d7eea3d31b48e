"""What phones, scanners and drawing programs save is read, and takes a bounded amount of memory."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers import pictures
from helpers.pictures import reading

SHADES = np.linspace(0, 1, 300)[None, :] * np.ones((200, 1))


def saved(path, picture, **options):
    picture.save(path, **options)
    return path


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_grey_of_16_bits_may_be_large_and_hold_fewer_bits(tmp_path, bits):
    values = (SHADES * (2**bits - 1)).repeat(8, 0).repeat(8, 1).astype(np.uint16)
    picture = pictures.read(saved(tmp_path / "a.png", Image.fromarray(values)))
    assert max(picture.size) > 250 and picture.info["original_size"] == (2400, 1600)
    row = np.asarray(picture)[50, :, 0].astype(float)
    assert np.abs(row - np.linspace(0, 255, len(row))).max() < 4


def test_grey_of_16_bits_is_set_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    tall = Image.fromarray(np.zeros((40, 90), np.uint16))
    assert pictures.read(saved(tmp_path / "a.png", tall, exif=exif)).size == (40, 90)


@pytest.mark.parametrize("kind", ["png", "webp", "avif"])
@pytest.mark.parametrize("value", [5, 250])
def test_what_lies_on_transparency_can_be_seen(tmp_path, kind, value):
    picture = Image.new("RGBA", (80, 80), (value, value, value, 0))
    picture.paste((value, value, value, 255), (20, 20, 60, 60))
    read = pictures.read(saved(tmp_path / f"a.{kind}", picture))
    assert pictures.to_fashion_mnist(read)[0, 14, 14] > 0.95


def test_avif_is_read(tmp_path):
    picture = pictures.read(saved(tmp_path / "a.avif", pictures.example()))
    assert pictures.to_fashion_mnist(picture).max() > 0.95


HEIC = Path(__file__).parent / "shirt.heic"  # the drawn example


def test_heic_is_read():
    assert np.abs(np.asarray(pictures.read(HEIC), float) - pictures.example()).mean() < 5


def test_heic_is_named_where_its_decoder_is_not(monkeypatch):
    monkeypatch.setattr(reading, "pi_heif", None)
    with pytest.raises(pictures.PictureError, match=r"HEIC picture, .*pi-heif.*JPEG or PNG"):
        pictures.read(HEIC)


MEASURE = """
import sys
from helpers import pictures

def kilobytes(what):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(what))

pictures.read(sys.argv[1])  # what is loaded once does not count
before = kilobytes("VmRSS")
print(pictures.read(sys.argv[2]).info["original_size"], (kilobytes("VmHWM") - before) / 1000)
"""
tells_memory = pytest.mark.skipif(
    not Path("/proc/self/status").exists(),
    reason="only Linux tells, in /proc, how much memory a process has had at most",
)
KINDS = {
    "webp": ("WEBP", "RGB", {"method": 0, "quality": 30}),
    "avif": ("AVIF", "RGB", {"speed": 10, "quality": 30}),
    "jpg": ("progressive JPEG", "RGB", {"progressive": True, "subsampling": 0}),
    "png": (None, "RGB", {"compress_level": 1}),
}


@tells_memory
@pytest.mark.parametrize("kind", KINDS)
def test_the_largest_that_is_accepted_takes_at_most_250_mb(tmp_path, kind):
    name, mode, options = KINDS[kind]
    most = int(reading.MEMORY / reading.BYTES_PER_PIXEL.get(name, reading.OTHERS) / 1e6) * 1e6
    width = 4000
    small = saved(tmp_path / f"small.{kind}", pictures.example())
    large = Image.new(mode, (width, int(most / width)), (200, 90, 30))
    saved(tmp_path / f"large.{kind}", large, **options)
    assert megabytes(small, tmp_path / f"large.{kind}", large.size) <= 250


def megabytes(small: Path, large: Path, size: tuple[int, int]) -> float:
    """What reading ``large`` takes at most in a process that has read ``small``."""
    command = [sys.executable, "-c", MEASURE, small, large]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert str(size) in done.stdout
    return float(done.stdout.split()[-1])


@tells_memory
def test_what_new_telephones_save_is_read_in_at_most_250_mb():
    large = HEIC.with_name("24_megapixels.heic")  # flat: the decoder takes as much as for any
    assert megabytes(HEIC, large, (5712, 4284)) <= 250


def test_more_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    path = saved(tmp_path / "a.webp", Image.new("RGB", (7000, 7000)), method=0)
    monkeypatch.setattr(Image.Image, "thumbnail", None)  # decodes: must not be reached
    with pytest.raises(pictures.PictureError, match="7000×7000 pixels, more than the 12 million"):
        pictures.read(path)
