"""What is pasted into emitted files that use it, a file a family. Never imported.

Keras records the arguments of a layer, by which it saves it, without a get_config if
they are plain values; and its name, if what is left of them is called kwargs.
"""
