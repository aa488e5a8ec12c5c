"""Other people's automation on a machine with everything installed."""
