-- migrate:up

alter table alerts drop constraint alerts_held_for_check;
alter table alerts add constraint alerts_held_for_check
    check (held_for in ('quietHours', 'digest', 'budget', 'snoozed'));

-- migrate:down

update alerts set held_for = 'quietHours' where held_for = 'snoozed';
alter table alerts drop constraint alerts_held_for_check;
alter table alerts add constraint alerts_held_for_check check (held_for in ('quietHours', 'digest', 'budget'));
