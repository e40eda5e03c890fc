"""How the recordings of voice_samples.json are made. Not needed to use them."""
