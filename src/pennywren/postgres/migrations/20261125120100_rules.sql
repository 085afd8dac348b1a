-- migrate:up

-- A price threshold is one kind of rule now: what was there is of the kind that the defaults say.
-- `rule` is its JSON where it is more than a threshold; `watch_set` and `place` are where it sits in the watch index:
-- at the threshold in minor units where it has one, at its measure (days, least move, ...) where not.
alter table subscriptions
    alter column threshold drop not null,
    add column kind text not null default 'priceAtOrBelow',
    add column rule jsonb,
    add column watch_set text not null default 'watch'
        check (watch_set in ('watch', 'rise', 'lows', 'stock', 'moves')),
    add column measure bigint,
    add column base_price bigint,
    -- Seconds between two alerts; null: as the installation says.
    add column rearm_after integer check (rearm_after between 0 and 31536000),
    add column once boolean not null default false,
    add column expires_at timestamptz,
    add column notice_at timestamptz,
    add column snoozed_until timestamptz,
    -- When a job looks at it again: to move it with its base, to end it, to tell what happened while it was snoozed.
    add column look_again_at timestamptz;
alter table subscriptions add column place bigint generated always as (coalesce(threshold, measure)) stored;
alter table subscriptions drop constraint subscriptions_state_check;
alter table subscriptions add constraint subscriptions_state_check
    check (state in ('active', 'paused', 'ended', 'expired'));
alter table subscriptions drop constraint subscriptions_person_id_product_id_offer_notification_type_key;
alter table subscriptions add constraint subscriptions_one_of_a_kind
    unique (person_id, product_id, offer, notification_type, kind);
create index subscriptions_look_again_at on subscriptions (look_again_at) where look_again_at is not null;

-- Out of stock is news too. What the change said is kept: it is told, and explained, later.
alter table alerts
    alter column new_price drop not null,
    add column about text not null default 'change' check (about in ('change', 'created', 'expiry')),
    -- What its rule was counted from then: that may have moved with this very alert.
    add column base_price bigint,
    add column new_low boolean not null default false,
    add column lowest_for_days integer not null default 0,
    add column sending_at timestamptz;

-- migrate:down

delete from alerts where new_price is null or about = 'expiry';
alter table alerts
    drop column sending_at, drop column base_price, drop column lowest_for_days, drop column new_low, drop column about,
    alter column new_price set not null;
delete from subscriptions where kind <> 'priceAtOrBelow' or state in ('ended', 'expired');
drop index subscriptions_look_again_at;
alter table subscriptions drop constraint subscriptions_one_of_a_kind;
alter table subscriptions add unique (person_id, product_id, offer, notification_type);
alter table subscriptions drop constraint subscriptions_state_check;
alter table subscriptions add constraint subscriptions_state_check check (state in ('active', 'paused'));
alter table subscriptions
    drop column look_again_at, drop column snoozed_until, drop column notice_at, drop column expires_at,
    drop column once, drop column rearm_after, drop column base_price, drop column place, drop column measure,
    drop column watch_set, drop column rule, drop column kind,
    alter column threshold set not null;
