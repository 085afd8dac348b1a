-- waiting_changes: does one partition's stream hold anything that a group has not handled; only reads.
--
-- KEYS[1] {n}:changes
-- ARGV[1] group
-- RETURNS 1 or 0
-- CALLED BY pennywren.match.hints

local call = redis.call
if call('EXISTS', KEYS[1]) == 0 then
  return 0
end
local delivered = '0-0' -- a group that does not exist yet will begin with the first entry
for _, info in ipairs(call('XINFO', 'GROUPS', KEYS[1])) do
  local group = {}
  for i = 1, #info, 2 do
    group[info[i]] = info[i + 1]
  end
  if group['name'] == ARGV[1] then
    if group['pending'] > 0 then
      return 1
    end
    delivered = group['last-delivered-id']
  end
end
-- Ask for an entry and do not compare numbers: lag is unknown at times, and the last id may have been deleted.
return #call('XRANGE', KEYS[1], '(' .. delivered, '+', 'COUNT', 1)
