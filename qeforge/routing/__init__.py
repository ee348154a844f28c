"""Who is asked about a target: pure policy over measured features."""
