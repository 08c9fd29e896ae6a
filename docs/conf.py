"""How the documentation becomes a site: `python -m sphinx -W docs site`."""

from __future__ import annotations

from typing import ClassVar

from pygments.lexer import RegexLexer
from pygments.token import Comment, Keyword, Name, Number, String, Whitespace
from sphinx.highlighting import lexers

from proto2net.version import VERSION

project = "proto2net"
author = "the developers of proto2net"
copyright = author
version = release = VERSION


class PrototxtLexer(RegexLexer):
    """The text format of protobuf, which Pygments does not have."""

    tokens: ClassVar = {
        "root": [
            (r"\s+", Whitespace),
            (r"#.*", Comment),
            (r"\w+(?=\s*[:{])", Name.Attribute),
            (r"\"[^\"]*\"|'[^']*'", String),
            (r"-?\.?\d[\w.+-]*", Number),
            (r"[A-Za-z_]\w*", Keyword.Constant),
            (r".", Name),
        ]
    }


extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_click"]
myst_heading_anchors = 3  # pages link to each other's headings
smartquotes = False  # `--weights` in an example is two hyphens
exclude_patterns = ["README.md"]
lexers["prototxt"] = PrototxtLexer()

default_role = "code"  # docstrings mark code with single backticks
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_title = f"proto2net {VERSION}"
