"""What connects pyinfo with other packages: a module for each, which needs that package."""
