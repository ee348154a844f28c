-- The grammar (GBNF) that an answer was held to, empty for none.
alter table example add column grammar text not null default ''
