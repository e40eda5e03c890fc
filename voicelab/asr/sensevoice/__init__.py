"""SenseVoice through funasr, with its own voice activity detector."""
