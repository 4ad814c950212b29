"""Programs that show vdup at work."""
