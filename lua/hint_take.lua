-- hint_take: the partition that has waited longest, and keep others away from it for a moment.
--
-- KEYS[1] {ready}:due:MARKET, or that of another lane: firm, urgent, floor
-- ARGV[1] latest score that counts as ready (ms); '' for any  ARGV[2] score to give it until it was worked on (ms)
-- RETURNS the partition and its score, or nothing; where none is ready yet, '' and the first score
-- CALLED BY pennywren.frontier.hints

local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if #first == 0 then
  return {}
end
if ARGV[1] ~= '' and tonumber(first[2]) > tonumber(ARGV[1]) then
  return { '', first[2] }
end
redis.call('ZADD', KEYS[1], ARGV[2], first[1])
return first
