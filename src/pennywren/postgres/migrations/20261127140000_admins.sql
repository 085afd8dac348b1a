-- migrate:up

-- Who sees and does what only those who run the installation may.
create table admins (
    person_id bigint primary key references people (id) on delete cascade,
    granted_at timestamptz not null default now()
);

-- What was changed about people by those who may: who, whom, why. People are numbers here; there is no way to change a row.
create table admin_log (
    id bigint generated always as identity primary key,
    done_at timestamptz not null default now(),
    who text not null,
    action text not null check (action in ('grant', 'revoke', 'plan')),
    subject text not null,
    because text not null,
    effect text not null
);

-- migrate:down

drop table admin_log;
drop table admins;
