-- believed: what is believed of a product, what was said of it, and what depends on what is claimed now; only reads.
--
-- The range of the last 90 days is asked of the series, and only for a claim that differs from what is believed. The
-- price that held into the span is in it, too. Where nothing changed in the span the range is that of all times.
--
-- WITH product
-- WITH cold
-- KEYS[1]  {n}:product:ID  KEYS[2]  {n}:hearsay:ID  KEYS[3]  {n}:held:ID  KEYS[4]  {n}:urgent  KEYS[5]  {n}:leases
--   KEYS[6…25]  {n}:SET:ID:OFFER, the five sets of watches of an offer (watch, rise, lows, stock, moves) before those
--   of the next  KEYS[26…29]  {n}:price:ID:OFFER:raw  KEYS[30]  {n}:cold  KEYS[31]  {n}:places
-- ARGV[1]  the claims, as msgpack: { offer number (1 to 4), offer, price (minor units; nil for no offer), … }: three
--   values each  ARGV[2]  how many there are  ARGV[3]  the product  ARGV[4]  where the 90 days begin (ms)
--   ARGV[5] ARGV[6]  the places in the set of stock of who waits for its end, and for its return
-- RETURNS  { currency, rate, hearsay, since when its page fails (ms), watches of the product, 1 if somebody looks at it
--   now or it waits in the urgent lane } (nil where there is none), then for each claim { price, state, lastSeen, low,
--   high, crawled, watches that the price would trigger } (of those for the lowest price in some days, those that it
--   may trigger)
-- CALLED BY pennywren.trust.believed

local call, pcall = redis.call, redis.pcall
local packed = call('GET', KEYS[1])
local facts, tier, entry = packed and product_state.read(packed) or {}, nil, nil
if not packed then
  tier = cold_tier(KEYS[30], KEYS[31])
  entry = tier.open(ARGV[3])
  facts = tier.known(entry)
  if not facts then
    facts, entry = {}, nil
  end
end
local function text(word)
  return type(word) == 'number' and string.format('%.0f', word) or word or false
end
local watches = 0
for i = 6, 25 do
  watches = watches + call('ZCARD', KEYS[i])
end
local on_its_way = (call('ZSCORE', KEYS[4], ARGV[3]) or call('ZSCORE', KEYS[5], ARGV[3])) and 1 or 0

local function number_in(sample)
  local value = sample[2]
  return tonumber(type(value) == 'table' and value.ok or value)
end

-- One bucket holds them all: it is longer than any history.
local function lately(series, aggregate, otherwise, beyond, nearer)
  local found = pcall('TS.RANGE', series, ARGV[4], '+', 'ALIGN', ARGV[4], 'AGGREGATION', aggregate, '9007199254740991')
  if not otherwise or found.err or #found == 0 then
    return otherwise
  end
  local value, held = number_in(found[1]), call('TS.REVRANGE', series, '-', ARGV[4], 'COUNT', 1)[1]
  value = held and nearer(value, number_in(held)) or value
  return string.format('%.0f', beyond(value, tonumber(otherwise)))
end

-- How many watches of an offer, whose sets begin at KEYS[first], a price instead of `old` would trigger, as
-- pennywren.model.rule says. `low` is the lowest of the 90 days.
local function told(first, price, old, low)
  local function count(set, from, to)
    return call('ZCOUNT', KEYS[first + set], from, to)
  end
  if price == old then
    return 0
  elseif not price then
    return count(3, ARGV[5], ARGV[5])
  end
  local new = string.format('%.0f', price)
  if not old then
    return count(0, new, '+inf') + count(1, '-inf', new) + count(3, ARGV[6], ARGV[6])
  end
  local move = math.abs(price - old)
  local moves = count(4, string.format('%.0f', -math.floor(move * 10000 / old)), string.format('%.0f', move))
  if price > old then
    return count(1, string.format('(%.0f', old), new) + moves
  end
  return count(0, new, string.format('(%.0f', old)) + count(2, '1', low and price >= low and '90' or '+inf') + moves
end

local reply = {
  { facts.currency or false, facts.rate or false, call('GET', KEYS[2]), call('HGET', KEYS[3], 'failing'), watches,
    on_its_way },
}
local claims = cmsgpack.unpack(ARGV[1])
for i = 1, tonumber(ARGV[2]) do
  local number, offer, price = claims[3 * i - 2], claims[3 * i - 1], claims[3 * i]
  local its, of = facts[offer] or {}, {}
  for k, name in ipairs({ 'price', 'state', 'lastSeen', 'low', 'high', 'crawled' }) do
    of[k] = text(its[name])
  end
  if entry and price and string.format('%.0f', price) ~= of[1] then
    local low, high = tier.range(entry, offer, tonumber(ARGV[4]))
    of[4] = low and string.format('%.0f', low) or of[4]
    of[5] = high and string.format('%.0f', high) or of[5]
  elseif price and string.format('%.0f', price) ~= of[1] then
    of[4] = lately(KEYS[25 + number], 'min', of[4], math.max, math.min)
    of[5] = lately(KEYS[25 + number], 'max', of[5], math.min, math.max)
  end
  local old = its.state == 1 and its.price or nil
  of[7] = watches > 0 and told(5 * number + 1, price, old, tonumber(of[4] or nil)) or 0
  reply[i + 1] = of
end
return reply
