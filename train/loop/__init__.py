"""Training as it goes: epochs, validation, checkpoints, logs, and what makes runs repeatable."""
