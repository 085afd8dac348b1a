-- migrate:up

-- The feed of a person's alerts. Its address is the row's id, signed: another row is another address.
create table feeds (
    id bigint generated always as identity primary key,
    person_id bigint not null unique references people (id) on delete cascade,
    created_at timestamptz not null default now()
);

-- migrate:down

drop table feeds;
