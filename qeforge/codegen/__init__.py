"""Suite to pytest text, and back for merging."""
