"""`voicelab bench server`: what the server promises, measured from outside; a file for each promise."""
