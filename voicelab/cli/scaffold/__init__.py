"""New packages for components of one's own: `voicelab new`."""
