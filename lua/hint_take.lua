-- hint_take: the partition that has waited longest in the first lane that has one ready; keeps others away from it
-- for a moment.
--
-- KEYS[1] KEYS[2…] {ready}:LANE:MARKET of all lanes: due, firm, urgent, floor; first those that are asked, in order
-- ARGV[1] latest score that counts as ready (ms); '' for any  ARGV[2] score to give it until it was worked on (ms)
-- ARGV[3] how many lanes are asked
-- RETURNS which lane (from 1), its partition and its score, then what each key says of the partition from now on (''
--   for nothing); where none is ready, nothing, or 0, '' and the first score
-- CALLED BY pennywren.frontier.hints

local soonest
for i = 1, tonumber(ARGV[3]) do
  local first = redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')
  if first[1] and (ARGV[1] == '' or tonumber(first[2]) <= tonumber(ARGV[1])) then
    redis.call('ZADD', KEYS[i], ARGV[2], first[1])
    local reply = { i, first[1], first[2] }
    for _, key in ipairs(KEYS) do
      reply[#reply + 1] = redis.call('ZSCORE', key, first[1]) or ''
    end
    return reply
  end
  if first[1] and (not soonest or tonumber(first[2]) < tonumber(soonest)) then
    soonest = first[2]
  end
end
return soonest and { 0, '', soonest } or {}
