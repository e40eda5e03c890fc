"""What serves an engine beside the event loop, in a thread of this process or in a process of its own."""
