-- migrate:up

-- Until when each key before the present one signs, the newest first: two rotations within a day end none of them early.
-- The column that it follows stays until no release reads it: the one before this serves while this runs.
alter table webhooks add column earlier_keys_until timestamptz[] not null default '{}';
update webhooks set earlier_keys_until = array[previous_key_until] where previous_key_until is not null;

-- migrate:down

update webhooks set previous_key_until = earlier_keys_until[1];
alter table webhooks drop column earlier_keys_until;
