"""Frame features in files: our own form, and those in which benchmarks publish theirs."""
