"""A whole typed line, seen by the shell before anything of it runs: read, judged, asked about once."""
