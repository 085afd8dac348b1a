-- read_cold: what is known of a product without a hash, as if it had one, and its whole past; only reads.
--
-- It has one key: while a slot moves between nodes, a command with more of them has to wait until it has moved.
--
-- WITH cold
-- KEYS[1] {n}:cold
-- ARGV[1] product  ARGV[2] 1 to answer with the past as well
-- RETURNS nothing where it is not packed, or was never recorded; else the fields that its hash would have, flat, with
--   tier cold, and with ARGV[2] for each of the four offers its change points [t1, price1, …] and [t1, state1, …]
-- CALLED BY pennywren.store.cold

local tier = cold_tier(KEYS[1], nil)
local entry = tier.open(ARGV[1])
if not entry or (entry.content or '') == '' then
  return {}
end
local reply = { tier.flat(entry) }
if ARGV[2] == '1' then
  for _, points in ipairs(tier.past(entry)) do
    reply[#reply + 1] = points
  end
end
return reply
