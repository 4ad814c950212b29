"""Joins the stages: indexing and searching."""
