-- egress_done: the request of a token was answered, failed, or was never sent; sets the pace of the next one.
--
-- KEYS[1] {egress:NAME}:HOST
-- ARGV[1] now (ms): '' for Redis TIME; honoured only where the hash has the field `testserver`
-- ARGV[2] token
-- ARGV[3] what came: ok, refused (429, 503, a block page), failed (no answer, or an error), unused (never sent)
-- ARGV[4] ms that the shop asked us to wait (Retry-After), 0 for none
-- ARGV[5] the least pause that robots.txt asks for (ms), 0 for none
-- ARGV[6] how long ago the answer came (ms): the pause counts from there, not from when we had read it
-- ARGV[7] why it was refused or failed, in a few words; '' where it was neither
-- RETURNS 1, or 0 where this token is no longer held; when the next request may leave (ms); how long that is from now
-- CALLED BY pennywren.observe.egress

local PACE, SLOWEST = 1000, 64000
local TROUBLES, OPEN, OPEN_LONGEST = 5, 300000, 3600000
local call, key = redis.call, KEYS[1]
local time = call('TIME')
local now = time[1] * 1000 + math.ceil(time[2] / 1000) -- rounded up: a pause is never shorter than it says
if ARGV[1] ~= '' and call('HEXISTS', key, 'testserver') == 1 then
  now = tonumber(ARGV[1])
end
local came, asked, least = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local minute = math.floor(now / 60000)
local slot = 'm' .. minute % 60 -- requests of the last hour, by minute: minute * 1000 + how many (never over 60)
local had = call('HMGET', key, 'holder', 'interval', 'troubles', 'circuit', 'opened', 'next', slot)
local mine = had[1] == ARGV[2]
local interval, troubles, circuit = tonumber(had[2] or PACE), tonumber(had[3] or 0), had[4] or 'closed'
local opened = tonumber(had[5] or 0)
local open_until = now

if came == 'unused' then
  if mine then
    call('HDEL', key, 'holder', 'heldUntil')
    if circuit == 'probing' then
      call('HSET', key, 'circuit', 'open')
    end
  end
  local next_at = tonumber(had[6] or 0)
  return { mine and 1 or 0, next_at, math.max(0, next_at - now) }
end

if came == 'ok' then
  troubles, opened, circuit = 0, 0, 'closed'
  interval = math.max(PACE, math.floor(interval * 0.9))
else
  troubles = troubles + 1
  if came == 'refused' then
    interval = math.min(SLOWEST, interval * 2)
  end
  if troubles >= TROUBLES or circuit == 'probing' then
    opened = opened + 1
    circuit = 'open'
    open_until = now + math.min(OPEN_LONGEST, OPEN * 2 ^ (opened - 1))
  end
end
-- An answer that comes after its hold ran out still tells something, and still asks for a pause.
local next_at = math.max(tonumber(had[6] or 0), now - tonumber(ARGV[6]) + math.max(interval, least, asked, PACE))
call('HSET', key, 'next', next_at, 'interval', interval, 'troubles', troubles, 'circuit', circuit,
  'opened', opened, 'lastCame', came, 'lastAt', now)
if circuit == 'open' and open_until > now then
  call('HSET', key, 'openUntil', open_until)
end
call('HINCRBY', key, came, 1)
call('HSET', key, slot, math.max(tonumber(had[7] or 0), minute * 1000) + 1)
if came ~= 'ok' then
  call('HSET', key, 'why', ARGV[7], 'whyAt', now)
end
if asked > 0 then
  call('HSET', key, 'askedUntil', now + asked)
end
if mine then
  call('HDEL', key, 'holder', 'heldUntil')
end
return { mine and 1 or 0, next_at, math.max(0, next_at - now) }
