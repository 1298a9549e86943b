"""What connects pyinfo with other packages: nothing here is imported by pyinfo itself."""
