"""Codecs for other packages, which find them by entry point: nothing here is imported by pyinfo."""
