-- door: may a batch of reports come in: both of its rate limits are spent, or none; a batch that came before is known.
--
-- GCRA as in limit, for several at once. A batch with an Idempotency-Key is marked as under way here; the answer that
-- is kept later takes the place of the mark.
--
-- KEYS[1]  {limit}:reports:INSTALL  KEYS[2]  {limit}:reports-network:NETWORK  strings: when the bucket will be full
--   again (microseconds); expire then
-- KEYS[3]  {limit}:answer:INSTALL:KEY  string, only where a key was given: the hash of the body, then the answer
-- ARGV[1]  how many reports  ARGV[2] ARGV[3]  of KEYS[1]: microseconds that one costs, and how many may come at once
-- ARGV[4] ARGV[5]  of KEYS[2], likewise  ARGV[6]  the hash of the body  ARGV[7]  how long it may be under way (ms)
-- RETURNS  0 if it may come in, else the microseconds to wait; or what stands in KEYS[3]: then nothing was spent
-- CALLED BY pennywren.trust.door

if KEYS[3] then
  local known = redis.call('GET', KEYS[3])
  if known then
    return known
  end
end

local count = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local full, wait = {}, 0
for i = 1, 2 do
  local interval = tonumber(ARGV[2 * i])
  local most = interval * tonumber(ARGV[2 * i + 1])
  local full_at = tonumber(redis.call('GET', KEYS[i]) or now)
  full_at = math.min(math.max(full_at, now), now + most) + interval * count
  full[i] = full_at
  wait = math.max(wait, full_at - most - now)
end
if wait > 0 then
  return math.ceil(wait)
end
for i = 1, 2 do
  redis.call('SET', KEYS[i], string.format('%.0f', full[i]), 'PX', math.ceil((full[i] - now) / 1000))
end
if KEYS[3] then
  redis.call('SET', KEYS[3], ARGV[6], 'PX', ARGV[7])
end
return 0
