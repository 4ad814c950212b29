"""From frame hits to segments: streams, end refinement, scores."""
