"""The judge: runs candidates in a sandbox on the target's interpreter."""
