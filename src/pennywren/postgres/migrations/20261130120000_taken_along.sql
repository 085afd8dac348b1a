-- migrate:up

-- Whether the alert is one of so many that they are decided in pages: those are sent after all others.
alter table alerts add column to_crowd boolean not null default false;
-- What any delivery job may take along.
create index alerts_waiting on alerts (to_crowd, id) where state = 'decided' and next_attempt_at is null;

-- migrate:down

drop index alerts_waiting;
alter table alerts drop column to_crowd;
