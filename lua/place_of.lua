-- place_of: where a product is in the frontier, and whether anything is known of it; only reads.
--
-- WITH cold
-- KEYS[1] {n}:product:ID  KEYS[2] {n}:frontier  KEYS[3] {n}:leases  KEYS[4] {n}:cold  KEYS[5] {n}:places
-- ARGV[1] product
-- RETURNS its score ('' for none), and 1 where it is known, leased or packed, else 0
-- CALLED BY pennywren.frontier.places

local call = redis.call
local tier = cold_tier(KEYS[4], KEYS[5])
local score = call('ZSCORE', KEYS[2], ARGV[1])
local entry = tier.open(ARGV[1])
local known = score or entry and entry.i or call('EXISTS', KEYS[1]) == 1 or call('ZSCORE', KEYS[3], ARGV[1])
if not score and entry and entry.place then
  score = string.format('%.0f', entry.place)
end
return { score or '', known and 1 or 0 }
