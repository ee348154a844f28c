"""The words of qeforge. Frozen values; nothing here does anything."""
