-- migrate:up

-- A browser that wants to act for somebody, until they confirm it by the link in a mail or by its code.
create table pairings (
    token_hash bytea primary key,
    code text not null unique,
    email citext,
    link_hash bytea unique,
    product_id text,
    threshold bigint check (threshold between 1 and 10000000000),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    check ((email is null) = (link_hash is null)),
    check ((product_id is null) = (threshold is null))
);
create index pairings_expires_at on pairings (expires_at);

-- migrate:down

drop table pairings;
