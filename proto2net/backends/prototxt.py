"""The graph as Caffe's own text, in the current format: `parse(text(graph)) == graph`."""

from __future__ import annotations

from proto2net.backends.printer import Printer
from proto2net.caffe.exporter import text

printer = Printer("prototxt", ".prototxt", text, ".caffemodel")
