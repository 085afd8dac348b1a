-- record: a batch of looks was believed; do everything that follows, in one slot and one step.
--
-- For each offer of each look: compare with what is believed, append to the series (compactions follow by
-- themselves), keep low and high, append the change to the stream. For each look: end the lease, set when
-- the product is due again, remember its learned rate.
--
-- KEYS[1] {n}:frontier  KEYS[2] {n}:leases  KEYS[3] {n}:changes  KEYS[4] {n}:testserver
-- KEYS[5…] for each look: its product hash, then for each of its offers: raw series, state series
-- ARGV[1] now (ms): '' for Redis TIME; honoured only where KEYS[4] exists
-- ARGV[2] gap (ms): a longer silence becomes a span that was not observed
-- ARGV[3] the looks, as msgpack (a third of the cost of an argument each), nil where there is none:
--   { product, currency, at (ms; nil for now), source, lease, due if the same, due if changed (ms; nil leaves
--   it), rate if the same, rate if changed, availability (nil leaves them), { offer, price (minor units; nil for
--   no offer), offer, price, … }, number of offers }
-- RETURNS a list for each look: one outcome for each offer, then the number of changes so far, then the time
--   outcomes: 0 confirmed, 1 first, 2 changed, 3 out, 4 back, and nothing was written for: -1 lease lost,
--   -2 not newer, -3 duplicate, -4 future, -5 out of bounds, -6 other currency
-- CALLED BY pennywren.record.recording

local DAY, AHEAD, MIN_PRICE, MAX_PRICE = 86400000, 60000, 1, 10000000000
local NO_OFFER, OFFERED, NOT_OBSERVED = 0, 1, 2
local KINDS = { 'first', 'price', 'out', 'back' }
local call = redis.call
local frontier, leases, changes = KEYS[1], KEYS[2], KEYS[3]

local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[1] ~= '' and call('EXISTS', KEYS[4]) == 1 then
  now = tonumber(ARGV[1])
end
local gap = tonumber(ARGV[2])

-- The names of an offer's fields, spelled once a run: joining strings is half of what a confirmed look costs.
local names = {}
for _, offer in ipairs({ 'buybox', 'amazon', 'new', 'used' }) do
  local of = {}
  for field in string.gmatch('price state states since lastSeen first low lowAt high highAt', '%a+') do
    of[field] = offer .. ':' .. field
  end
  names[offer] = of
end

local function create(series, chunk)
  call('TS.CREATE', series, 'CHUNK_SIZE', chunk, 'DUPLICATE_POLICY', 'LAST')
end

-- Whole days since a price at or below this one was last there; since we began, where there was none.
local function lowest_for_days(raw, at, price, last, known)
  local first, low, since = tonumber(known[1]), tonumber(known[2]), tonumber(known[4])
  if price < low then
    since = first
  elseif price < last then
    since = call('TS.REVRANGE', raw, '-', '+', 'FILTER_BY_VALUE', 0, price, 'COUNT', 1)[1][1]
  end
  return math.floor((at - since) / DAY)
end

local function add(fields, name, value)
  fields[#fields + 1] = name
  fields[#fields + 1] = value
end

-- Two samples a change make time-weighted averages exact for prices that hold until they change.
local function append_price(raw, at, price, last, name, fields, known)
  local low, high = tonumber(known[2]), tonumber(known[3])
  if last then
    call('TS.MADD', raw, at - 1, last, raw, at, price)
  else
    create(raw, 128)
    call('TS.ADD', raw, at, price)
    add(fields, name.first, at)
  end
  if not low or price < low then
    add(fields, name.low, price)
    add(fields, name.lowAt, at)
  end
  if not high or price > high then
    add(fields, name.high, price)
    add(fields, name.highAt, at)
  end
  add(fields, name.price, price)
end

local function append_state(series, exists, at, state, unseen_from)
  if not exists then
    create(series, 64)
  end
  if unseen_from then
    call('TS.MADD', series, unseen_from, NOT_OBSERVED, series, at, state)
  else
    call('TS.ADD', series, at, state)
  end
end

local key = 5
local replies = {}
for look_index, look in ipairs(cmsgpack.unpack(ARGV[3])) do
  local product, currency, stamp, source, lease = look[1], look[2], look[3], look[4], look[5]
  local seen_offers, count = look[11], look[12]
  local hash = KEYS[key]
  local reply, fields, changed = {}, {}, 0

  local function announce(kind, offer, old, new, at, at_version, new_low, days)
    call('XADD', changes, '*', 'product', product, 'offer', offer, 'kind', kind, 'old', old, 'new', new,
      'currency', currency, 'at', at, 'version', at_version, 'newLow', new_low and 1 or 0, 'lowestForDays', days,
      'source', source)
  end

  -- Most looks are of one offer: its fields come along with the product's own.
  local name_1 = names[seen_offers[1]]
  local head = call('HMGET', hash, 'version', 'currency', 'changes', name_1.price, name_1.state, name_1.lastSeen,
    name_1.states)
  local version, known_currency = tonumber(head[1] or 0), head[2]
  local first_had = { head[4], head[5], head[6], head[7] }
  local held = not lease or tonumber(call('ZSCORE', leases, product) or 0) == lease
  local looked_at = stamp or now

  for i = 0, count - 1 do
    local offer, price = seen_offers[2 * i + 1], seen_offers[2 * i + 2]
    local raw, states = KEYS[key + 1 + 2 * i], KEYS[key + 2 + 2 * i]
    local name = names[offer]
    local had = i > 0 and call('HMGET', hash, name.price, name.state, name.lastSeen, name.states) or first_had
    local last, state, last_seen = tonumber(had[1]), tonumber(had[2]), tonumber(had[3])
    local at = stamp or now
    if not stamp and last_seen and at <= last_seen then
      at = last_seen + 1 -- our own looks are never refused for a reporter's clock
    end

    local outcome
    if not held then
      outcome = -1
    elseif known_currency and known_currency ~= currency then
      outcome = -6
    elseif price and (price < MIN_PRICE or price > MAX_PRICE or price % 1 ~= 0) then
      outcome = -5
    elseif stamp and at > now + AHEAD then
      outcome = -4
    elseif last_seen and at == last_seen and ((state == OFFERED and price == last) or (state == NO_OFFER and not price))
    then
      outcome = -3
    elseif last_seen and at <= last_seen then
      outcome = -2
    else
      outcome = 0
      local unseen_from = last_seen and at - last_seen > gap and last_seen + 1 or nil
      local seen = price and OFFERED or NO_OFFER
      local absent = state == NO_OFFER
      if price and (price ~= last or absent) then
        local known = call('HMGET', hash, name.first, name.low, name.high, name.since)
        local days = last and (absent or price < last) and lowest_for_days(raw, at, price, last, known) or 0
        local new_low = not last or price < tonumber(known[2])
        if price ~= last then
          append_price(raw, at, price, last, name, fields, known)
        end
        outcome = not last and 1 or absent and 4 or 2
        announce(KINDS[outcome], offer, outcome == 2 and last or '', price, at, version + 1, new_low, days)
      elseif not price and not absent then
        outcome = 3
        if last then
          announce(KINDS[outcome], offer, last, '', at, version + 1, false, 0)
        end
      end
      if outcome ~= 0 and (last or price) then
        changed = changed + 1
      end
      -- Before its first state an offer counts as offered from its first price on.
      if unseen_from or (state and state ~= seen) or (not state and seen == NO_OFFER) then
        append_state(states, had[4], at, seen, unseen_from)
        if not had[4] then
          add(fields, name.states, 1)
        end
      end
      if outcome ~= 0 then
        add(fields, name.state, seen)
        add(fields, name.since, at)
      end
      add(fields, name.lastSeen, at)
      looked_at = at
    end
    reply[i + 1] = outcome
  end

  local total = tonumber(head[3] or 0) + changed
  if #fields > 0 then
    add(fields, 'version', version + 1)
    if not known_currency then
      add(fields, 'tier', 'raw')
      add(fields, 'currency', currency)
    end
    if changed > 0 then
      add(fields, 'changes', total)
    end
    local rate = changed > 0 and look[9] or look[8]
    if rate then
      add(fields, 'rate', rate)
    end
    if look[10] then
      add(fields, 'availability', look[10])
    end
    call('HSET', hash, unpack(fields))
  end
  local due = changed > 0 and look[7] or look[6]
  if lease then
    if held then
      call('ZREM', leases, product)
      call('ZADD', frontier, due or now, product)
    end
  elseif due then
    call('ZADD', frontier, 'XX', due, product)
  end
  reply[count + 1] = total
  reply[count + 2] = looked_at
  replies[look_index] = reply
  key = key + 1 + 2 * count
end
return replies
