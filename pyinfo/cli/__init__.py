"""The command ``pyinfo``."""
