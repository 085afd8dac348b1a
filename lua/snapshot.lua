-- snapshot: all that is recorded of one product, as it is in one moment; only reads.
--
-- WITH product
-- WITH cold
-- KEYS[1] product  KEYS[2] proof hash
-- KEYS[3…] for each offer: raw, state; then {n}:cold, {n}:places
-- ARGV[1] product
-- RETURNS what is believed of the product (flat: name, value, …), the fields of the proof hash, and for each
--   offer the samples of raw and of state; an empty list where the product was never recorded
-- CALLED BY pennywren.store.snapshots

local call = redis.call

-- As the series answer: [t1, value1, t2, value2, …] as a list of pairs.
local function samples_of(points)
  local samples = {}
  for i = 1, #points, 2 do
    samples[#samples + 1] = { points[i], tostring(points[i + 1]) }
  end
  return samples
end

local value = call('GET', KEYS[1])
if not value then
  local tier = cold_tier(KEYS[#KEYS - 1], KEYS[#KEYS])
  local entry = tier.open(ARGV[1])
  local facts = tier.known(entry)
  if not facts then
    return {}
  end
  local reply = { product_state.flat(facts), call('HGETALL', KEYS[2]) }
  for _, points in ipairs(tier.past(entry)) do
    reply[#reply + 1] = samples_of(points)
  end
  return reply
end
local facts = product_state.read(value)
local reply = { product_state.flat(facts), call('HGETALL', KEYS[2]) }
for i, offer in ipairs(product_state.OFFERS) do
  local states = (facts[offer] or {}).states
  for series = 2 * i + 1, 2 * i + 2 do
    reply[#reply + 1] = call('EXISTS', KEYS[series]) == 1 and call('TS.RANGE', KEYS[series], '-', '+') or {}
  end
  if type(states) == 'table' then
    reply[#reply] = samples_of(states)
  end
end
return reply
