-- migrate:up

-- What belongs to a person is keyed so that it shards by person, as Citus would: each key of these tables has person_id,
-- and so has each reference from one of them to another. `id` comes first, because much is looked for by it alone.
alter table alerts add column person_id bigint;
alter table decisions add column person_id bigint;
alter table deliveries add column person_id bigint;
update alerts set person_id = s.person_id from subscriptions s where s.id = subscription_id;
update decisions set person_id = s.person_id from subscriptions s where s.id = subscription_id;
update deliveries set person_id = a.person_id from alerts a where a.id = alert_id;

alter table deliveries drop constraint deliveries_alert_id_fkey;
alter table decisions drop constraint decisions_subscription_id_fkey;
alter table alerts drop constraint alerts_subscription_id_fkey;

alter table subscriptions drop constraint subscriptions_pkey, add primary key (id, person_id);

alter table alerts
    drop constraint alerts_pkey,
    drop constraint alerts_subscription_id_change_id_key,
    add primary key (id, person_id),
    add constraint alerts_once_a_change unique (subscription_id, change_id, person_id),
    add foreign key (subscription_id, person_id) references subscriptions (id, person_id) on delete cascade;

alter table decisions
    drop constraint decisions_pkey,
    add primary key (subscription_id, change_id, reason, person_id),
    add foreign key (subscription_id, person_id) references subscriptions (id, person_id) on delete cascade;

alter table deliveries
    drop constraint deliveries_pkey,
    add primary key (id, person_id),
    add foreign key (alert_id, person_id) references alerts (id, person_id) on delete cascade;

alter table phones drop constraint phones_pkey, add primary key (id, person_id);
alter table push_subscriptions drop constraint push_subscriptions_pkey, add primary key (id, person_id);
alter table webhooks drop constraint webhooks_pkey, add primary key (id, person_id);
alter table feeds drop constraint feeds_pkey, add primary key (id, person_id);

-- migrate:down

alter table deliveries drop constraint deliveries_alert_id_person_id_fkey;
alter table decisions drop constraint decisions_subscription_id_person_id_fkey;
alter table alerts drop constraint alerts_subscription_id_person_id_fkey;

alter table feeds drop constraint feeds_pkey, add primary key (id);
alter table webhooks drop constraint webhooks_pkey, add primary key (id);
alter table push_subscriptions drop constraint push_subscriptions_pkey, add primary key (id);
alter table phones drop constraint phones_pkey, add primary key (id);
alter table subscriptions drop constraint subscriptions_pkey, add primary key (id);

alter table alerts
    drop constraint alerts_pkey,
    drop constraint alerts_once_a_change,
    add primary key (id),
    add unique (subscription_id, change_id),
    add foreign key (subscription_id) references subscriptions (id) on delete cascade;

alter table decisions
    drop constraint decisions_pkey,
    add primary key (subscription_id, change_id, reason),
    add foreign key (subscription_id) references subscriptions (id) on delete cascade;

alter table deliveries
    drop constraint deliveries_pkey,
    add primary key (id),
    add foreign key (alert_id) references alerts (id) on delete cascade;

alter table deliveries drop column person_id;
alter table decisions drop column person_id;
alter table alerts drop column person_id;
