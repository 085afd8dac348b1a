-- migrate:up

-- Why a subscription that a change matched was not told about it, or what became of the alert after it was decided.
create table decisions (
    subscription_id bigint not null references subscriptions (id) on delete cascade,
    change_id text not null,
    reason text not null,
    decided_at timestamptz not null,
    primary key (subscription_id, change_id, reason)
);
create index decisions_decided_at on decisions (decided_at);

-- migrate:down

drop table decisions;
