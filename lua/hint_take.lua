-- hint_take: the partition that has waited longest in the first lane that has one ready; keeps others away from it
-- for a moment.
--
-- KEYS[1] KEYS[2…] {ready}:LANE:MARKET of some lanes, in the order in which they are asked: due, firm, urgent, floor
-- ARGV[1] latest score that counts as ready (ms); '' for any  ARGV[2] score to give it until it was worked on (ms)
-- RETURNS which lane (from 1), its partition and its score; where none is ready, nothing, or 0, '' and the first score
-- CALLED BY pennywren.frontier.hints

local soonest
for i, key in ipairs(KEYS) do
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  if first[1] and (ARGV[1] == '' or tonumber(first[2]) <= tonumber(ARGV[1])) then
    redis.call('ZADD', key, ARGV[2], first[1])
    return { i, first[1], first[2] }
  end
  if first[1] and (not soonest or tonumber(first[2]) < tonumber(soonest)) then
    soonest = first[2]
  end
end
return soonest and { 0, '', soonest } or {}
