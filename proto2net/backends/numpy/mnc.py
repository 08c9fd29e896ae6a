"""NumPy renderers of proto2net/layers/mnc.py."""

from proto2net.backends.numpy.backend import backend
from proto2net.backends.shared.mnc import RENDERERS

backend.renderers |= RENDERERS
