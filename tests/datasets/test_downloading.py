"""How long a mirror is waited for, and what the bar shows; the rest is in test_fetching."""

import ssl
import sys
import urllib.error
from pathlib import Path

import pytest

from helpers.datasets import downloading
from tests.datasets.fakes import NOWHERE, resources
from tests.loopback import serving

pytestmark = pytest.mark.usefixtures("offline")


def test_the_limits_are_those_of_a_lesson():
    """The tests shorten the waiting; this is what students get."""
    source = Path(downloading.__file__).read_text(encoding="utf-8")
    assert "ANSWER_LIMIT = 8.0" in source
    assert downloading.LOOKUP_LIMIT <= 2


def test_behind_a_proxy_no_name_is_looked_up(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    assert downloading.within_reach((NOWHERE,)) == ([NOWHERE], {})


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_a_certificate_that_is_not_trusted_is_explained(monkeypatch, platform):
    monkeypatch.setattr(sys, "platform", platform)
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate in certificate chain"
    said = downloading.reason(urllib.error.URLError(error))
    assert said.startswith("its certificate is not trusted, self-signed certificate in certificate")
    assert "a filter of the network" in said
    assert ("Install Certificates.command" in said) == (platform == "darwin")


def test_the_bar_forgets_what_came_in_vain():
    with downloading.Progress("Tiny", 100) as progress:
        progress.start_file()
        progress.add(30)
        progress.start_file()
        progress.add(20)
        progress.take_back()
        assert progress.bar.n == 30


def test_the_bar_counts_only_the_mirror_that_gave_the_file():
    files = {"images.gz": bytes(range(256)) * 40}
    (file,) = resources(files)
    with serving(files, "wrong sum") as bad, serving(files) as good:
        with downloading.Progress("Tiny", file.size) as progress:
            mirrors, reasons = [bad.address, good.address], {}
            assert downloading.from_any_mirror(file, mirrors, reasons, progress)
            assert progress.bar.n == file.size
        assert list(reasons) == [bad.address]
