-- egress_take: may this egress send a request to this host now? If so, the caller holds the only token.
--
-- At most one request is under way, and the next one leaves a pause after the answer of the one before: so
-- the shop never sees two in less than a second, however long they travel. There is no setting that is faster.
--
-- KEYS[1] {egress:NAME}:HOST
-- ARGV[1] now (ms): '' for Redis TIME; honoured only where the hash has the field `testserver`
-- ARGV[2] token: any text that no other caller uses
-- RETURNS 1 and when the pause before it ended (ms), or 0, the ms to wait, and why: held, pace or open
-- CALLED BY pennywren.observe.egress

local HOLD = 30000 -- a worker that died with the token in its hand had no longer to send and to wait than this
local call, key = redis.call, KEYS[1]
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[1] ~= '' and call('HEXISTS', key, 'testserver') == 1 then
  now = tonumber(ARGV[1])
end
local had = call('HMGET', key, 'heldUntil', 'next', 'circuit', 'openUntil')
local held_until, next_at, open_until = tonumber(had[1] or 0), tonumber(had[2] or 0), tonumber(had[4] or 0)
if held_until > now then
  return { 0, held_until - now, 'held' }
end
if had[3] == 'open' and open_until > now then
  return { 0, open_until - now, 'open' }
end
-- A hold that ran out: its request may have been answered just now.
next_at = math.max(next_at, held_until > 0 and held_until + 1000 or 0)
if next_at > now then
  return { 0, next_at - now, 'pace' }
end
call('HSET', key, 'holder', ARGV[2], 'heldUntil', now + HOLD, 'takenAt', now)
if had[3] == 'open' then
  call('HSET', key, 'circuit', 'probing')
end
return { 1, next_at }
