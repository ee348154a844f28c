"""Models that propose: one seam, a leaf for each kind, and what is asked of them."""
