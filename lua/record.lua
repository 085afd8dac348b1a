-- record: a batch of looks was believed; do everything that follows, in one slot and one step.
--
-- For each offer of each look: compare with what is believed, append to the series (compactions follow by
-- themselves), keep low and high, append the change to the stream. For each look: end the lease, set when
-- the product is due again, remember its learned rate.
--
-- KEYS[1] {n}:frontier  KEYS[2] {n}:leases  KEYS[3] {n}:changes  KEYS[4] {n}:testserver
-- KEYS[5…] for each look: its product hash, then for each of its offers: raw series, state series; then its proof
--   hash, where a provenance is given
-- ARGV[1] now (ms): '' for Redis TIME; honoured only where KEYS[4] exists
-- ARGV[2] gap (ms): a longer silence becomes a span that was not observed
-- ARGV[3] the looks, as msgpack (a third of the cost of an argument each), nil where there is none:
--   { product, currency, at (ms; nil for now), source, lease, due if the same, due if changed (ms; nil leaves
--   it), rate if the same, rate if changed, availability (nil leaves them), { offer, price (minor units; nil for
--   no offer), offer, price, … }, number of offers, provenance (nil: one crawl saw it) }
-- RETURNS a list for each look: one outcome for each offer, then the number of changes so far, then the time
--   outcomes: 0 confirmed, 1 first, 2 changed, 3 out, 4 back, and nothing was written for: -1 lease lost,
--   -2 not newer, -3 duplicate, -4 future, -5 out of bounds, -6 other currency
-- CALLED BY pennywren.record.recording

local DAY, AHEAD, MIN_PRICE, MAX_PRICE, PROOFS = 86400000, 60000, 1, 10000000000, 256
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

local function announce(look, offer, version, outcome, old, price, at, new_low, days)
  call('XADD', changes, '*', 'product', look[1], 'offer', offer, 'kind', KINDS[outcome], 'old', old, 'new', price,
    'currency', look[2], 'at', at, 'version', version, 'newLow', new_low and 1 or 0, 'lowestForDays', days,
    'source', look[4])
end

-- Why this is not to be written; nil where it is.
local function refusal(price, stamp, at, last, state, last_seen)
  if price and (price < MIN_PRICE or price > MAX_PRICE or price % 1 ~= 0) then
    return -5
  elseif stamp and at > now + AHEAD then
    return -4
  elseif last_seen and at <= last_seen then
    local same = state == OFFERED and price == last or state == NO_OFFER and not price
    return at == last_seen and same and -3 or -2
  end
end

-- The price or the presence of an offer moved: append it and announce it. Returns the outcome.
local function move(look, hash, raw, name, fields, version, offer, price, at, last, absent)
  if not price then
    if last then
      announce(look, offer, version, 3, last, '', at, false, 0)
    end
    return 3
  end
  local known = call('HMGET', hash, name.first, name.low, name.high, name.since)
  local days = last and (absent or price < last) and lowest_for_days(raw, at, price, last, known) or 0
  local new_low = not last or price < tonumber(known[2])
  if price ~= last then
    append_price(raw, at, price, last, name, fields, known)
  end
  local outcome = not last and 1 or absent and 4 or 2
  announce(look, offer, version, outcome, outcome == 2 and last or '', price, at, new_low, days)
  return outcome
end

-- Where a change comes from, if not from one crawl. Of many, the oldest is forgotten, and that is said.
local function prove(proof, offer, at, provenance)
  call('HSET', proof, string.format('%s:%.0f', offer, at), provenance)
  if call('HLEN', proof) > PROOFS then
    local oldest, named = math.huge, nil
    for _, field in ipairs(call('HKEYS', proof)) do
      local of = tonumber(string.match(field, ':(%d+)$'))
      if of and of < oldest then
        oldest, named = of, field
      end
    end
    call('HDEL', proof, named)
    call('HSET', proof, 'forgotten', string.format('%.0f', oldest))
  end
end

local key = 5
local replies = {}
for look_index, look in ipairs(cmsgpack.unpack(ARGV[3])) do
  local product, stamp, lease, offers, count, provenance = look[1], look[3], look[5], look[11], look[12], look[13]
  local hash = KEYS[key]
  local reply, fields, changed, looked_at = {}, {}, 0, stamp or now

  -- Most looks are of one offer: its fields come along with the product's own.
  local name = names[offers[1]]
  local had = call('HMGET', hash, name.price, name.state, name.lastSeen, name.states, 'version', 'currency', 'changes')
  local version, currency, total = tonumber(had[5] or 0) + 1, had[6], tonumber(had[7] or 0)
  local refused
  if lease and (lease <= now or tonumber(call('ZSCORE', leases, product) or 0) ~= lease) then
    refused = -1
  elseif currency and currency ~= look[2] then
    refused = -6
  end

  for i = 1, count do
    local offer, price = offers[2 * i - 1], offers[2 * i]
    if i > 1 then
      name = names[offer]
      had = call('HMGET', hash, name.price, name.state, name.lastSeen, name.states)
    end
    local last, state, last_seen = tonumber(had[1]), tonumber(had[2]), tonumber(had[3])
    local at = stamp or now
    if not stamp and last_seen and at <= last_seen then
      at = last_seen + 1 -- our own looks are never refused for a reporter's clock
    end
    local outcome = refused or refusal(price, stamp, at, last, state, last_seen)
    if not outcome then
      local seen, absent = price and OFFERED or NO_OFFER, state == NO_OFFER
      local unseen_from = last_seen and at - last_seen > gap and last_seen + 1 or nil
      outcome = 0
      if price ~= last and price or seen ~= state then
        outcome = move(look, hash, KEYS[key + 2 * i - 1], name, fields, version, offer, price, at, last, absent)
        changed = changed + ((last or price) and 1 or 0)
        add(fields, name.state, seen)
        add(fields, name.since, at)
      end
      -- Before its first state an offer counts as offered from its first price on.
      if unseen_from or (state and state ~= seen) or (not state and not price) then
        append_state(KEYS[key + 2 * i], had[4], at, seen, unseen_from)
        if not had[4] then
          add(fields, name.states, 1)
        end
      end
      add(fields, name.lastSeen, at)
      looked_at = at
      if provenance and (outcome > 0 or unseen_from) then
        prove(KEYS[key + 1 + 2 * count], offer, at, provenance)
      end
    end
    reply[i] = outcome
  end

  total = total + changed
  if #fields > 0 then
    add(fields, 'version', version)
    if not currency then
      add(fields, 'tier', 'raw')
      add(fields, 'currency', look[2])
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
  if not lease then
    if due then
      call('ZADD', frontier, 'XX', due, product)
    end
  elseif refused ~= -1 then
    call('ZREM', leases, product)
    call('ZADD', frontier, due or now, product)
  end
  reply[count + 1] = total
  reply[count + 2] = looked_at
  replies[look_index] = reply
  key = key + 1 + 2 * count + (provenance and 1 or 0)
end
return replies
