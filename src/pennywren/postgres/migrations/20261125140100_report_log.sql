-- migrate:up

-- Reports that said something else than what was believed, for as long as they may be asked about. Who spoke is an
-- HMAC under the key of the day: without the key nothing links two days, or a report to an install.
create table report_keys (
    day date primary key,
    key bytea not null
);

create table report_log (
    id bigint generated always as identity primary key,
    heard_at timestamptz not null,
    product_id text not null,
    offer text not null,
    price bigint,
    currency text not null,
    reporter_mac bytea not null,
    verdict text not null,
    reason text not null
);
create index report_log_product on report_log (product_id, heard_at);
create index report_log_heard_at on report_log (heard_at);
create index report_log_reporter on report_log (reporter_mac);

-- migrate:down

drop table report_log;
drop table report_keys;
