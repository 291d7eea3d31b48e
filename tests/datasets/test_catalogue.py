"""Every entry of the catalogue is complete, and all that is derived from it is there."""

import re
from pathlib import Path

import pytest
from torchvision import datasets as official

from helpers import datasets
from helpers.datasets import sources
from helpers.datasets.catalogue import CATALOGUE, GARMENTS, loaded_by, stood_in_for
from tests.notebooks.fixtures import code, notebook, text, write

SOLUTIONS = sorted((Path(__file__).resolve().parents[2] / "solutions").glob("*.ipynb"))
DRAWN = {"grey": (1, 28, 60_000, 10_000), "colour": (3, 32, 50_000, 10_000)}

each_entry = pytest.mark.parametrize("entry", CATALOGUE.values(), ids=CATALOGUE)


@each_entry
def test_an_entry_describes_images(entry):
    assert entry.name.isidentifier() and CATALOGUE[entry.name] is entry
    assert entry.title and entry.reference
    assert len(set(entry.classes)) == len(entry.classes) > 1 and all(entry.classes)
    assert entry.channels in (1, 3) and entry.size > 0
    assert entry.num_train > 0 and entry.num_test > 0


@each_entry
def test_an_entry_says_where_its_files_are(entry):
    assert not Path(entry.folder).is_absolute() and ".." not in Path(entry.folder).parts
    assert entry.mirrors and all(re.fullmatch(r"https?://\S+/", m) for m in entry.mirrors)
    assert len({file.name for file in entry.files}) == len(entry.files) > 0
    for file in entry.files:
        assert re.fullmatch(r"[0-9a-f]{32}", file.md5) and file.size > 0
    assert entry.format in sources._READERS
    assert bool(entry.unpacked) == (entry.format == "cifar")


@each_entry
def test_the_sums_are_those_of_torchvision(entry):
    ours = [(file.name, file.md5) for file in entry.files]
    if entry.format == "idx":  # torchvision names the folder after its class
        assert ours == getattr(official, Path(entry.folder).parts[0]).resources
    else:
        assert ours == [(official.CIFAR10.filename, official.CIFAR10.tgz_md5)]
        assert entry.unpacked == official.CIFAR10.base_folder


@each_entry
def test_what_stands_in_has_the_same_form(entry):
    if entry.stand_in:
        form = entry.channels, entry.size, entry.num_train, entry.num_test
        assert form == DRAWN[entry.stand_in]
        assert stood_in_for(GARMENTS[entry.stand_in]) == entry.title


@each_entry
def test_an_entry_has_a_function_that_is_described(entry):
    function = getattr(datasets, entry.name)
    assert function.__name__ == entry.name and entry.name in datasets.__all__
    assert function.__doc__.startswith(f"{entry.title} ({entry.reference}): {entry.num_train:,} ")
    assert f"of {entry.size}×{entry.size}" in function.__doc__


def test_garments_stand_in_for_one_data_set_each():
    assert [entry.stand_in for entry in CATALOGUE.values() if entry.stand_in] == list(GARMENTS)
    assert stood_in_for("drawn garments") == "Fashion-MNIST"
    assert stood_in_for("drawn colour garments") == "CIFAR-10"
    assert stood_in_for("Fashion-MNIST") == ""


def test_what_lessons_load_has_more_than_one_mirror():
    loaded = loaded_by(SOLUTIONS)
    assert {entry.title for entry in loaded} >= {"Fashion-MNIST", "CIFAR-10"}
    assert all(len(entry.mirrors) > 1 for entry in loaded)


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'imagenet'"):
        _ = datasets.imagenet


def test_loaded_by_reads_the_code_alone(tmp_path):
    made = notebook(text("Like `cifar10`."), code("data = datasets.fashion_mnist(train=True)"))
    path = write(tmp_path / "01_one.ipynb", made)
    assert loaded_by([path]) == [CATALOGUE["fashion_mnist"]]
    other = write(tmp_path / "02_two.ipynb", notebook(code("from helpers.datasets import cifar10")))
    assert loaded_by([other, path]) == [CATALOGUE["fashion_mnist"], CATALOGUE["cifar10"]]
    none = write(tmp_path / "03_three.ipynb", notebook(code("cifar100 = my_fashion_mnist = 1")))
    assert loaded_by([none]) == []
