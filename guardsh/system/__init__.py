"""The doors to the world: files, processes, databases, terminals, the clock. Each imports its library when opened."""
