-- give_back: a crawl ended without a price to record; say when the product is due again.
--
-- WITH cold
-- KEYS[1] {n}:frontier  KEYS[2] {n}:leases  KEYS[3] {n}:testserver  KEYS[4] {n}:cold  KEYS[5] {n}:places
-- ARGV[1] now (ms): '' for Redis TIME; honoured only where KEYS[3] exists
-- ARGV[2] product  ARGV[3] end of the lease (ms): the fencing token  ARGV[4] when it is due again (a score)
-- RETURNS 1, or 0 where the lease has ended: then the product is somebody else's and nothing is done
-- CALLED BY pennywren.frontier.finishing

local call = redis.call
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[1] ~= '' and call('EXISTS', KEYS[3]) == 1 then
  now = tonumber(ARGV[1])
end
local lease = tonumber(call('ZSCORE', KEYS[2], ARGV[2]) or 0)
if lease ~= tonumber(ARGV[3]) or lease <= now then
  return 0
end
call('ZREM', KEYS[2], ARGV[2])
local tier = cold_tier(KEYS[4], KEYS[5])
if not tier.move(tier.open(ARGV[2]), tonumber(ARGV[4])) then
  call('ZADD', KEYS[1], ARGV[4], ARGV[2])
end
return 1
