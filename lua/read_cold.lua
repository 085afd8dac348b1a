-- read_cold: what is known of a product that is packed, and its whole past; only reads.
--
-- It has one key: while a slot moves between nodes, a command with more of them has to wait until it has moved.
--
-- WITH product
-- WITH cold
-- KEYS[1] {n}:cold
-- ARGV[1] product  ARGV[2] 1 to answer with the past as well
-- RETURNS nothing where it is not packed, or was never recorded; else what is believed of it, flat, with tier
--   cold, and with ARGV[2] for each of the four offers its change points [t1, price1, …] and [t1, state1, …]
-- CALLED BY pennywren.store.cold

local tier = cold_tier(KEYS[1], nil)
local entry = tier.open(ARGV[1])
local facts = tier.known(entry)
if not facts then
  return {}
end
local reply = { product_state.flat(facts) }
if ARGV[2] == '1' then
  for _, points in ipairs(tier.past(entry)) do
    reply[#reply + 1] = points
  end
end
return reply
