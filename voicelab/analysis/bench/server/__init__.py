"""`voicelab bench server`: measure the server's guarantees from outside, one file per guarantee."""
