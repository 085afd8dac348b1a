-- some_cold: some packed products of one partition that have a place in the frontier, by chance; only reads.
--
-- WITH cold
-- KEYS[1] {n}:cold  KEYS[2] {n}:places
-- ARGV[1] how many at most
-- RETURNS their names
-- CALLED BY pennywren.frontier.places

return cold_tier(KEYS[1], KEYS[2]).some(tonumber(ARGV[1]))
