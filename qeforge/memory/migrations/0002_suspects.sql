create table suspect (
  id integer primary key,
  at real not null,           -- seconds since 1970, UTC
  path text not null,         -- of the module
  module text not null,
  target text not null,
  digest text not null,       -- of what it is about
  act text not null,
  arrange text not null,      -- JSON: a list of texts, as the next two
  imports text not null,
  fixtures text not null,
  expected text not null,
  raises integer not null,    -- 1: `expected` is an exception
  source text not null,
  observed text not null
) strict;
create index suspect_path on suspect (path);
