"""NumPy renderers of proto2net/layers/mscnn.py."""

from proto2net.backends.numpy.backend import backend
from proto2net.backends.shared.mscnn import RENDERERS

backend.renderers |= RENDERERS
