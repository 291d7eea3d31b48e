"""The probabilities of all classes as bars with numbers, for a page."""

import html
from collections.abc import Sequence

from torch import Tensor


def bars_html(names: Sequence[str], shares: Tensor, before: Tensor | None = None) -> str:
    """A row for each class: its name, its share as a bar, and as a number.

    ``shares``: ``[classes]``, from 0 to 1. ``before`` are the shares to compare with: each has a
    mark on the bar, and its number.
    """
    largest = shares.max()
    rows = []
    for place, (name, share) in enumerate(zip(names, shares.tolist(), strict=True)):
        bar, was = f'<i style="width: {100 * share:.1f}%"></i>', ""
        if before is not None:
            bar += f'<b style="left: {100 * before[place]:.1f}%"></b>'
            was = f"was {100 * before[place]:.1f}%"
        best = ' class="largest"' if share == largest else ""
        rows.append(
            f'<tr{best}><th scope="row">{html.escape(str(name)[:14])}</th>'
            f"<td><div>{bar}</div></td><td>{100 * share:.1f}%</td>"
            f'<td class="was">{was}</td></tr>'
        )
    return (
        '<table class="cnn-bars"><caption>what the network says</caption>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
