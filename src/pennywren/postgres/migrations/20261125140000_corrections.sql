-- migrate:up

-- A recorded price that was found false and taken out of the history.
create table withdrawals (
    id bigint generated always as identity primary key,
    product_id text not null,
    offer text not null,
    -- The sample: from when to when it was believed.
    seen_at timestamptz not null,
    until timestamptz,
    price bigint not null,
    currency text not null,
    because text not null,
    withdrawn_at timestamptz not null,
    unique (product_id, offer, seen_at, price)
);
create index withdrawals_withdrawn_at on withdrawals (withdrawn_at);

-- A correction is an alert about a withdrawal: it goes the way of alerts, and is decided once like them.
alter table alerts add column withdrawal_id bigint references withdrawals (id) on delete cascade;
create index alerts_withdrawal on alerts (withdrawal_id) where withdrawal_id is not null;
alter table alerts drop constraint alerts_about_check;
alter table alerts add constraint alerts_about_check
    check (about in ('change', 'created', 'expiry', 'correction'));

-- What operators changed about trust: who, why, and what it did.
create table trust_log (
    id bigint generated always as identity primary key,
    done_at timestamptz not null default now(),
    who text not null,
    action text not null,
    subject text not null,
    because text not null,
    effect text not null
);

-- migrate:down

drop table trust_log;
delete from alerts where about = 'correction';
alter table alerts drop constraint alerts_about_check;
alter table alerts add constraint alerts_about_check check (about in ('change', 'created', 'expiry'));
alter table alerts drop column withdrawal_id;
drop table withdrawals;
