"""Benchmarks: a data set, a matcher, the measure that belongs to it, and the figures published under it."""
