"""Words for whoever gets images, on any console."""

import sys


def say(text: str) -> None:
    """Print ``text``; what a console cannot show, as cp1252 cannot show ✗, becomes a question mark.

    Without this, such a sign would end what the sentence is only about.
    """
    try:
        print(text)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding or "ascii"
        print(text.encode(encoding, "replace").decode(encoding))
