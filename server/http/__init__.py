"""HTTP routes, one file per group, and the limits on request bodies."""
