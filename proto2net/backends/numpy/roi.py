"""NumPy renderers of proto2net/layers/roi.py."""

from proto2net.backends.numpy.backend import backend
from proto2net.backends.shared.roi import RENDERERS

backend.renderers |= RENDERERS
