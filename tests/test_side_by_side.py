"""Is work shared out whole, and does it change nothing in the process that shares it out?"""

import os
import sys

import pytest

from tests import side_by_side as sharing


@pytest.mark.parametrize("cores", [1, 2, 3, 8])
def test_each_thing_is_worked_on_once(cores, monkeypatch):
    monkeypatch.setattr(sharing, "processes", lambda: cores)
    found = sharing.side_by_side(lambda share: share, list(range(7)))
    assert len(found) == min(cores, 7)
    assert sorted(thing for share in found for thing in share) == list(range(7))


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")
def test_forks_change_nothing_here_and_one_that_dies_is_noticed(monkeypatch):
    monkeypatch.setattr(sharing, "processes", lambda: 2)
    seen = []
    assert sharing.side_by_side(lambda share: seen.extend(share) or len(seen), [1, 2]) == [1, 1]
    assert seen == []
    with pytest.raises(EOFError):
        sharing.side_by_side(lambda share: os._exit(0) if share == [2] else share, [1, 2])
