"""The native proposer: search over values, objects and call sequences, with no model."""
