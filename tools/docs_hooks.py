"""What MkDocs asks while it builds the site: pictures that pages draw, formulas as MathML.

A page draws a picture where a block of Python is followed by an image below `figures/pictures/`:
the block is run, and what it calls `axes` is saved as that image.

Formulas between dollars become MathML, which browsers show without a script: the
site works from files.
"""

from __future__ import annotations

import html
import io
import posixpath
import re
from typing import Any

from latex2mathml.converter import convert
from mkdocs.structure.files import File, Files

DRAWN = re.compile(r"^```python\n((?:(?!^```).)*?)^```\n\n!\[[^]]*\]\((\S*figures/pictures/\S+)\)",
                   re.DOTALL | re.MULTILINE)  # fmt: skip
FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)


def pictures(markdown: str) -> dict[str, str]:
    """Return the code of each picture that a page draws, by the address of the image."""
    return {address: code for code, address in DRAWN.findall(markdown)}


def drawn(code: str) -> bytes:
    """Return the picture that a block of code draws."""
    names: dict[str, Any] = {}
    exec(compile(code, "<page>", "exec"), names)
    picture = io.BytesIO()
    names["axes"].figure.savefig(picture, format="svg", metadata={"Date": None})
    return picture.getvalue()


def on_files(files: Files, config: Any) -> Files:
    """Add the pictures that pages draw."""
    for page in list(files.documentation_pages()):
        for address, code in pictures(page.content_string).items():
            place = posixpath.normpath(posixpath.join(posixpath.dirname(page.src_uri), address))
            files.append(File.generated(config, place, content=drawn(code)))
    return files


def on_page_content(text: str, **_: Any) -> str:
    """Turn formulas into MathML."""

    def mathml(found: re.Match[str]) -> str:
        display = "block" if found[2] == "[" else "inline"
        return convert(html.unescape(found[3]).strip(), display=display)

    return FORMULA.sub(mathml, text)
