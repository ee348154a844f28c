"""The side-by-side benchmark: environments, tools, measuring, records, tables, plots."""
