"""What is pasted into emitted files that use it, a file a family. Never imported."""
