-- migrate:up

-- What a person's own programs show instead of a session: it may do what its scopes say, and nothing else.
create table access_tokens (
    id bigint generated always as identity primary key,
    person_id bigint not null references people (id) on delete cascade,
    token_hash bytea not null unique,
    name text not null check (length(name) between 1 and 100),
    scopes text[] not null check (cardinality(scopes) > 0),
    created_at timestamptz not null,
    last_used_at timestamptz,
    expires_at timestamptz
);
create index access_tokens_person_id on access_tokens (person_id);

-- migrate:down

drop table access_tokens;
