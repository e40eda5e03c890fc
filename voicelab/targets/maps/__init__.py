"""The maps that voicelab brings, and the JSON schema of a map."""
