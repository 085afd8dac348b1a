-- hint_put: after a claim, where the rest of a marketplace begins in one partition, lane by lane.
--
-- KEYS[1] KEYS[2…] {ready}:LANE:MARKET of the lanes: due, firm, urgent, floor
-- ARGV[1] partition  ARGV[2…] for each lane the score (ms), '' where nothing is left
-- RETURNS 1
-- CALLED BY pennywren.frontier.hints

for i, key in ipairs(KEYS) do
  if ARGV[1 + i] == '' then
    redis.call('ZREM', key, ARGV[1])
  else
    redis.call('ZADD', key, ARGV[1 + i], ARGV[1])
  end
end
return 1
