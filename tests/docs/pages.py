"""The pages that people read, taken apart: headings, links, code in a line, blocks, tables.

Nothing here needs torch or a network.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:[^`\n]|\n(?!\n))+)`")
HEADING = re.compile(r"^(#{1,6}) (.+)$", re.MULTILINE)
TARGET = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")
RECIPE_ROW = re.compile(r"^\| (edit|new|made) \| `([^`]+)` \|", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block between fences: its language and its text."""

    language: str
    text: str


@dataclass(frozen=True)
class Page:
    """A page in Markdown at ``path``."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        """Its path in the repository."""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def blocks(self) -> list[Block]:
        """Its blocks in order."""
        return [Block(*found) for found in FENCE.findall(self.text)]

    @cached_property
    def prose(self) -> str:
        """Its text without the blocks."""
        return FENCE.sub("", self.text)

    @cached_property
    def codes(self) -> list[str]:
        """What stands between backticks in a line, each in one line."""
        return [" ".join(code.split()) for code in INLINE.findall(self.prose)]

    @cached_property
    def targets(self) -> list[str]:
        """Where its links lead, and the files of its pictures."""
        return [one or other for one, other in TARGET.findall(INLINE.sub("code", self.prose))]

    @cached_property
    def anchors(self) -> list[str]:
        """What ``#...`` can lead to: its headings as GitHub writes them."""
        found: list[str] = []
        for _, heading in HEADING.findall(self.prose):
            words = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
            again = sum(
                re.fullmatch(rf"{re.escape(words)}(-\d+)?", other) is not None for other in found
            )
            found.append(f"{words}-{again}" if again else words)
        return found

    @cached_property
    def sections(self) -> dict[str, "Page"]:
        """Its sections of the second level, by their headings, blocks included."""
        parts = re.split(r"^## (.+)$", self.text, flags=re.MULTILINE)
        return {
            name: Page(self.path, text) for name, text in zip(parts[1::2], parts[2::2], strict=True)
        }

    @cached_property
    def recipe(self) -> list[tuple[str, str]]:
        """What its recipes list: "edit", "new" or "made", and the path."""
        return RECIPE_ROW.findall(self.text)

    @cached_property
    def promised(self) -> set[str]:
        """The paths that its recipes make."""
        return {path for kind, path in self.recipe if kind != "edit"}


def page(name: str) -> Page:
    """The page at this path in the repository."""
    return Page(ROOT / name, (ROOT / name).read_text(encoding="utf-8"))


def pages() -> list[Page]:
    """All pages whose commands, paths and links are tried."""
    names = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").glob("*.md"))]
    return [page(name) for name in ("README.md", "deploy/README.md", *names)]


def written(text: str, name: str = "docs/written.md") -> Page:
    """A page that is nowhere but in a test."""
    return Page(ROOT / name, text)
