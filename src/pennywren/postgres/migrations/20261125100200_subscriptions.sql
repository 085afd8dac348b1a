-- migrate:up

create table subscriptions (
    id bigint generated always as identity primary key,
    person_id bigint not null references people (id) on delete cascade,
    product_id text not null references products (id),
    offer text not null check (offer in ('buybox', 'amazon', 'new', 'used')),
    threshold bigint not null check (threshold between 1 and 10000000000),
    currency text not null,
    notification_type text not null check (notification_type in ('EMAIL', 'SMS', 'PUSH', 'WEBHOOK')),
    state text not null default 'active' check (state in ('active', 'paused')),
    created_at timestamptz not null default now(),
    -- Changes that were seen before this moment pass the watch by.
    armed_at timestamptz not null default now(),
    last_alert_at timestamptz,
    last_alert_price bigint,
    unique (person_id, product_id, offer, notification_type)
);
create index subscriptions_product on subscriptions (product_id, offer, id);

-- One decision to tell one subscription about one change.
create table alerts (
    id bigint generated always as identity primary key,
    subscription_id bigint not null references subscriptions (id) on delete cascade,
    change_id text not null,
    product_id text not null,
    offer text not null,
    old_price bigint,
    new_price bigint not null,
    currency text not null,
    seen_at timestamptz not null,
    decided_at timestamptz not null default now(),
    queued_at timestamptz,
    state text not null default 'decided' check (state in ('decided', 'sending', 'delivered', 'failed')),
    sending_until timestamptz,
    attempts integer not null default 0,
    next_attempt_at timestamptz,
    unique (subscription_id, change_id)
);
create index alerts_decided_at on alerts (decided_at);
create index alerts_open on alerts (decided_at) where state in ('decided', 'sending');

-- One attempt to deliver one alert over one channel.
create table deliveries (
    id bigint generated always as identity primary key,
    alert_id bigint not null references alerts (id) on delete cascade,
    channel text not null,
    attempted_at timestamptz not null default now(),
    outcome text not null check (outcome in ('delivered', 'retry', 'failed')),
    message_id text not null,
    reason text
);
create index deliveries_alert_id on deliveries (alert_id);

-- A change with more watches than one step should handle, worked off in pages.
create table fan_outs (
    change_id text primary key,
    change jsonb not null,
    cursor bigint not null default 0,
    created_at timestamptz not null default now(),
    done_at timestamptz
);
create index fan_outs_open on fan_outs (created_at) where done_at is null;

-- migrate:down

drop table fan_outs;
drop table deliveries;
drop table alerts;
drop table subscriptions;
