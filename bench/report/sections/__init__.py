"""The parts of the report: each takes an `Effort` and returns a `Section` of rows."""
