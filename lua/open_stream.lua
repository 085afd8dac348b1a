-- open_stream: count a stream that stays open, or refuse it where as many are open already.
--
-- KEYS[1]  {limit}:streams:NETWORK  sorted set: the streams that are open; score: until when each counts (ms)
-- ARGV[1]  stream  which one: a stream that is counted already stays so, and counts for longer
-- ARGV[2]  most    how many may be open
-- ARGV[3]  lasts   milliseconds that it counts unless it is told again: a process that was killed closes nothing
-- RETURNS  1 if it counts, 0 if as many are open already
-- CALLED BY pennywren.store.streams

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local known = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not known and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
  return 0
end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
