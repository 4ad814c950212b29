"""Ground truth and metrics."""
