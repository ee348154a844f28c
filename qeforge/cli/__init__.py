"""The command line: parses, builds, prints, picks the exit code."""
