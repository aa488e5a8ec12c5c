"""Bad days, on real disks and processes."""
