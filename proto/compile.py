"""Compile the .proto files to the descriptors that the package ships (needs grpcio-tools)."""

import sys
from pathlib import Path

from google.protobuf import descriptor_pb2
from grpc_tools import protoc

HERE = Path(__file__).parent
PACKAGE = HERE.parent / "proto2net"
DESCRIPTORS = {
    "caffe.proto": PACKAGE / "caffe" / "caffe.desc",
    "onnx.proto": PACKAGE / "backends" / "onnx" / "onnx.desc",
}


def compile_schema(schema: str, out: Path) -> None:
    """Write the serialized FileDescriptorProto of a schema of this folder to `out`."""
    descriptor_set = out.with_suffix(".set")
    arguments = ["protoc", f"-I{HERE}", f"--descriptor_set_out={descriptor_set}", schema]
    if protoc.main(arguments) != 0:
        sys.exit(f"protoc refused {schema}")
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptor_set.read_bytes()).file
    descriptor_set.unlink()
    out.write_bytes(files[0].SerializeToString(deterministic=True))


if __name__ == "__main__":
    for schema, out in DESCRIPTORS.items():
        compile_schema(schema, out)
