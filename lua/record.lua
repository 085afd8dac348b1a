-- record: a batch of looks was believed; do everything that follows, in one slot and one step.
--
-- For each offer of each look: compare with what is believed, append to the series (compactions follow by
-- themselves), keep low and high, append the change to the stream. For each look: end the lease, set when
-- the product is due again, remember its learned rate.
--
-- OFFER:crawled is what a crawl saw last, kept only while what is believed came from elsewhere ("" no offer, - never).
-- A crawl's change is told against it, and its confirmation of what only others had said is a change, too: an alert
-- follows crawls alone, so no crossing may hide in what a report recorded first.
--
-- A product without a hash is cold, or becomes it now, unless somebody watches or views it: then it gets its hash and
-- its series. Our own looks at a cold product are stamped with the second.
--
-- WITH cold
-- KEYS[1] {n}:frontier  KEYS[2] {n}:leases  KEYS[3] {n}:changes  KEYS[4] {n}:testserver  KEYS[5] {n}:cold
-- KEYS[6] {n}:places  KEYS[7] {n}:warm
-- KEYS[8…] for each look: its product hash, then for each of its offers: raw series, state series; then its proof
--   hash, where a provenance is given
-- ARGV[1] now (ms): '' for Redis TIME; honoured only where KEYS[4] exists
-- ARGV[2] gap (ms): a longer silence becomes a span that was not observed
-- ARGV[3] how many looks: at most 1,000
-- ARGV[4] the looks, as one flat array in msgpack (a third of the cost of an argument each; an array for each look
--   would cost as much again), nil where there is none. For each look:
--   product, currency, at (ms; nil for now), source, lease, due if the same, due if changed (ms; nil leaves it),
--   rate if the same, rate if changed, availability (nil leaves them), provenance (nil: one crawl saw it),
--   number of offers, offer, price (minor units; nil for no offer), offer, price, …
-- RETURNS a flat list; for each look: one outcome for each offer, then the number of changes so far, then the time
--   outcomes: 0 confirmed, 1 first, 2 changed, 3 out, 4 back, 5 a crawl saw what only others had; nothing was written
--   for: -1 lease lost, -2 not newer, -3 duplicate, -4 future, -5 out of bounds, -6 other currency
-- CALLED BY pennywren.record.recording

local DAY, AHEAD, MIN_PRICE, MAX_PRICE, PROOFS = 86400000, 60000, 1, 10000000000, 256
local NO_OFFER, OFFERED, NOT_OBSERVED = 0, 1, 2
local KINDS, STATE, NO_MORE = { 'first', 'price', 'out', 'back', 'price', 'state' }, 6, {}
local call = redis.call
local frontier, leases, changes = KEYS[1], KEYS[2], KEYS[3]

local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[1] ~= '' and call('EXISTS', KEYS[4]) == 1 then
  now = tonumber(ARGV[1])
end
local gap = tonumber(ARGV[2])

-- The names of an offer's fields, spelled once a run: joining strings is half of what a confirmed look costs.
local names = setmetatable({}, {
  __index = function(known, offer)
    local of = {}
    for field in string.gmatch('price state states since lastSeen first low lowAt high highAt crawled', '%a+') do
      of[field] = offer .. ':' .. field
    end
    known[offer] = of
    return of
  end,
})

local function create(series, chunk)
  call('TS.CREATE', series, 'CHUNK_SIZE', chunk, 'DUPLICATE_POLICY', 'LAST')
end

-- The tier of products without a hash; most runs have none.
local tier
local function open_cold(product)
  tier = tier or cold_tier(KEYS[5], KEYS[6])
  local entry = tier.open(product)
  if not entry then
    return nil -- its id cannot be packed
  elseif (entry.content or '') == '' and call('ZSCORE', KEYS[7], product) then
    if entry.place then
      call('ZADD', frontier, entry.place, product)
    end
    tier.remove(entry) -- a new product that somebody waits for
    return nil
  end
  entry.facts = entry.content and entry.content ~= '' and tier.facts(entry) or tier.begin(entry)
  return entry
end

-- Fields of a product: of its hash, or of what is packed.
local function fields_of(hash, cold, ...)
  if not cold then
    return call('HMGET', hash, ...)
  end
  local found = {}
  for i = 1, select('#', ...) do
    found[i] = cold.facts[select(i, ...)] or false
  end
  return found
end

-- Whole days since a price at or below this one was last there; since we began, where there was none.
local function lowest_for_days(cold, raw, offer, at, price, last, known)
  local first, low, since = tonumber(known[1]), tonumber(known[2]), tonumber(known[4])
  if price < low then
    since = first
  elseif price < last and cold then
    since = tier.last_at_most(cold, offer, price)
  elseif price < last then
    since = call('TS.REVRANGE', raw, '-', '+', 'FILTER_BY_VALUE', 0, price, 'COUNT', 1)[1][1]
  end
  return math.floor((at - since) / DAY)
end

-- What is to be written into one product's hash; one table for all looks, as making one for each is dear.
local fields, filled = {}, 0
local function set(name, value)
  if value then
    fields[filled + 1], fields[filled + 2] = name, value
    filled = filled + 2
  end
end

-- Two samples a change make time-weighted averages exact for prices that hold until they change.
local function append_price(cold, raw, offer, at, price, last, name, known)
  local low, high = tonumber(known[2]), tonumber(known[3])
  if cold then
    tier.add(cold, offer, nil, price, at)
    return
  elseif last then
    call('TS.MADD', raw, at - 1, last, raw, at, price)
  else
    create(raw, 128)
    call('TS.ADD', raw, at, price)
    set(name.first, at)
  end
  if not low or price < low then
    set(name.low, price)
    set(name.lowAt, at)
  end
  if not high or price > high then
    set(name.high, price)
    set(name.highAt, at)
  end
end

local function append_state(cold, hash, series, name, offer, at, state, unseen_from)
  if cold then
    if unseen_from then
      tier.add(cold, offer, NOT_OBSERVED, nil, unseen_from)
    end
    tier.add(cold, offer, state, nil, at)
    return
  elseif call('HEXISTS', hash, name.states) == 0 then
    create(series, 64)
    set(name.states, 1)
  end
  if unseen_from then
    call('TS.MADD', series, unseen_from, NOT_OBSERVED, series, at, state)
  else
    call('TS.ADD', series, at, state)
  end
end

local function announce(product, currency, source, offer, version, outcome, old, price, at, new_low, days, more)
  call('XADD', changes, '*', 'product', product, 'offer', offer, 'kind', KINDS[outcome], 'old', old, 'new', price,
    'currency', currency, 'at', at, 'version', version, 'newLow', new_low and 1 or 0, 'lowestForDays', days,
    'source', source, unpack(more or NO_MORE))
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
local function move(of, hash, cold, raw, name, offer, price, at, last, absent)
  if not price then
    if last then
      announce(of.product, of.currency, of.source, offer, of.version, 3, last, '', at, false, 0)
    end
    return 3
  end
  local known = fields_of(hash, cold, name.first, name.low, name.high, name.since)
  local days = last and (absent or price < last) and lowest_for_days(cold, raw, offer, at, price, last, known) or 0
  local new_low = not last or price < tonumber(known[2])
  if price ~= last then
    append_price(cold, raw, offer, at, price, last, name, known)
  end
  local outcome = not last and 1 or absent and 4 or 2
  local old = outcome == 2 and of.old or ''
  announce(of.product, of.currency, of.source, offer, of.version, outcome, old, price, at, new_low, days)
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

local looks = cmsgpack.unpack(ARGV[4])
local at_key, at_look, replies, said = 8, 0, {}, 0
-- The frontier hears of all looks at once, at the end: a call for each would cost as much as reading a product.
local moved, ended, back, is_back = {}, {}, {}, {}

for _ = 1, tonumber(ARGV[3]) do
  local product, currency, stamp, lease = looks[at_look + 1], looks[at_look + 2], looks[at_look + 3], looks[at_look + 5]
  local provenance, count = looks[at_look + 11], looks[at_look + 12]
  local hash, cold = KEYS[at_key], nil
  local changed, looked_at = 0, stamp or now

  -- Most looks are of one offer: its fields come along with the product's own.
  local name = names[looks[at_look + 13]]
  local had = call('HMGET', hash, 'version', 'currency', name.price, name.state, name.lastSeen, 'changes',
    name.crawled)
  if not had[1] then
    cold = open_cold(product)
    had = fields_of(hash, cold, 'version', 'currency', name.price, name.state, name.lastSeen, 'changes', name.crawled)
  end
  local version, believed_currency = (tonumber(had[1]) or 0) + 1, had[2]
  local last, state, last_seen, total = tonumber(had[3]), tonumber(had[4]), tonumber(had[5]), tonumber(had[6]) or 0
  local crawled, source = had[7], looks[at_look + 4]
  local refused
  if lease and (lease <= now or is_back[product] or tonumber(call('ZSCORE', leases, product) or 0) ~= lease) then
    refused = -1
  elseif believed_currency and believed_currency ~= currency then
    refused = -6
  end

  for i = 1, count do
    local offer, price = looks[at_look + 11 + 2 * i], looks[at_look + 12 + 2 * i]
    if i > 1 then
      name = names[offer]
      had = fields_of(hash, cold, name.price, name.state, name.lastSeen, name.crawled)
      last, state, last_seen, crawled = tonumber(had[1]), tonumber(had[2]), tonumber(had[3]), had[4]
    end
    local at = stamp or cold and now - now % 1000 or now
    if not stamp and last_seen and at <= last_seen then
      at = last_seen + 1 -- our own looks are never refused for a reporter's clock
    end
    local outcome = refused or refusal(price, stamp, at, last, state, last_seen)
    if not outcome then
      local seen, absent = price and OFFERED or NO_OFFER, state == NO_OFFER
      local unseen_from = last_seen and at - last_seen > gap and last_seen + 1 or nil
      outcome = 0
      if unseen_from or not state and not price then
        announce(product, currency, source, offer, version, STATE, last or '', price or '', at, false, 0,
          unseen_from and { 'unseenFrom', unseen_from })
      end
      -- A hash is searched from its start, so what each look reads is written first.
      if filled == 0 then
        set('version', version)
        if not believed_currency then
          set('currency', currency)
          set('tier', not cold and 'raw')
        end
      end
      local old = last
      if crawled and source == 'crawl' then
        old = crawled == '-' and '' or crawled
      end
      if price ~= last and price or seen ~= state then
        set(name.price, price)
        set(name.state, seen)
        set(name.lastSeen, at)
        set(name.since, at)
        local of = { product = product, currency = currency, source = source, version = version, old = old }
        outcome = move(of, hash, cold, KEYS[at_key + 2 * i - 1], name, offer, price, at, last, absent)
        changed = changed + ((last or price) and 1 or 0)
        if source ~= 'crawl' and not crawled then
          set(name.crawled, state and (absent and '' or last) or '-')
        end
      else
        if crawled and source == 'crawl' and price and crawled ~= tostring(price) then
          outcome = 5
          announce(product, currency, source, offer, version, outcome, old, price, at, false, 0)
        end
        set(name.lastSeen, at)
      end
      if crawled and source == 'crawl' and cold then
        cold.facts[name.crawled] = nil
      elseif crawled and source == 'crawl' then
        call('HDEL', hash, name.crawled)
      end
      -- Before its first state an offer counts as offered from its first price on.
      if unseen_from or (state and state ~= seen) or (not state and not price) then
        append_state(cold, hash, KEYS[at_key + 2 * i], name, offer, at, seen, unseen_from)
      end
      looked_at = at
      if provenance and (outcome > 0 or unseen_from) then
        prove(KEYS[at_key + 1 + 2 * count], offer, at, provenance)
      end
    end
    said = said + 1
    replies[said] = outcome
  end

  total = total + changed
  if filled > 0 then
    set('changes', changed > 0 and total)
    set('rate', looks[at_look + (changed > 0 and 9 or 8)])
    set('availability', looks[at_look + 10])
    if not cold then
      call('HSET', hash, unpack(fields, 1, filled))
    end
  end
  local due = looks[at_look + (changed > 0 and 7 or 6)]
  if cold then
    local place = cold.place
    if lease and refused ~= -1 then
      ended[#ended + 1] = product
      is_back[product] = true
      place = due or now
    elseif due and not lease and place then
      place = due
    elseif due and not lease then
      moved[#moved + 1], moved[#moved + 2] = due, product
    end
    for i = 1, filled, 2 do
      cold.facts[fields[i]] = fields[i + 1]
    end
    if filled > 0 or place ~= cold.place then
      tier.keep(cold, place, filled > 0 and tier.content(cold, cold.facts) or cold.content or '')
    end
  elseif lease and refused ~= -1 then
    ended[#ended + 1] = product
    is_back[product] = true
    back[#back + 1], back[#back + 2] = due or now, product
  elseif due and not lease then
    local list = is_back[product] and back or moved
    list[#list + 1], list[#list + 2] = due, product
  end
  filled = 0
  replies[said + 1] = total
  replies[said + 2] = looked_at
  said = said + 2
  at_key = at_key + 1 + 2 * count + (provenance and 1 or 0)
  at_look = at_look + 12 + 2 * count
end

if moved[1] then
  call('ZADD', frontier, 'XX', unpack(moved))
end
if ended[1] then
  call('ZREM', leases, unpack(ended))
end
if back[1] then
  call('ZADD', frontier, unpack(back))
end
return replies
