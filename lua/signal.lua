-- signal: an untrusted report makes a product look older than it is, and so due at another time.
--
-- KEYS[1] {n}:product:ID  KEYS[2] {n}:frontier
-- ARGV[1] product  ARGV[2] what was learned when the report was weighed ('' for nothing)  ARGV[3] what to keep instead
-- ARGV[4] when it is due now (a score)
-- RETURNS 1, or 0 where somebody looked in between: then the report has nothing left to say
-- CALLED BY pennywren.frontier.signals

local rate = redis.call('HGET', KEYS[1], 'rate') or ''
if rate ~= ARGV[2] or redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
redis.call('HSET', KEYS[1], 'rate', ARGV[3])
redis.call('ZADD', KEYS[2], 'XX', ARGV[4], ARGV[1])
return 1
