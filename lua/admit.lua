-- admit: products of one partition enter the frontier, and where somebody waits for them the urgent lane.
--
-- What is known keeps its place: a product in the frontier keeps its due time, a leased one its lease. Of a full urgent
-- lane the last one gives way to what goes ahead of it; it stays in the frontier.
--
-- A product of which nothing is known begins cold: its place is packed.
--
-- WITH cold
-- KEYS[1] {n}:frontier  KEYS[2] {n}:urgent  KEYS[3] {n}:leases  KEYS[4] {n}:testserver  KEYS[5] {n}:cold
-- KEYS[6] {n}:places  KEYS[7…] each product
-- ARGV[1] now (ms): '' for Redis TIME; honoured only where KEYS[4] exists
-- ARGV[2] how many the urgent lane may hold
-- ARGV[3…] for each product: product, due (ms; '' for now, 'floor' for the floor, behind all others there), '' or how
--   far ahead of now (ms) to put it into the urgent lane as well
-- RETURNS now, then for each product: 1 if it was new here, and 1 in the urgent lane, 0 not asked for, -1 it is
--   full of what goes ahead
-- CALLED BY pennywren.frontier.admission

local call = redis.call
local frontier, urgent, leases = KEYS[1], KEYS[2], KEYS[3]
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[1] ~= '' and call('EXISTS', KEYS[4]) == 1 then
  now = tonumber(ARGV[1])
end
local tier = cold_tier(KEYS[5], KEYS[6])
local cap, SHIFT = tonumber(ARGV[2]), 4398046511104
local reply = { now }
for i = 3, #ARGV, 3 do
  local product, hurry = ARGV[i], tonumber(ARGV[i + 2])
  local due = ARGV[i + 1] == 'floor' and now + SHIFT or tonumber(ARGV[i + 1]) or now
  local new, lane = 0, 0
  if not call('ZSCORE', leases, product) then
    local entry = call('EXISTS', KEYS[6 + i / 3]) == 0 and tier.open(product)
    if not entry or call('ZSCORE', frontier, product) then
      new = call('ZADD', frontier, 'NX', due, product)
    elseif not entry.place then
      new = 1
      tier.keep(entry, due, entry.content or '')
    end
  end
  if hurry then
    if call('ZSCORE', urgent, product) then
      call('ZADD', urgent, 'LT', now - hurry, product)
      lane = 1
    elseif call('ZCARD', urgent) < cap then
      call('ZADD', urgent, now - hurry, product)
      lane = 1
    else
      local last = call('ZRANGE', urgent, -1, -1, 'WITHSCORES')
      lane = -1
      if last[2] and tonumber(last[2]) > now - hurry then
        call('ZREM', urgent, last[1])
        call('ZADD', urgent, now - hurry, product)
        lane = 1
      end
    end
  end
  reply[#reply + 1] = new
  reply[#reply + 1] = lane
end
return reply
