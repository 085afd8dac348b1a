-- read_cold: what is known of a product without a hash, as if it had one, and its whole past; only reads.
--
-- WITH cold
-- KEYS[1] {n}:product:ID  KEYS[2] {n}:cold  KEYS[3] {n}:places
-- ARGV[1] product  ARGV[2] 1 to answer with the past as well
-- RETURNS the fields of its hash, flat, with tier cold; none where it was never recorded. With ARGV[2] then for each
--   of the four offers its change points [t1, price1, …] and [t1, state1, …]; they are missing where it has a hash by
--   now, whose own fields are answered: then its series must be read
-- CALLED BY pennywren.store.cold

if redis.call('EXISTS', KEYS[1]) == 1 then
  return { redis.call('HGETALL', KEYS[1]) }
end
local tier = cold_tier(KEYS[2], KEYS[3])
local entry = tier.open(ARGV[1])
if not entry or not entry.content or entry.content == '' then
  return { {}, {}, {}, {}, {}, {}, {}, {}, {} }
end
local reply = { tier.flat(entry) }
if ARGV[2] == '1' then
  for _, points in ipairs(tier.past(entry)) do
    reply[#reply + 1] = points
  end
end
return reply
