"""Reports to tables and JSON."""
