"""`python -m proto2net` is the command `proto2net`."""

from proto2net.cli import main

main()
