-- migrate:up

create extension if not exists citext;

create table people (
    id bigint generated always as identity primary key,
    email citext not null unique,
    plan text not null default 'free' check (plan in ('free', 'plus')),
    language text not null default 'en',
    created_at timestamptz not null default now()
);

-- A link is kept by the hash of its token; it names an address, which may not belong to anybody yet.
create table sign_in_links (
    token_hash bytea primary key,
    email citext not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz
);
create index sign_in_links_expires_at on sign_in_links (expires_at);

create table sessions (
    token_hash bytea primary key,
    person_id bigint not null references people (id) on delete cascade,
    kind text not null check (kind in ('cookie', 'bearer')),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create index sessions_person_id on sessions (person_id);

-- Made once, by the first process that needs one: keys of signed links.
create table secrets (
    name text primary key,
    value bytea not null
);

-- migrate:down

drop table secrets;
drop table sessions;
drop table sign_in_links;
drop table people;
