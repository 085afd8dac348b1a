-- migrate:up

-- A name for a session that is no secret, so that its owner can end it from elsewhere.
alter table sessions add column id bigint generated always as identity unique;

-- The language of the pages; null: as the browser asks.
alter table preferences add column language text check (language in ('en', 'de'));

-- migrate:down

alter table preferences drop column language;
alter table sessions drop column id;
