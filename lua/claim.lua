-- claim: lease products of one marketplace in one partition to the worker that asks.
--
-- A lease is a member of {n}:leases whose score is the time at which it ends (ms). The score is its fencing
-- token: who finishes or records must name it, and no two leases of a product share it, because a new one is
-- only given after the old one ended. What was leased and never finished becomes due again here.
--
-- WITH cold
-- KEYS[1] {n}:frontier  KEYS[2] {n}:urgent  KEYS[3] {n}:leases  KEYS[4] {n}:testserver  KEYS[5] {n}:cold
-- KEYS[6] {n}:places
-- ARGV[1] now (ms): '' for Redis TIME; honoured only where KEYS[4] exists
-- ARGV[2] marketplace  ARGV[3] how many at most  ARGV[4] how many of them may come from the urgent lane first
-- ARGV[5] length of the lease (ms)  ARGV[6] how far ahead of its time a loose entry may be taken (ms)
-- ARGV[7] ARGV[8] ARGV[9] times from which on the frontier holds this marketplace firmly, loosely and on the floor (the
-- hints'), or 0  ARGV[10] how many may come from the floor before what is due  ARGV[11] how many loose ones whose time
-- has come may go before firm ones
-- Entries of the frontier with a firm time have it shifted below zero (see frontier/score.py). Those that are due go
-- first, but for the share of the loose ones, and none before its time; then come the loose ones in their order, and
-- what has no due time last: those of the floor, shifted above all times, by their last look.
-- RETURNS now, next firm time ('' if there is none), next loose, next urgent, next of the floor (likewise), then for
--   each product: product, end of the lease, due (ms; urgent: when it was asked; floor: the last look), lane
-- CALLED BY pennywren.frontier.claiming

local call = redis.call
local frontier, urgent, leases = KEYS[1], KEYS[2], KEYS[3]
local RETURNED, PAGE, SCANNED, SHIFT = 16, 16, 512, 4398046511104

local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[1] ~= '' and call('EXISTS', KEYS[4]) == 1 then
  now = tonumber(ARGV[1])
end
local prefix, want, urgent_first = ARGV[2] .. ':', tonumber(ARGV[3]), tonumber(ARGV[4])
local ends, horizon = now + tonumber(ARGV[5]), now + tonumber(ARGV[6])
local firm_from, loose_from, floor_from = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local floor_first, loose_first = tonumber(ARGV[10]), tonumber(ARGV[11])

local tier = cold_tier(KEYS[5], KEYS[6])
local LANES = { firm = 1, due = 2, floor = 3 }

local expired = call('ZRANGE', leases, '-inf', now, 'BYSCORE', 'LIMIT', 0, RETURNED, 'WITHSCORES')
for i = 1, #expired, 2 do
  call('ZREM', leases, expired[i])
  local entry, ended = tier.open(expired[i]), tonumber(expired[i + 1])
  if not tier.move(entry, math.min(ended, entry and entry.place or ended)) then
    call('ZADD', frontier, 'LT', expired[i + 1], expired[i])
  end
  loose_from = math.min(loose_from, tonumber(expired[i + 1]))
end

local reply = { now, '', '', '', '' }

-- Takes up to `count` members of the marketplace with times from `first` to `last`, of entries up to score `top`, which
-- are shifted by `shift`. Returns how many, and the time of the next one; where the scan was given up, a time that it
-- is not before.
local function take(lane, key, first, last, count, shift, top)
  local taken, following, scanned, page, stop = {}, nil, 0, PAGE, false
  while not stop do
    local found = call('ZRANGE', key, first - shift, top, 'BYSCORE', 'LIMIT', scanned, page, 'WITHSCORES')
    for i = 1, #found, 2 do
      local member, score = found[i], tonumber(found[i + 1]) + shift
      if string.sub(member, 1, #prefix) == prefix then
        local lease = call('ZSCORE', leases, member)
        if lease then -- asked for while somebody looks: a second look follows when that one is over
          following = math.min(following or math.huge, math.max(tonumber(lease), score))
        elseif #taken < count and score <= last then
          taken[#taken + 1] = { member, score }
        else
          following, stop = math.min(following or math.huge, score), true
          break
        end
      end
    end
    scanned = scanned + #found / 2
    if #found < 2 * page then
      stop = true
    elseif scanned >= SCANNED and not stop then
      following, stop = math.min(following or math.huge, tonumber(found[#found]) + shift), true
    end
    page = page * 2
  end
  -- Those that are packed come in between, in the same order.
  if LANES[lane] and ARGV[2] ~= '' then
    local latest = taken[count] and math.min(last, taken[count][2]) or last
    local packed, next = tier.first(ARGV[2], LANES[lane], first - shift, latest - shift, count)
    following = next and math.min(following or math.huge, next + shift) or following
    for _, each in ipairs(packed) do
      taken[#taken + 1] = { each[2], each[1] + shift, true }
    end
    table.sort(taken, function(a, b)
      return a[2] < b[2] or a[2] == b[2] and a[1] < b[1]
    end)
    for i = #taken, count + 1, -1 do
      following = math.min(following or math.huge, taken[i][2])
      taken[i] = nil
    end
  end
  for _, each in ipairs(taken) do
    local packed = (each[3] or lane == 'urgent') and tier.move(tier.open(each[1]), nil)
    if not packed then
      call('ZREM', frontier, each[1])
    end
    call('ZREM', urgent, each[1])
    call('ZADD', leases, ends, each[1])
    reply[#reply + 1] = each[1]
    reply[#reply + 1] = ends
    reply[#reply + 1] = each[2]
    reply[#reply + 1] = lane
  end
  return #taken, following or ''
end

local count, _
count, reply[4] = take('urgent', urgent, 0, math.huge, math.min(want, urgent_first), 0, '+inf')
want = want - count
count, reply[5] = take('floor', frontier, floor_from, math.huge, math.min(want, floor_first), -SHIFT, '+inf')
want = want - count
if loose_first > 0 then
  want = want - take('due', frontier, loose_from, now, math.min(want, loose_first), 0, '(' .. SHIFT)
end
count, reply[2] = take('firm', frontier, firm_from, now, want, SHIFT, '(0')
want = want - count
count, reply[3] = take('due', frontier, loose_from, horizon, want, 0, '(' .. SHIFT)
want = want - count
if want > 0 then
  count, reply[4] = take('urgent', urgent, 0, math.huge, want, 0, '+inf')
  want = want - count
end
if want > 0 and horizon > now then
  _, reply[5] = take('floor', frontier, floor_from, math.huge, want, -SHIFT, '+inf')
end

-- A lease that is never finished becomes due when it ends.
local running = call('ZRANGE', leases, 0, RETURNED - 1, 'WITHSCORES')
for i = 1, #running, 2 do
  if string.sub(running[i], 1, #prefix) == prefix then
    local ending = tonumber(running[i + 1])
    reply[3] = reply[3] == '' and ending or math.min(reply[3], ending)
    break
  end
end
return reply
