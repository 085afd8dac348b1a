-- hint_put: after a claim, where the rest of a marketplace begins in one partition, lane by lane.
--
-- A hint that is no longer what it was when the partition was taken is never made later, nor removed: whoever changed
-- it may know of a product that came after the claim.
--
-- KEYS[1] KEYS[2…] {ready}:LANE:MARKET of the lanes: due, firm, urgent, floor
-- ARGV[1] partition  ARGV[2…] for each lane the score (ms), '' where nothing is left, and what hint_take returned of it
-- RETURNS 1
-- CALLED BY pennywren.frontier.hints

for i, key in ipairs(KEYS) do
  local score, taken = ARGV[2 * i], ARGV[2 * i + 1]
  local is_as_taken = (redis.call('ZSCORE', key, ARGV[1]) or '') == taken
  if score == '' then
    if is_as_taken then
      redis.call('ZREM', key, ARGV[1])
    end
  elseif is_as_taken then
    redis.call('ZADD', key, score, ARGV[1])
  else
    redis.call('ZADD', key, 'LT', score, ARGV[1])
  end
end
return 1
