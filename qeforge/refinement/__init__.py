"""The loop that ties proposers to the judge."""
