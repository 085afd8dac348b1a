-- migrate:up

-- How somebody wants to be told; who has no row has the defaults.
create table preferences (
    person_id bigint primary key references people (id) on delete cascade,
    locale text not null default 'en',
    time_zone text not null default 'UTC',
    -- Notification types, the most wanted first.
    channels text[] not null default '{}',
    -- Minutes after midnight, on the person's clock; both or none.
    quiet_from smallint check (quiet_from between 0 and 1439),
    quiet_to smallint check (quiet_to between 0 and 1439),
    digest text not null default 'off' check (digest in ('off', 'daily', 'weekly')),
    digest_hour smallint not null default 8 check (digest_hour between 0 and 23),
    -- Monday is 1 (ISO 8601).
    digest_weekday smallint not null default 1 check (digest_weekday between 1 and 7),
    weekly_budget integer check (weekly_budget between 1 and 10000),
    check ((quiet_from is null) = (quiet_to is null))
);

create table phones (
    id bigint generated always as identity primary key,
    person_id bigint not null references people (id) on delete cascade,
    number text not null,
    code_hash bytea,
    code_ends_at timestamptz,
    code_tries smallint not null default 0,
    verified_at timestamptz,
    created_at timestamptz not null default now(),
    unique (person_id, number)
);

-- A browser of a person, and the keys that encrypt what is sent to it.
create table push_subscriptions (
    id bigint generated always as identity primary key,
    person_id bigint not null references people (id) on delete cascade,
    endpoint text not null,
    p256dh text not null,
    auth text not null,
    name text,
    created_at timestamptz not null default now(),
    unique (person_id, endpoint)
);

-- The secrets that sign are derived from the id and the number of the key: none is kept here.
create table webhooks (
    id bigint generated always as identity primary key,
    person_id bigint not null references people (id) on delete cascade,
    url text not null,
    key_number integer not null default 1,
    previous_key_until timestamptz,
    -- Set when the receiver said that it is gone (410).
    ended_at timestamptz,
    created_at timestamptz not null default now(),
    unique (person_id, url)
);

-- Addresses that nothing is sent to, by a hash of channel and address: they outlive accounts.
create table suppressed_addresses (
    address_key text primary key,
    channel text not null check (channel in ('email', 'sms')),
    reason text not null check (reason in ('bounced', 'complained', 'unsubscribed', 'stopped')),
    detail text,
    since timestamptz not null default now()
);

-- What short messages cost a day (UTC), in hundredths: all of them, and each person's.
create table sms_spend (
    day date not null,
    who text not null,
    spent bigint not null,
    primary key (day, who)
);

alter table subscriptions drop constraint subscriptions_notification_type_check;
alter table subscriptions add constraint subscriptions_notification_type_check
    check (notification_type in ('EMAIL', 'SMS', 'PUSH', 'WEBHOOK', 'PREFERRED'));

alter table alerts drop constraint alerts_state_check;
alter table alerts add constraint alerts_state_check
    check (state in ('decided', 'held', 'sending', 'delivered', 'failed', 'dropped'));
-- Why it was held; once it was, it is checked again before it is sent.
alter table alerts add column held_for text check (held_for in ('quietHours', 'digest', 'budget'));
-- Since when it could be sent: a retry is given up so long after this.
alter table alerts add column due_since timestamptz not null default now();
create index alerts_held on alerts (next_attempt_at) where state = 'held';

-- Which of a person's addresses an attempt went to, as a hash.
alter table deliveries add column address_key text not null default '';

-- migrate:down

alter table deliveries drop column address_key;
drop index alerts_held;
alter table alerts drop column due_since;
alter table alerts drop column held_for;
update alerts set state = 'failed' where state in ('held', 'dropped');
alter table alerts drop constraint alerts_state_check;
alter table alerts add constraint alerts_state_check check (state in ('decided', 'sending', 'delivered', 'failed'));
update subscriptions set notification_type = 'EMAIL' where notification_type = 'PREFERRED';
alter table subscriptions drop constraint subscriptions_notification_type_check;
alter table subscriptions add constraint subscriptions_notification_type_check
    check (notification_type in ('EMAIL', 'SMS', 'PUSH', 'WEBHOOK'));
drop table sms_spend;
drop table suppressed_addresses;
drop table webhooks;
drop table push_subscriptions;
drop table phones;
drop table preferences;
