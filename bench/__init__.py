"""Benchmarks: every one a ratio between the product and what a good SQL author would write by hand."""
