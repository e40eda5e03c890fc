"""voicelab: a workbench for measuring voice agents."""
