"""Compile caffe.proto to the descriptor that the package ships (needs grpcio-tools)."""

import sys
from pathlib import Path

from google.protobuf import descriptor_pb2
from grpc_tools import protoc

HERE = Path(__file__).parent
DESCRIPTOR = HERE.parent / "proto2net" / "caffe" / "caffe.desc"


def compile_schema(out: Path) -> None:
    """Write the serialized FileDescriptorProto of caffe.proto to `out`."""
    descriptor_set = out.with_suffix(".set")
    arguments = ["protoc", f"-I{HERE}", f"--descriptor_set_out={descriptor_set}", "caffe.proto"]
    if protoc.main(arguments) != 0:
        sys.exit("protoc refused caffe.proto")
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptor_set.read_bytes()).file
    descriptor_set.unlink()
    out.write_bytes(files[0].SerializeToString(deterministic=True))


if __name__ == "__main__":
    compile_schema(DESCRIPTOR)
