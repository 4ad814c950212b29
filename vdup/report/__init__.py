"""Matches as table, CSV and JSON."""
