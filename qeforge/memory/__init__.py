"""What outlives a run: the store in the user data folder."""
