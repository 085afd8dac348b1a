-- signal: an untrusted report makes a product look older than it is, and so due at another time.
--
-- WITH product
-- WITH cold
-- KEYS[1] {n}:product:ID  KEYS[2] {n}:frontier  KEYS[3] {n}:cold  KEYS[4] {n}:places
-- ARGV[1] product  ARGV[2] what was learned when the report was weighed ('' for nothing)  ARGV[3] what to keep instead
-- ARGV[4] when it is due now (a score)
-- RETURNS 1, or 0 where somebody looked in between: then the report has nothing left to say
-- CALLED BY pennywren.frontier.signals

local value = redis.call('GET', KEYS[1])
if not value then
  local tier = cold_tier(KEYS[3], KEYS[4])
  local entry = tier.open(ARGV[1])
  local facts = tier.known(entry)
  if not facts or (facts.rate or '') ~= ARGV[2] then
    return 0
  end
  facts.rate = ARGV[3]
  tier.keep(entry, entry.place and tonumber(ARGV[4]), tier.content(entry, facts))
  redis.call('ZADD', KEYS[2], 'XX', ARGV[4], ARGV[1])
  return 1
end
local facts = product_state.read(value)
if (facts.rate or '') ~= ARGV[2] then
  return 0
end
facts.rate = ARGV[3]
redis.call('SET', KEYS[1], product_state.write(facts))
redis.call('ZADD', KEYS[2], 'XX', ARGV[4], ARGV[1])
return 1
