-- limit: spend one of each of some rate limits, or of none and say how long to wait: GCRA, the leaky bucket that
-- keeps one number.
--
-- KEYS[n]  {limit}:PURPOSE:WHO  string: when the bucket will be full again (microseconds); expires then. KEYS[1], …
-- ARGV[1]  interval  microseconds that one use of KEYS[1] costs: an hour through the rate
-- ARGV[2]  burst     uses that may come at once; then both again for KEYS[2], and so on
-- RETURNS  [wait, left, full, left, full, …]: 0 if spent, else the microseconds until all have one free, and nothing
--          is spent then; for each key how many more may come at once, and the microseconds until it is full again
-- CALLED BY pennywren.store.limits
--
-- Time is this server's, so all processes share one clock. There is no `now` to pass in: a test that wants
-- time to pass moves the stored moment back.

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

local wait = 0
local full_at = {}
for i, key in ipairs(KEYS) do
  local interval, most = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i - 1]) * tonumber(ARGV[2 * i])
  -- A moment further ahead than a spent bucket can be comes from a clock that stepped back or from limits that were
  -- set lower: it must not lock anybody out for longer than the limit of today does.
  local stored = tonumber(redis.call('GET', key) or now)
  full_at[i] = math.min(math.max(stored, now), now + most)
  wait = math.max(wait, full_at[i] + interval - most - now)
end

local told = {math.ceil(wait)}
for i, key in ipairs(KEYS) do
  local interval, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  if wait <= 0 then
    full_at[i] = full_at[i] + interval
    redis.call('SET', key, string.format('%.0f', full_at[i]), 'PX', math.ceil((full_at[i] - now) / 1000))
  end
  told[#told + 1] = math.floor(burst - (full_at[i] - now) / interval)
  told[#told + 1] = math.ceil(full_at[i] - now)
end
return told
