-- list_cold: the packed products of one marketplace in some buckets of one partition; only reads.
--
-- WITH cold
-- KEYS[1] {n}:cold  KEYS[2] {n}:places
-- ARGV[1] marketplace  ARGV[2] the first bucket  ARGV[3] how many buckets
-- RETURNS how many buckets there are, then the names of those that were looked at
-- CALLED BY pennywren.store.cold

return cold_tier(KEYS[1], KEYS[2]).list(ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]))
