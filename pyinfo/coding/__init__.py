"""Entropy coding: codes for single symbols, frames of arrays, streams and files."""
