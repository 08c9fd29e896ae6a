"""How the documentation becomes a site: `python -m sphinx -W docs site`."""

from __future__ import annotations

from pygments.lexers.dsls import ProtoBufLexer
from sphinx.highlighting import lexers

from proto2net.version import VERSION

project = "proto2net"
author = "the developers of proto2net"
copyright = author
version = release = VERSION

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_click"]
myst_heading_anchors = 3  # pages link to each other's headings
smartquotes = False  # `--weights` in an example is two hyphens
exclude_patterns = ["README.md"]
lexers["prototxt"] = ProtoBufLexer()  # the language of schemas is near enough

default_role = "code"  # docstrings mark code with single backticks
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = f"proto2net {VERSION}"
