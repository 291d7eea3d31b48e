"""A clone made where git converts line ends, as on Windows, is the same as anywhere."""

import shutil
import subprocess

import pytest

from tests.github.workflow import ROOT


def git(*words: object) -> bytes:
    """What a command of git says."""
    return subprocess.run(["git", *map(str, words)], check=True, capture_output=True).stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone of what is committed, with the attributes as they are here; its git converts."""
    folder = tmp_path_factory.mktemp("windows") / "course"
    git("-c", "core.autocrlf=true", "clone", "-q", "--no-checkout", ROOT, folder)
    shutil.copy(ROOT / ".gitattributes", folder / ".git/info/attributes")
    git("-C", folder, "-c", "core.autocrlf=true", "checkout", "-q", "HEAD")
    return folder


def test_no_line_of_text_ends_with_a_carriage_return(clone):
    listed = git("-C", clone, "ls-files", "--eol", "-z").decode().split("\0")
    ends = {line.split("\t")[1]: line.split()[1] for line in listed if line}
    assert {".ci/run", ".binder/start", ".binder/postBuild", "Makefile"} <= ends.keys()
    assert set(ends.values()) == {"w/lf", "w/-text", "w/none"}  # lines, no text, nothing in it
    for name in (".ci/run", ".binder/start", ".binder/postBuild", "Makefile"):
        assert b"\n" in (clone / name).read_bytes()
        assert b"\r" not in (clone / name).read_bytes()


def test_without_the_attributes_it_would_be_another(tmp_path):
    """Or else the test above shows nothing."""
    git("-c", "core.autocrlf=true", "clone", "-q", "--no-checkout", ROOT, tmp_path)
    (tmp_path / ".git/info/attributes").write_text("* !text !eol\n")
    git("-C", tmp_path, "-c", "core.autocrlf=true", "checkout", "-q", "HEAD", "--", "Makefile")
    assert b"\r\n" in (tmp_path / "Makefile").read_bytes()


@pytest.mark.parametrize("ending", ["png", "safetensors"])
def test_what_is_no_text_is_left_as_it_is(clone, ending):
    names = git("-C", ROOT, "ls-files", f"*.{ending}").decode().splitlines()
    assert names
    for name in names:
        assert (clone / name).read_bytes() == git("-C", ROOT, "show", f"HEAD:{name}")
        assert "binary: set" in git("-C", ROOT, "check-attr", "binary", name).decode()
