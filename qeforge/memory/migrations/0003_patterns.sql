create table project (
  id integer primary key,
  root text not null unique,  -- its folder
  name text not null,
  at real not null            -- seconds since 1970, UTC, of the last run
) strict;
create table shape (
  id integer primary key autoincrement,  -- also the key in the vector index: never given again
  words text not null unique  -- what an embedder reads
) strict;
create table vector (
  shape integer not null references shape on delete cascade,
  embedder text not null,
  numbers blob not null,      -- float32, little-endian
  primary key (shape, embedder)
) strict;
create table target (
  id integer primary key,
  project integer not null references project on delete cascade,
  name text not null,         -- module:qualname
  path text not null,         -- of its file, below the project
  digest text not null,       -- of its code when it was last learned from
  confined integer not null,  -- 1: for this target alone
  at real not null,
  unique (project, name)
) strict;
create table pattern (
  id integer primary key,
  digest text not null unique,
  target integer not null references target on delete cascade,
  shape integer not null references shape,
  kind text not null,
  act text not null,
  arrange text not null,      -- JSON: a list of texts, as the next three
  imports text not null,
  fixtures text not null,
  roles text not null,
  uses real not null,
  wins real not null,
  gain real not null,
  quality real not null,
  at real not null
) strict;
create index pattern_target on pattern (target);
create index pattern_shape on pattern (shape, quality);
create table outcome (
  id integer primary key,
  pattern integer not null references pattern on delete cascade,
  at real not null,
  target text not null,
  goals integer not null,
  kept integer not null
) strict;
create index outcome_pattern on outcome (pattern)
