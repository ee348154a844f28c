-- Patterns have two more kinds, which whoever knows only calls and values cannot read.
create index pattern_kind on pattern (kind)
