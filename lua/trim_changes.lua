-- trim_changes: forget the entries of one partition's stream that every group has handled and that are old enough.
--
-- Never by length: an entry that was trimmed while somebody had still to handle it would be a lost alert.
--
-- KEYS[1] {n}:changes
-- ARGV[1] entries from this moment on stay in any case (ms)
-- ARGV[2…] groups that must exist: before one of them does, nothing is trimmed; -GROUP reads no more and is not
--   waited for
-- RETURNS how many entries were trimmed
-- CALLED BY pennywren.match.hints

local call = redis.call
if call('EXISTS', KEYS[1]) == 0 then
  return 0
end

-- Ids are MS-SEQ; as text they do not sort.
local function before(a, b)
  local a_ms, a_seq = string.match(a, '^(%d+)-(%d+)$')
  local b_ms, b_seq = string.match(b, '^(%d+)-(%d+)$')
  if a_ms ~= b_ms then
    return tonumber(a_ms) < tonumber(b_ms)
  end
  return tonumber(a_seq) < tonumber(b_seq)
end

local missing, retired = {}, {}
for i = 2, #ARGV do
  if string.sub(ARGV[i], 1, 1) == '-' then
    retired[string.sub(ARGV[i], 2)] = true
  else
    missing[ARGV[i]] = true
  end
end
local floor = ARGV[1] .. '-0'
for _, info in ipairs(call('XINFO', 'GROUPS', KEYS[1])) do
  local group = {}
  for i = 1, #info, 2 do
    group[info[i]] = info[i + 1]
  end
  missing[group['name']] = nil
  local needed = group['last-delivered-id']
  if group['pending'] > 0 then
    needed = call('XPENDING', KEYS[1], group['name'])[2]
  end
  if not retired[group['name']] and before(needed, floor) then
    floor = needed
  end
end
if next(missing) then
  return 0
end
return call('XTRIM', KEYS[1], 'MINID', floor)
