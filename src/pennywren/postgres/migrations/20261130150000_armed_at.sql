-- migrate:up

-- Watches that were set a moment ago are put into the index once more (`pipeline.watch_rebuild`).
create index subscriptions_armed_at on subscriptions (armed_at);

-- migrate:down

drop index subscriptions_armed_at;
