"""What pages hold beside cells: sections, words, texts of the repository."""

from authoring.website import pages, texts
from authoring.website.content import anchor

TEXT = """# Title

Before.

## `nn.Conv2d`, *quickly*

One [link](a.md#b) and `code`.

```python
# no heading
x = 1
```

### Task 1.1 – First
Two.
"""


def test_a_text_has_sections_with_the_anchors_of_its_headings():
    found = pages.sections_of_text(TEXT)
    assert [(s.level, s.title, s.anchor) for s in found] == [
        (1, "Title", "title"),
        (2, "nn.Conv2d, quickly", "nnconv2d-quickly"),
        (3, "Task 1.1 – First", "task-1.1"),
    ]
    assert found[1].text == "One link and code. python # no heading x = 1"
    assert found[2].text == "Two."


def test_anchors_are_those_of_github():
    assert anchor("A class server") == "a-class-server"
    assert anchor("pip, in Windows (<code>PowerShell</code>)") == "pip-in-windows-powershell"
    assert anchor("What &amp; why?") == "what--why"


def test_a_text_leads_to_pages_and_loads_no_badge():
    badge = "[![Open](https://a.org/b.svg)](https://c.org)"
    made = texts.for_site(f"{badge}\n\n[x](install.md#a), [y](../deploy/README.md)")
    assert made == "[Open](https://c.org)\n\n[x](install.html#a), [y](../deploy/README.html)"


def test_an_address_that_nobody_knows_is_left_out():
    text = "One.\n\nhttps://x.org/OWNER/cnn-course/main"
    assert texts.for_site(text) == "One."
    assert texts.for_site(text, "https://github.com/ada/cnn.git").endswith("x.org/ada/cnn/main")


def test_the_readme_comes_in_parts():
    assert texts.parts("# T\n\nHi.\n\n## A\n\nOne.\n") == {"": "Hi.\n\n", "A": "\n\nOne.\n"}
