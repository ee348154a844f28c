"""Adapters that local models learn on this machine: what from, how, and whether they are any good."""
