"""Turn-taking figures of a conversation's timeline, by the definitions of τ-voice (tau2-bench)."""
