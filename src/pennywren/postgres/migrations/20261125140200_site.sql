-- migrate:up

-- A watch that somebody asked for with nothing but an address, until the link in the mail confirms it.
create table pending_watches (
    token_hash bytea primary key,
    email citext not null,
    product_id text not null,
    threshold bigint not null check (threshold between 1 and 10000000000),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create index pending_watches_expires_at on pending_watches (expires_at);

-- migrate:down

drop table pending_watches;
