"""Looking at the node as it is now: every value comes back as Known with its source, or Unknown with the reason."""
