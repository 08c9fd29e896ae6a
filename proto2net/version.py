"""The version of proto2net, which emitted files name."""

VERSION = "0.1.0"
