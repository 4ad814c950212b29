"""Temporal models: the Temporal Match Kernel."""
