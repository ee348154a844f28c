"""Source in, facts out."""
