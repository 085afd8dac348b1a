-- migrate:up

-- A row that is written anew on its own page needs no index written anew: telling a million people writes half as much
-- log. An alert is soon written again, and with a crowd all of its page are, so half a page is left; a watch rarely is.
alter table alerts set (fillfactor = 50);
alter table subscriptions set (fillfactor = 80);

-- migrate:down

alter table subscriptions reset (fillfactor);
alter table alerts reset (fillfactor);
