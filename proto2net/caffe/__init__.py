"""Caffe's files, read and written: the only code that knows protobuf."""
