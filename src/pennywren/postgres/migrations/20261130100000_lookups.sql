-- migrate:up

-- Who leaves takes along what an address waits for; these tables hold a day of links at most.
create index sign_in_links_email on sign_in_links (email);
create index pending_watches_email on pending_watches (email);
create index pairings_email on pairings (email) where email is not null;
-- Work that is done is forgotten some days later.
create index fan_outs_done_at on fan_outs (done_at) where done_at is not null;

-- migrate:down

drop index fan_outs_done_at;
drop index pairings_email;
drop index pending_watches_email;
drop index sign_in_links_email;
