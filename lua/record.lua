-- record: a batch of looks was believed; do everything that follows, in one slot and one step.
--
-- For each offer of each look: compare with what is believed, append to the series (compactions follow by
-- themselves), keep low and high, append the change to the stream. For each look: end the lease, set when
-- the product is due again, remember its learned rate.
--
-- `crawled` is what a crawl saw of an offer last, kept only while what is believed came from elsewhere ("" no offer,
-- `-` never). A crawl's change is told against it, and its confirmation of what only others had said is a change, too:
-- an alert follows crawls alone, so no crossing may hide in what a report recorded first.
--
-- A product without a state is cold, or becomes it now, unless somebody watches or views it: then it gets its state and
-- its series. Our own looks at a cold product are stamped with the second.
--
-- The products are read by one command and written by one. The keys of series are spelled here, in the slot of all the
-- others: nine looks of ten touch none, and to take them in would cost each look as much as reading its product.
--
-- WITH series
-- WITH product
-- WITH cold
-- KEYS[1] {n}:frontier  KEYS[2] {n}:leases  KEYS[3] {n}:changes  KEYS[4] {n}:testserver  KEYS[5] {n}:cold
-- KEYS[6] {n}:places  KEYS[7] {n}:warm
-- KEYS[8…] the product of each look; then the proof hash of each look with a provenance
-- ARGV[1] now (ms): '' for Redis TIME; honoured only where KEYS[4] exists
-- ARGV[2] gap (ms): a longer silence becomes a span that was not observed
-- ARGV[3] how many looks: at most 1,000
-- ARGV[4] the looks, as one flat array in msgpack (a third of the cost of an argument each; an array for each look
--   would cost as much again), nil where there is none. For each look:
--   product, currency, at (ms; nil for now), source, lease, due if the same, due if changed (ms; nil leaves it),
--   rate if the same, rate if changed, availability (nil leaves them), provenance (nil: one crawl saw it),
--   number of offers, offer, price (minor units; nil for no offer), offer, price, …
-- ARGV[5] how the keys of the partition's series begin: PRODUCT:OFFER:raw, :state and :UNIT:AGGREGATE follow
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

-- The tier of products without a state of their own; most runs have none.
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
  entry.facts = tier.known(entry) or tier.begin(entry)
  return entry
end

-- Whole days since a price at or below this one was last there; since we began, where there was none.
local function lowest_for_days(look, cold, raw, offer, at, price, last, first, low, since)
  if price < low then
    since = first
  elseif price < last and cold then
    since = tier.last_at_most(cold, offer, price)
  elseif price < last then
    since = call('TS.REVRANGE', raw, '-', '+', 'FILTER_BY_VALUE', 0, price, 'COUNT', 1)[1][1]
    if not look.is_charted then
      since = call('TS.RANGE', raw, since + 1, '+', 'COUNT', 1)[1][1] - 1 -- it was there until the next came
    end
  end
  return math.floor((at - since) / DAY)
end

-- Two samples a change make the time-weighted averages of compactions exact for prices that hold until they change.
local function append_price(look, of, cold, raw, offer, at, price, last, low)
  if cold then
    tier.add(cold, offer, nil, price, at)
    return
  elseif last and look.is_charted then
    call('TS.MADD', raw, at - 1, last, raw, at, price)
  elseif last then
    call('TS.ADD', raw, at, price)
  else
    time_series.create(raw, 224) -- takes least of all sizes for 25 to 60 changes (decision 0016)
    if look.is_charted then
      time_series.compact(raw)
    end
    call('TS.ADD', raw, at, price)
    of.first = at
  end
  if not low or price < low then
    of.low, of.lowAt = price, at
  end
  if not of.high or price > of.high then
    of.high, of.highAt = price, at
  end
end

local function append_state(cold, of, series, offer, at, state, unseen_from)
  if cold then
    if unseen_from then
      tier.add(cold, offer, NOT_OBSERVED, nil, unseen_from)
    end
    tier.add(cold, offer, state, nil, at)
    return
  end
  local list = of.states ~= 1 and of.states or {}
  if unseen_from then
    list[#list + 1], list[#list + 2] = unseen_from, NOT_OBSERVED
  end
  list[#list + 1], list[#list + 2] = at, state
  if of.states ~= 1 and #list <= 2 * product_state.FEW then
    of.states = list
    return
  elseif of.states ~= 1 then
    time_series.create(series, 64)
    of.states = 1
  end
  for i = 1, #list, 2 do
    call('TS.ADD', series, list[i], list[i + 1])
  end
end

local function announce(look, offer, outcome, old, price, at, new_low, days, more)
  call('XADD', changes, '*', 'product', look.product, 'offer', offer, 'kind', KINDS[outcome], 'old', old, 'new', price,
    'currency', look.currency, 'at', at, 'version', look.version, 'newLow', new_low and 1 or 0, 'lowestForDays', days,
    'source', look.source, unpack(more or NO_MORE))
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

-- The price or the presence of an offer moved: append it and announce it, beside what was there before as `old`.
-- Returns the outcome.
local function move(look, of, cold, raw, offer, price, at, last, since, absent, old)
  if not price then
    if last then
      announce(look, offer, 3, last, '', at, false, 0)
    end
    return 3
  end
  local low, days = of.low, 0
  if last and (absent or price < last) then
    days = lowest_for_days(look, cold, raw, offer, at, price, last, of.first, low, since)
  end
  if price ~= last then
    append_price(look, of, cold, raw, offer, at, price, last, low)
  end
  local outcome = not last and 1 or absent and 4 or 2
  announce(look, offer, outcome, outcome == 2 and old or '', price, at, not last or price < low, days)
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

-- One offer of a look. `of` is what is known of it, and becomes what is known now. Returns the outcome; where something
-- is to be written also when it was, and by how many its changes have grown.
local function record_offer(look, of, cold, offer, price, refused)
  local last, state, last_seen, crawled, stamp = of.price, of.state, of.lastSeen, of.crawled, look.stamp
  local at = stamp or cold and now - now % 1000 or now
  if not stamp and last_seen and at <= last_seen then
    at = last_seen + 1 -- our own looks are never refused for a reporter's clock
  end
  local outcome = refused or refusal(price, stamp, at, last, state, last_seen)
  if outcome then
    return outcome
  end
  local is_crawl, seen, absent, grew = look.source == 'crawl', price and OFFERED or NO_OFFER, state == NO_OFFER, 0
  local unseen_from = last_seen and at - last_seen > gap and last_seen + 1 or nil
  local series = ARGV[5] .. look.product .. ':' .. offer
  outcome = 0
  if unseen_from or not state and not price then
    announce(look, offer, STATE, last or '', price or '', at, false, 0, unseen_from and { 'unseenFrom', unseen_from })
  end
  local old = last
  if crawled and is_crawl then
    old = crawled == '-' and '' or crawled
  end
  of.lastSeen = at
  if price ~= last and price or seen ~= state then
    local since = of.since
    of.price, of.state, of.since = price or of.price, seen, at
    outcome = move(look, of, cold, series .. ':raw', offer, price, at, last, since, absent, old)
    grew = (last or price) and 1 or 0
    if not is_crawl and not crawled then
      of.crawled = tostring(state and (absent and '' or last) or '-')
    end
  elseif crawled and is_crawl and price and crawled ~= tostring(price) then
    outcome = 5
    announce(look, offer, outcome, old, price, at, false, 0)
  end
  if crawled and is_crawl then
    of.crawled = nil
  end
  -- Before its first state an offer counts as offered from its first price on.
  if unseen_from or (state and state ~= seen) or (not state and not price) then
    append_state(cold, of, series .. ':state', offer, at, seen, unseen_from)
  end
  if look.provenance and (outcome > 0 or unseen_from) then
    prove(look.proof, offer, at, look.provenance)
  end
  return outcome, at, grew
end

local looks, count_of_looks = cmsgpack.unpack(ARGV[4]), tonumber(ARGV[3])
local replies, said = {}, 0
-- Products and the frontier are read and written for all looks at once: a call for each would cost as much again.
local states, latest, written, wrote = call('MGET', unpack(KEYS, 8, 7 + count_of_looks)), {}, {}, 0
local moved, ended, back, is_back = {}, {}, {}, {}

local function record_all()
  local at_look, proofs = 0, 0
  for number = 1, count_of_looks do
    local product, currency, stamp = looks[at_look + 1], looks[at_look + 2], looks[at_look + 3]
    local source, lease = looks[at_look + 4], looks[at_look + 5]
    local provenance, count = looks[at_look + 11], looks[at_look + 12]
    local key = KEYS[7 + number]
    local value, cold, new_value = latest[key] or states[number], nil, nil
    local changed, looked_at, total, refused = 0, stamp or now, 0, nil
    if lease and (lease <= now or is_back[product] or tonumber(call('ZSCORE', leases, product) or 0) ~= lease) then
      refused = -1
    end

    if value and count == 1 and not refused and looked_at <= now + AHEAD then
      new_value, total = product_state.confirm(value, currency, looks[at_look + 13], looks[at_look + 14], looked_at,
        gap, looks[at_look + 10], looks[at_look + 8])
    end
    if new_value then
      said = said + 1
      replies[said] = 0
    else
      local facts = value and product_state.read(value)
      if not facts then
        cold = open_cold(product)
        facts = cold and cold.facts or {}
      end
      local version, is_written = (facts.version or 0) + 1, false
      total = facts.changes or 0
      if not refused and facts.currency and facts.currency ~= currency then
        refused = -6
      end
      local look = { product = product, currency = currency, source = source, version = version, stamp = stamp,
        provenance = provenance, proof = KEYS[8 + count_of_looks + proofs], is_charted = facts.tier == 'charted' }
      for i = 1, count do
        local offer, price = looks[at_look + 11 + 2 * i], looks[at_look + 12 + 2 * i]
        local of = facts[offer] or {}
        local outcome, at, grew = record_offer(look, of, cold, offer, price, refused)
        if at then
          is_written = true
          facts.version, facts.currency, facts[offer] = version, currency, of
          changed, looked_at = changed + grew, at
        end
        said = said + 1
        replies[said] = outcome
      end

      total = total + changed
      if is_written then
        facts.changes = total > 0 and total or nil
        facts.rate = looks[at_look + (changed > 0 and 9 or 8)] or facts.rate
        facts.availability = looks[at_look + 10] or facts.availability
        if cold then
          cold.is_written = true
        else
          facts.tier = facts.tier or 'raw'
          new_value = product_state.write(facts)
        end
      end
    end
    if new_value then
      latest[key], written[wrote + 1], written[wrote + 2] = new_value, key, new_value
      wrote = wrote + 2
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
      if cold.is_written or place ~= cold.place then
        tier.keep(cold, place, cold.is_written and tier.content(cold, cold.facts) or cold.content or '')
      end
    elseif lease and refused ~= -1 then
      ended[#ended + 1] = product
      is_back[product] = true
      back[#back + 1], back[#back + 2] = due or now, product
    elseif due and not lease then
      local list = is_back[product] and back or moved
      list[#list + 1], list[#list + 2] = due, product
    end
    replies[said + 1] = total
    replies[said + 2] = looked_at
    said = said + 2
    proofs = proofs + (provenance and 1 or 0)
    at_look = at_look + 12 + 2 * count
  end
end

-- What was recorded before something went wrong counts: its series and the stream have it already.
local is_done, problem = pcall(record_all)
if wrote > 0 then
  call('MSET', unpack(written))
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
return is_done and replies or redis.error_reply(problem)
