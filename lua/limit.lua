-- limit: spend one of a rate limit, or say how long to wait: GCRA, the leaky bucket that keeps one number.
--
-- KEYS[1]  {limit}:PURPOSE:WHO  string: when the bucket will be full again (microseconds); expires then
-- ARGV[1]  interval  microseconds that one use costs: an hour through the rate
-- ARGV[2]  burst     uses that may come at once
-- RETURNS  0 if spent, else the microseconds until one is free; nothing is spent then
-- CALLED BY pennywren.store.limits
--
-- Time is this server's, so all processes share one clock. There is no `now` to pass in: a test that wants
-- time to pass moves the stored moment back.

local interval = tonumber(ARGV[1])
local most = interval * tonumber(ARGV[2])

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

-- A moment further ahead than a spent bucket can be comes from a clock that stepped back or from limits that were
-- set lower: it must not lock anybody out for longer than the limit of today does.
local full_at = tonumber(redis.call('GET', KEYS[1]) or now)
full_at = math.min(math.max(full_at, now), now + most)

local free_at = full_at + interval - most
if free_at > now then
  return math.ceil(free_at - now)
end

full_at = full_at + interval
redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000))
return 0
