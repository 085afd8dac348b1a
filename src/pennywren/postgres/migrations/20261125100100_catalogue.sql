-- migrate:up

-- Eventually consistent: what people read and search by; the prices are in Redis.
create table products (
    id text primary key,
    title text,
    image text,
    first_seen timestamptz not null default now(),
    last_seen timestamptz,
    retired_at timestamptz,
    learned_rate real
);

-- migrate:down

drop table products;
