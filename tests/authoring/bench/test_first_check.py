"""What the measurement of the first check runs and counts."""

import os

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from authoring.bench.first_check import LESSON, ROOT, size, sizes, until_first_check


def test_a_notebook_ends_at_its_first_check():
    tagged = {"tags": ["check"]}
    cells = [
        new_markdown_cell("# A"),
        new_code_cell("a = 1"),
        new_code_cell("check(a)", metadata=tagged),
        new_code_cell("b = 2"),
        new_code_cell("check(b)", metadata=tagged),
    ]
    cut = until_first_check(new_notebook(cells=cells))
    assert [cell.source for cell in cut.cells] == ["# A", "a = 1", "check(a)"]


def test_the_lesson_has_a_first_check():
    lesson = nbformat.read(ROOT / "solutions" / LESSON, as_version=4)
    cut = until_first_check(lesson)
    assert "\nchecks.conv_layer(" in cut.cells[-1].source and len(cut.cells) < len(lesson.cells) / 2


def test_what_takes_room(tmp_path):
    packages = tmp_path / ".venv/lib/python3.11/site-packages"
    for path, count in {
        packages / "torch/lib/libtorch.so": 700,
        packages / "torchvision/ops.py": 7,
        packages / "nvidia/cublas/lib.so": 3000,
        packages / "triton/x.so": 800,
        packages / "numpy/y.py": 20,
        tmp_path / "data/images.gz": 30,
        tmp_path / "README.md": 1,
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * count)
    os.link(tmp_path / "README.md", tmp_path / "again.md")  # no bytes more
    (tmp_path / "link.md").symlink_to("README.md")
    assert dict(sizes(tmp_path)) == {
        "PyTorch": 707, "its GPU libraries": 3800, "images": 30, "all else": 21, "together": 4558
    }  # fmt: skip
    assert size(tmp_path / "data") == 30
