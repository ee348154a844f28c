create table example (
  id integer primary key,
  at real not null,           -- seconds since 1970, UTC
  project text not null,
  target text not null,
  model text not null,
  system text not null,
  ask text not null,
  prefill text not null,
  accepted text not null,     -- empty: nothing in the answer was good
  kept integer not null,      -- candidates in it
  rejected text not null      -- JSON: a list of texts
) strict;
create index example_project on example (project, at);
