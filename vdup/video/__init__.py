"""Reading videos: files to frames with their presentation times."""
