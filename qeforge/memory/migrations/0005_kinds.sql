-- Patterns have two more kinds, which whoever knows only calls and values cannot read. No table changes.
select 1
