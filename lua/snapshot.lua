-- snapshot: all that is recorded of one product, as it is in one moment; only reads.
--
-- WITH product
-- WITH cold
-- KEYS[1] product  KEYS[2] proof hash
-- KEYS[3…] for each offer: raw, state; then {n}:cold, {n}:places
-- ARGV[1] how many offers  ARGV[2] product
-- RETURNS what is believed of the product (flat: name, value, …), the fields of the proof hash, and for each
--   offer the samples of raw and of state; an empty list where the product was never recorded
-- CALLED BY pennywren.store.snapshots

local call = redis.call
local value = call('GET', KEYS[1])
if not value then
  local tier = cold_tier(KEYS[#KEYS - 1], KEYS[#KEYS])
  local entry = tier.open(ARGV[2])
  local facts = tier.known(entry)
  if not facts then
    return {}
  end
  local reply = { product_state.flat(facts), call('HGETALL', KEYS[2]) }
  for _, points in ipairs(tier.past(entry)) do
    local samples = {}
    for i = 1, #points, 2 do
      samples[#samples + 1] = { points[i], tostring(points[i + 1]) }
    end
    reply[#reply + 1] = samples
  end
  return reply
end
local reply = { product_state.flat(product_state.read(value)), call('HGETALL', KEYS[2]) }
for i = 1, tonumber(ARGV[1]) do
  for series = 2 * i + 1, 2 * i + 2 do
    local samples = {}
    if call('EXISTS', KEYS[series]) == 1 then
      samples = call('TS.RANGE', KEYS[series], '-', '+')
    end
    reply[#reply + 1] = samples
  end
end
return reply
