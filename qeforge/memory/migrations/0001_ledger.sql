create table call (
  id integer primary key,
  at real not null,           -- seconds since 1970, UTC
  project text not null,
  module text not null,
  target text not null,
  engine text not null,
  provider text not null,
  model text not null,
  input integer not null,     -- tokens
  output integer not null,
  cached integer not null,
  written integer not null,
  seconds real not null,
  usd real,                   -- null: no price is known
  outcome text not null,
  features text not null,     -- JSON, or empty
  confidence real,
  candidates integer not null default 0,
  valid integer not null default 0,
  goals integer not null default 0,
  mutants integer not null default 0
) strict;
create index call_at on call (at);
