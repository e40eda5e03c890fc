"""The shipped maps, and the JSON schema of maps."""
