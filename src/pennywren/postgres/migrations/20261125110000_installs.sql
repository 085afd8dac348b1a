-- migrate:up

-- Installs of the extension. Who has one is not known, unless somebody pairs it with an account.
create table installs (
    -- The beginning of the token's hash, in hexadecimal: also the reporter's name.
    id text primary key check (id ~ '^[0-9a-f]{16}$'),
    token_hash bytea not null unique,
    -- The network and the day of its birth, as HMAC under a key that is gone two days later.
    family text not null,
    created_at timestamptz not null,
    revoked_at timestamptz,
    person_id bigint references people (id) on delete set null
);
create index on installs (person_id) where person_id is not null;

-- migrate:down

drop table installs;
